"""What a host may do to a running controller: each is survived, or told with its reason."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from controller import Controller, running
from following import follow
from footprint import descendants
from person import account_in, awaiting, begin, carried_on, paste, path, sign_in

pytestmark = [pytest.mark.golden, pytest.mark.usefixtures("golden")]

STOPPED_S = 15.0
LOCKED_S = 5.5
READ_S = 2.0
COMES_BACK_S = 90.0
DATABASE = "vestibule.db"
SIGN_IN_PAGE = "Sign in · Demo"


@pytest.fixture(scope="module")
def host() -> Iterator[Controller]:
    """A controller whose host is not kind to it."""
    with running(VESTIBULE_ISOLATION="container") as started:
        yield started


def _ended_untimely(host: Controller, client: httpx.Client, session: dict[str, Any]) -> str:
    """The code of a failure that must have been told; afterwards sign-ins work as before."""
    ended = follow(client, session["session_id"], lambda _: False)
    assert ended["status"] == "failed", ended
    assert ended["failure"]["remedy"]
    assert ended["failure"]["stage"] == "awaiting_user_auth"
    sign_in(host, client)
    return str(ended["failure"]["code"])


def _processes(words: str, among: list[int]) -> list[int]:
    found = []
    for pid in among:
        with contextlib.suppress(OSError):
            line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if words in line:
                found.append(pid)
    return found


def test_a_killed_agent_is_told(host: Controller) -> None:
    with host.client() as client:
        session = awaiting(client, begin(client))
        machine = client.get(f"/api/vms/{session['vm_id']}").json()
        agents = _processes("vestibule_agent", descendants(machine["pid"]))
        assert agents
        for pid in agents:
            os.kill(pid, signal.SIGKILL)
        assert _ended_untimely(host, client, session) == "machine_exited"


@pytest.mark.parametrize("program", ["/usr/lib/chromium/chromium", "Xvnc"])
def test_a_browser_that_ended_comes_back_with_the_sign_in_page(host: Controller, program: str) -> None:
    with host.client() as client:
        session = begin(client)
        shown = follow(client, session, lambda now: now["page_title"] == SIGN_IN_PAGE)
        machine = client.get(f"/api/vms/{shown['vm_id']}").json()
        killed, *_ = _processes(program, descendants(machine["pid"]))
        os.kill(killed, signal.SIGKILL)
        (console,) = host.folder.rglob(f"{shown['vm_id']}/console.log")
        deadline = time.monotonic() + COMES_BACK_S
        while "opening it again" not in console.read_text(errors="replace"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        again = follow(client, session, lambda now: now["page_title"] == SIGN_IN_PAGE)
        assert again["status"] == "awaiting_user_auth"
        client.post(f"/api/auth/session/{session}/cancel")


def test_a_killed_broker_takes_its_machines_along_and_is_replaced(host: Controller) -> None:
    with host.client() as client:
        session = awaiting(client, begin(client))
        machine = client.get(f"/api/vms/{session['vm_id']}").json()
        broker = _parent(machine["pid"])
        assert broker in descendants(host.process.pid)
        os.kill(broker, signal.SIGKILL)
        assert _ended_untimely(host, client, session) == "broker_gone"


@pytest.mark.vm
def test_a_killed_qemu_is_told(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("snapshot")
    with running(VESTIBULE_ISOLATION="vm") as host, host.client() as client:
        session = awaiting(client, begin(client))
        machine = client.get(f"/api/vms/{session['vm_id']}").json()
        (qemu,) = _processes("qemu-system-x86_64", descendants(machine["pid"]))
        os.kill(qemu, signal.SIGKILL)
        assert _ended_untimely(host, client, session) == "vmm_crashed"


def test_a_controller_that_stood_still_for_a_while_goes_on(host: Controller) -> None:
    with host.client() as client:
        session = awaiting(client, begin(client))
        host.process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_S)
        host.process.send_signal(signal.SIGCONT)
        paste(host, client, session)
        done = follow(client, session["session_id"], lambda _: False)
        assert done["status"] == "completed", done["failure"]
        assert account_in(client, done) == "soak"


def test_a_database_that_another_program_holds_is_waited_for(host: Controller) -> None:
    with host.client() as client, ThreadPoolExecutor(4) as pool:
        other = sqlite3.connect(host.folder / "state" / DATABASE, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        session_id = pool.submit(begin, client)
        deadline = time.monotonic() + LOCKED_S
        while time.monotonic() < deadline:
            asked = time.monotonic()
            assert client.get("/api/vms").status_code == 200
            assert time.monotonic() - asked < READ_S
            time.sleep(0.5)
        assert not session_id.done()
        other.execute("ROLLBACK")
        other.close()
        done = carried_on(host, client, session_id.result())
        assert done["status"] == "completed", done["failure"]


@contextlib.contextmanager
def _failing_disk(host: Controller) -> Iterator[None]:
    """Whatever is written to the database fails, as on a disk that is broken: EIO."""
    files = [host.folder / "state" / f"{DATABASE}{end}" for end in ("", "-wal")]
    with subprocess.Popen(
        ["strace", "-f", "-p", str(host.process.pid), *(f"--trace-path={file}" for file in files),
         "-e", "inject=pwrite64,pwritev,fsync,fdatasync,ftruncate:error=EIO", "-o", "/dev/null"],
        stderr=subprocess.PIPE, text=True,
    ) as strace:  # fmt: skip
        assert strace.stderr is not None
        assert "attached" in strace.stderr.readline()
        time.sleep(1)  # it attaches to one thread after the other, and tells of the first ones alone
        try:
            yield
        finally:
            strace.send_signal(signal.SIGINT)
            strace.communicate(timeout=30)


def test_a_broken_disk_under_the_database_is_named_and_nothing_hangs(host: Controller) -> None:
    with host.client() as client:
        waiting = awaiting(client, begin(client))
        with _failing_disk(host):
            answer = client.post(f"{path(waiting['session_id'])}/heartbeat")
            assert answer.status_code == 503, answer.text
            problem = answer.json()
            assert problem["code"] == "database_unusable", problem
            assert "I/O" in problem["cause"]
            assert problem["remedy"]
            assert client.get(path(waiting["session_id"])).status_code == 200
        paste(host, client, waiting)
        done = follow(client, waiting["session_id"], lambda _: False)
        assert done["status"] == "completed", done["failure"]
        sign_in(host, client)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
