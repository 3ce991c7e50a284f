"""Failures of machines that a test has started itself, explained as a controller does."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from golden_doubles import Kept

from vestibule.core import diagnosis
from vestibule.core.ids import UserId
from vestibule.core.machines import DriverName, Isolation, MachineRecord, MachineStatus, MachineType
from vestibule.core.sessions import Failure
from vestibule.drivers.guest import HttpGuest
from vestibule.drivers.net.client import BrokerNetwork
from vestibule.drivers.pressure import read_pressure
from vestibule.drivers.rfb import rfb_desktop
from vestibule.drivers.run_folders import DiskRunFolders
from vestibule.services.evidence import Evidence
from vestibule.services.explanations import Explanations
from vestibule.services.introductions import Live
from vestibule.services.ports import Machine, MachineRequest


def _record(request: MachineRequest, driver: DriverName) -> MachineRecord:
    return MachineRecord(
        vm_id=request.vm_id,
        user_id=UserId("u-0000000000000001"),
        session_id=None,
        type=MachineType.BROWSER,
        driver=driver,
        isolation=Isolation.VM if driver is DriverName.QEMU else Isolation.CONTAINER,
        status=MachineStatus.RUNNING,
        vm_ip=request.address,
        golden_id=request.golden_id,
        agent_build=None,
        host="test",
        pid=None,
        pid_started=None,
        error_code=None,
        error_cause=None,
        created_at=dt.datetime.now(dt.UTC),
        running_at=None,
        ended_at=None,
    )


async def explain(
    error: BaseException,
    machine: Machine,
    request: MachineRequest,
    *,
    driver: DriverName,
    network: BrokerNetwork,
    token: str | None = None,
) -> Failure:
    """``request.run_dir`` lies in a folder ``machines``; ``token``: of an agent that has answered."""
    state: Path = request.run_dir.parent.parent
    began = read_pressure()
    evidence = Evidence(
        folders=DiskRunFolders(run_dir=state, evidence_dir=state / "evidence", owner=None),
        memory=network.memory,
        pressure=read_pressure,
        open_desktop=rfb_desktop,
    )
    live = Live(
        record=_record(request, driver),
        machine=machine,
        agent_build="",
        agent_files={},
        hold=Kept(request.golden_id),
        witness=HttpGuest(machine.connect, token) if token else None,
        token=token or "",
    )
    return await Explanations(evidence, lambda _vm_id: began).explain(diagnosis.failure_of(error), live)
