"""However a controller ends, nothing of its machines is left on the host."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from controller import Controller, running
from following import follow, start
from footprint import Footprint, footprint, groups_of, inhabited
from waiting import until

from vestibule.drivers.net.cgroups import Cgroups, Kind

pytestmark = [pytest.mark.golden, pytest.mark.usefixtures("golden")]

MACHINES_END_S = 20.0
LIMITED = Cgroups.detect().report().kind is not Kind.NONE
"""Whether this user may make control groups: see doctor."""


def _two_machines(client: httpx.Client) -> tuple[str, dict[str, Any]]:
    """A machine without a sign-in, and a session whose machine is confirmed."""
    machine = client.post("/api/vms", json={})
    assert machine.status_code == 201, machine.text
    session_id = start(client, "demo")
    session = follow(client, session_id, lambda now: now["status"] == "awaiting_user_auth")
    assert session["status"] == "awaiting_user_auth", session
    return str(machine.json()["vm_id"]), session


@contextmanager
def _stock(controller: Controller) -> Iterator[Footprint]:
    taken = footprint(controller.process.pid)
    try:
        yield taken
    finally:
        taken.close()


def _nothing_left(controller: Controller, taken: Footprint, *vm_ids: str) -> None:
    assert taken.await_gone(MACHINES_END_S) == set()
    assert inhabited(taken.network_namespaces) == []
    machines = controller.folder / "run/machines"
    assert list(machines.iterdir()) == []
    for vm_id in vm_ids:
        assert (controller.folder / "state/evidence" / vm_id / "console.log").is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_controller_and_machines(number: signal.Signals) -> None:
    with running(VESTIBULE_ISOLATION="container") as controller:
        with controller.client() as client:
            vm_id, session = _two_machines(client)
        with _stock(controller) as taken:
            assert len(taken.network_namespaces) >= 2  # browsers make more, for their sandboxes
            assert taken.listening_ports == {controller.port}
            assert [bool(groups_of(name)) for name in (vm_id, session["vm_id"])] == [LIMITED, LIMITED]
            controller.process.send_signal(number)
            assert controller.process.wait(MACHINES_END_S) == 0
            _nothing_left(controller, taken, vm_id, session["vm_id"])
        assert [groups_of(name) for name in (vm_id, session["vm_id"])] == [[], []]


def test_a_killed_controller_takes_its_machines_along_and_the_next_tells_of_it() -> None:
    with running(VESTIBULE_ISOLATION="container", VESTIBULE_ORPHAN_LIFE_S="0") as controller:
        with controller.client() as client:
            vm_id, session = _two_machines(client)
        with _stock(controller) as taken:
            controller.break_off()
            assert taken.await_gone(MACHINES_END_S) == set()
            assert inhabited(taken.network_namespaces) == []
            controller.start_again()
            _nothing_left(controller, taken, vm_id, session["vm_id"])
        with controller.client() as client:
            ended = client.get(f"/api/auth/session/{session['session_id']}").json()
            assert (ended["status"], ended["failure"]["code"]) == ("failed", "controller_restarted")
            assert ended["failure"]["stage"] == "awaiting_user_auth"
            machines = {row["vm_id"]: row for row in client.get("/api/vms").json()}
            for name in (vm_id, session["vm_id"]):
                row = machines[name]
                assert (row["status"], row["error_code"]) == ("failed", "controller_restarted")
                assert row["ended_at"] is not None
            _two_machines(client)  # the first of them starts the broker, which sweeps empty groups
        assert [groups_of(name) for name in (vm_id, session["vm_id"])] == [[], []]


@pytest.mark.parametrize("end", [Controller.break_off, Controller.leave])
def test_sign_ins_and_machines_go_on_with_the_next_controller(end: Callable[[Controller], None]) -> None:
    with running(VESTIBULE_ISOLATION="container") as controller:
        with controller.client() as client:
            vm_id, session = _two_machines(client)
            path = f"/api/auth/session/{session['session_id']}"
        end(controller)
        controller.start_again()
        with controller.client() as client:
            now = client.get(path).json()
            assert (now["status"], now["vm_id"]) == ("awaiting_user_auth", session["vm_id"]), now
            for name in (vm_id, session["vm_id"]):
                assert client.get(f"/api/vms/{name}").json()["status"] == "running"
                assert client.post(f"/api/vm/{name}/view-ticket").status_code == 201
            opened = client.post(f"{path}/open-url", json={"url": session["auth_url"]})
            assert opened.status_code == 200, opened.text
        with _stock(controller) as taken:
            controller.process.terminate()
            assert controller.process.wait(MACHINES_END_S) == 0
            _nothing_left(controller, taken, vm_id, session["vm_id"])


def test_a_row_and_a_folder_that_nothing_runs_are_mended_while_others_go_on() -> None:
    with (
        running(VESTIBULE_ISOLATION="container", VESTIBULE_RECONCILE_S="0.2") as controller,
        controller.client() as client,
    ):
        vm_id, session = _two_machines(client)
        path = f"/api/vms/{vm_id}"
        assert client.delete(path).status_code == 200
        folder = controller.folder / "run/machines" / vm_id
        folder.mkdir()
        with sqlite3.connect(controller.folder / "state/vestibule.db") as database:
            told = "UPDATE vms SET status = 'running', ended_at = NULL WHERE vm_id = ?"
            assert database.execute(told, (vm_id,)).rowcount == 1
        asyncio.run(until(lambda: client.get(path).json()["status"] == "failed"))
        assert client.get(path).json()["error_code"] == "machine_lost"
        assert not folder.exists()
        assert client.get(f"/api/vms/{session['vm_id']}").json()["status"] == "running"
