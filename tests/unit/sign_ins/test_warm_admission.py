"""The warm pool and admission: a warm machine is nobody's way past the rules, and stands in nobody's."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from golden_doubles import NEXT
from lab import Lab
from waiting import until

from vestibule.core.admission import LackKind
from vestibule.core.errors import Unavailable
from vestibule.core.ids import SessionId
from vestibule.core.machines import DriverName
from vestibule.core.sessions import SessionStatus as S
from vestibule.services import admission, warm_pool
from vestibule.services.warm_starts import Claim

from .test_warm_pool import running

pytestmark = pytest.mark.anyio
OpenLab = Callable[..., AbstractAsyncContextManager[Lab]]
OTHER = SessionId("s-of-another-driver")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_pool, "SETTLE_S", 0)
    monkeypatch.setattr(warm_pool, "CALM_S", 0)
    monkeypatch.setattr(warm_pool, "LOOK_S", 0.02)
    monkeypatch.setattr(admission, "LOOK_S", 0.02)


async def _fill(lab: Lab, size: int) -> None:
    """And leave it to itself: nothing is warmed or sorted out from then on."""
    async with running(lab):
        await until(lambda: lab.machines.warm_pool.ready == size)


def _take_memory(lab: Lab) -> None:
    lab.host.room = dataclasses.replace(lab.host.room, available_mib=0)


async def test_who_has_all_they_may_have_gets_no_warm_one_either(new_lab: OpenLab) -> None:
    async with new_lab(limits={"warm_machines": 2, "max_machines_per_user": 1}) as lab:
        await _fill(lab, 2)
        await lab.machines.start(lab.bob.user_id, driver=None)
        with pytest.raises(Unavailable, match="host_saturated") as refused:
            await lab.machines.start(lab.bob.user_id, driver=None)
        assert "max_machines_per_user" in refused.value.cause
        assert lab.machines.warm_pool.ready == 1


async def test_a_warm_machine_that_a_turn_was_given_for_is_nobody_else_s(
    new_lab: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with new_lab(limits={"warm_machines": 1}) as lab:
        await _fill(lab, 1)
        _take_memory(lab)
        pool, asked, go_on = lab.machines.warm_pool, asyncio.Event(), asyncio.Event()
        serving = pool._serving

        async def held(driver: Any) -> Any:
            asked.set()
            await go_on.wait()
            return await serving(driver)

        monkeypatch.setattr(pool, "_serving", held)
        record = await lab.connect()
        await asked.wait()
        monkeypatch.setattr(pool, "_serving", serving)
        with pytest.raises(Unavailable, match="of memory available"):
            await lab.machines.start(lab.bob.user_id, driver=None)
        lab.machines.admission.rejoin(OTHER, lab.bob.user_id, DriverName.QEMU, waited_s=0)
        await until(lambda: lab.machines.admission.wants_memory)
        await pool._sort_out()
        lab.machines.admission.leave(OTHER)
        go_on.set()
        reached = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
        assert [reached.vm_id] == list(lab.driver.machines)


async def test_who_finds_one_warm_waits_for_no_memory(new_lab: OpenLab) -> None:
    async with new_lab(limits={"warm_machines": 1}) as lab:
        await _fill(lab, 1)
        _take_memory(lab)
        record = await lab.connect()
        reached = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
        assert [reached.vm_id] == list(lab.driver.machines)


async def test_a_warm_machine_that_cannot_be_claimed_makes_no_room(new_lab: OpenLab) -> None:
    async with new_lab(limits={"warm_machines": 1}) as lab:
        await _fill(lab, 1)
        lab.goldens.add(NEXT)
        lab.works.prepared.add((NEXT, DriverName.FAKE))
        lab.context.promotions.promote(NEXT, why="a test does")
        plenty = lab.host.room
        _take_memory(lab)
        record = await lab.connect()
        await until(lambda: lab.sign_ins.place(record.session_id) is not None)
        place = lab.sign_ins.place(record.session_id)
        assert place is not None
        assert place.lack.kind is LackKind.MEMORY
        assert len(lab.driver.machines) == 1
        lab.host.room = plenty
        reached = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
        assert reached.golden_id == NEXT


async def test_one_that_does_not_wake_up_leaves_its_user_in_the_line(new_lab: OpenLab) -> None:
    async with new_lab(limits={"warm_machines": 1}) as lab:
        claims: list[Claim] = []
        await _fill(lab, 1)
        lab.machines.warm_starts.on_claim = claims.append
        control: Any = lab.machine().control
        control._script = dataclasses.replace(control._script, silent=True)
        plenty = lab.host.room
        _take_memory(lab)
        record = await lab.connect()
        await until(lambda: lab.sign_ins.place(record.session_id) is not None)
        assert claims == [Claim.FAILED]
        lab.host.room = plenty
        await lab.reach(record.session_id, S.AWAITING_USER_AUTH)


async def test_warm_machines_end_while_somebody_waits_for_memory(new_lab: OpenLab) -> None:
    async with new_lab(limits={"warm_machines": 2}) as lab, running(lab):
        await until(lambda: lab.machines.warm_pool.ready == 2)
        _take_memory(lab)
        lab.machines.admission.rejoin(OTHER, lab.bob.user_id, DriverName.QEMU, waited_s=0)
        await until(lambda: all(machine.ended for machine in lab.driver.machines.values()))
        lab.machines.admission.leave(OTHER)


async def test_nobody_waits_for_a_machine_that_is_being_warmed(
    new_lab: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_pool, "SETTLE_S", 3600)
    async with new_lab(limits={"warm_machines": 1, "max_starts": 1}) as lab, running(lab):
        await lab.driver.started.wait()
        record = await lab.connect()
        await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
        assert lab.machines.warm_pool.ready == 0
