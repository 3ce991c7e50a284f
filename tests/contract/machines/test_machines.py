"""What every machine keeps to, whatever it is made of."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections.abc import AsyncIterator, Callable

import pytest

from vestibule.core.errors import Absent, Conflict, MachineFailed
from vestibule.core.ids import VmId
from vestibule.drivers.guest import HttpGuest
from vestibule.drivers.proc import start_ticks
from vestibule.services.ports import Machine, MachineDriver, MachineRequest
from vestibule_agent import terminal_frames
from vestibule_agent.file_names import id_of
from vestibule_agent.protocol import (
    AGENT_PORT,
    CONTRACT,
    Credential,
    CredentialFileSpec,
    CredentialSpec,
    Event,
    Handover,
    LoginSpec,
)
from vestibule_desktop.messages import PROXY_PORT

from .conftest import Succession

pytestmark = pytest.mark.anyio

URL = "https://login.example.com/authorize?state=fake"
TOOL = """
echo 'Open %s '; read code; mkdir -p ~/.pretend
echo '{"access_token": "not-a-secret", "account": "person@example.com"}' > ~/.pretend/credentials.json
sleep 600
"""
SPEC = LoginSpec(
    provider="pretend",
    command=["sh", "-c", TOOL % URL],
    url_pattern=r"https://login\.example\.com/\S+",
    credential=CredentialSpec(
        files=[
            CredentialFileSpec(
                path="~/.pretend/credentials.json", required=["access_token"], account="account"
            )
        ]
    ),
)


async def event_of(guest: HttpGuest, *types: str, after: int = 0) -> Event:
    """The first event of one of these types."""
    async with asyncio.timeout(30):
        async for event in guest.events(after):
            if event.type in types:
                return event
    raise AssertionError


def introduction(vm_id: VmId) -> Handover:
    entropy = base64.b64encode(bytes(64)).decode()
    return Handover(
        contract=CONTRACT,
        vm_id=vm_id,
        session_id=None,
        token="visibly-fake-token",
        time_ns=time.time_ns(),
        entropy=entropy,
        hostname=vm_id,
        address="192.168.100.7/24",
        gateway="192.168.100.1",
    )


async def test_its_process_is_told_from_a_later_one_of_the_same_number(
    machine: tuple[Machine, VmId],
) -> None:
    started, _vm_id = machine
    assert started.pid_started == start_ticks(started.pid)


async def test_it_confirms_who_it_is_and_what_it_checked(machine: tuple[Machine, VmId]) -> None:
    started, vm_id = machine
    reply = await started.control.introduce(introduction(vm_id), 60)
    assert (reply.vm_id, reply.contract) == (vm_id, CONTRACT)
    assert len(bytes.fromhex(reply.random_sample)) == 32
    made = {check.name for check in reply.checks}
    assert {"desktop", "browser", "vnc", "clock", "random", "address"} <= made | set(reply.pending)


async def test_its_agent_is_healthy(guest: HttpGuest, machine: tuple[Machine, VmId]) -> None:
    async with asyncio.timeout(60):
        while (health := await guest.health()).status != "ok":
            pass  # its browser may come last: each answer waits for it a moment
    assert [check for check in health.checks if not check.ok] == []
    assert health.vm_id == machine[1]


async def test_a_wrong_token_is_refused(machine: tuple[Machine, VmId]) -> None:
    started, vm_id = machine
    await started.control.introduce(introduction(vm_id), 60)
    with pytest.raises(MachineFailed) as refused:
        await HttpGuest(started.connect, "another-token").screen()
    assert refused.value.evidence["status"] == 401


async def test_a_port_where_nothing_listens_is_refused(machine: tuple[Machine, VmId]) -> None:
    with pytest.raises(ConnectionRefusedError):
        await machine[0].connect(AGENT_PORT + 1)


async def test_the_controller_can_listen_for_it(machine: tuple[Machine, VmId]) -> None:
    with await machine[0].listen(PROXY_PORT) as listener:
        assert listener.gettimeout() == 0


async def test_a_login_goes_from_its_url_to_its_credential_once(guest: HttpGuest) -> None:
    with pytest.raises(Absent):
        await guest.claim_credential()
    await guest.login(SPEC)
    assert (await event_of(guest, "auth_url")).data["url"] == URL
    assert URL in await guest.screen()
    with pytest.raises(Conflict):
        await guest.login(SPEC)
    await guest.type_text("a-code", enter=True)
    valid = await event_of(guest, "credential_valid")
    assert valid.data["account"] == "person@example.com"
    assert _token(await guest.claim_credential()) == "not-a-secret"
    with pytest.raises(Absent):
        await guest.claim_credential()


async def test_events_are_replayed_after_a_number(guest: HttpGuest) -> None:
    await guest.login(SPEC)
    first = await event_of(guest, "auth_url")
    again = await event_of(guest, "auth_url", "browser_opened", after=first.seq - 1)
    assert again == first


async def test_the_browser_opens_the_url(guest: HttpGuest) -> None:
    await guest.open_url("https://example.com/")
    assert (await event_of(guest, "browser_opened")).data["url"] == "https://example.com/"


async def test_the_desktop_speaks_rfb_from_its_first_byte(guest: HttpGuest) -> None:
    for _viewer in range(3):
        with await guest.open_vnc() as desktop:
            banner = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(desktop, 12), 5)
            assert banner == b"RFB 003.008\n"


async def test_its_clipboard_takes_a_text_of_any_script(guest: HttpGuest) -> None:
    await guest.set_clipboard("one\ntwo 👩🏽‍🚀 مرحبا 漢字" * 1000)


async def test_a_file_goes_in_and_comes_out_the_same(guest: HttpGuest) -> None:
    data = os.urandom(300_000)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 70_000):
            yield data[start : start + 70_000]

    put = await guest.take_in("a مرحبا.bin", len(data), pieces(), quota=1 << 20)
    assert (put.name, put.size) == ("a مرحبا.bin", len(data))
    assert [file.file for file in (await guest.files()).files] == [put.file]
    async with guest.file(put.file) as found:
        assert found.size == len(data)
        assert b"".join([chunk async for chunk in found.chunks]) == data


async def test_a_file_that_does_not_fit_is_refused(guest: HttpGuest) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(100)

    with pytest.raises(Conflict) as refused:
        await guest.take_in("a", 100, pieces(), quota=99)
    assert refused.value.failure_code == "guest_disk_full"
    assert (await guest.files()).files == []


async def test_a_file_that_is_not_there_is_absent(guest: HttpGuest) -> None:
    with pytest.raises(Absent) as refused:
        async with guest.file(id_of(b"none")):
            pass
    assert refused.value.failure_code == "file_absent"


async def test_its_terminal_is_shown_and_typed_into(guest: HttpGuest) -> None:
    await guest.login(SPEC)
    await event_of(guest, "auth_url")
    loop = asyncio.get_running_loop()
    with await guest.open_terminal(90, 30) as terminal:
        await loop.sock_sendall(terminal, terminal_frames.size(80, 24) + terminal_frames.keys(b"typed-here"))
        seen = b""
        async with asyncio.timeout(30):
            while b"typed-here" not in seen:
                seen += await loop.sock_recv(terminal, 65_536)


async def test_stop_ends_it_and_everything_that_waits_for_it(
    guest: HttpGuest, machine: tuple[Machine, VmId]
) -> None:
    started, _vm_id = machine
    waiting = asyncio.create_task(started.wait())
    following = asyncio.create_task(event_of(guest, "never"))
    await guest.health()
    await started.stop()
    await started.stop()
    await asyncio.wait_for(waiting, 5)
    with pytest.raises(MachineFailed) as broken:
        await following
    assert broken.value.failure_code == "agent_unreachable"
    with pytest.raises(MachineFailed) as refused:
        await guest.health()
    assert refused.value.failure_code == "agent_unreachable"


async def test_two_machines_live_side_by_side_with_one_address(
    driver: MachineDriver, new_request: Callable[[], MachineRequest]
) -> None:
    requests = [new_request(), new_request()]
    machines = await asyncio.gather(*(driver.start(request) for request in requests))
    pairs = zip(machines, requests, strict=True)
    replies = [await one.control.introduce(introduction(request.vm_id), 60) for one, request in pairs]
    assert [reply.vm_id for reply in replies] == [request.vm_id for request in requests]
    assert replies[0].random_sample != replies[1].random_sample
    await asyncio.gather(*(one.stop() for one in machines))


async def test_a_paused_machine_goes_on_where_it_was(guest: HttpGuest, machine: tuple[Machine, VmId]) -> None:
    started, vm_id = machine
    for _again in range(2):
        await started.pause()
    asked = asyncio.create_task(guest.health())
    assert not (await asyncio.wait([asked], timeout=0.2))[0]
    for _again in range(2):
        await started.resume()
    assert (await asked).vm_id == vm_id


async def test_a_paused_machine_can_be_stopped(machine: tuple[Machine, VmId]) -> None:
    started, _vm_id = machine
    await started.pause()
    await started.stop()
    await asyncio.wait_for(started.wait(), 5)


async def test_the_next_controller_takes_it_over_with_its_note(
    succession: Succession, driver: MachineDriver, new_request: Callable[[], MachineRequest]
) -> None:
    request = new_request()
    started = await driver.start(request)
    await started.control.introduce(introduction(request.vm_id), 60)
    await started.keep("an old note")
    await started.keep("a note")
    await started.pause()
    later = await succession.next(started)
    adopted, note = await later.adopt(request)
    assert (note, adopted.pid, adopted.pid_started) == ("a note", started.pid, started.pid_started)
    assert (await HttpGuest(adopted.connect, "visibly-fake-token").health()).vm_id == request.vm_id
    with await adopted.listen(PROXY_PORT):
        await adopted.pause()
        await adopted.resume()
        waiting = asyncio.create_task(adopted.wait())
        await adopted.stop()
        await asyncio.wait_for(waiting, 5)


async def test_a_login_goes_on_in_an_adopted_machine(
    succession: Succession, driver: MachineDriver, new_request: Callable[[], MachineRequest]
) -> None:
    request = new_request()
    started = await driver.start(request)
    await started.control.introduce(introduction(request.vm_id), 60)
    before = HttpGuest(started.connect, "visibly-fake-token")
    await before.login(SPEC)
    seen = await event_of(before, "auth_url")
    await started.keep("")
    later = await succession.next(started)
    adopted, _note = await later.adopt(request)
    guest = HttpGuest(adopted.connect, "visibly-fake-token")
    await guest.type_text("a-code", enter=True)
    await event_of(guest, "credential_valid", after=seen.seq)
    assert _token(await guest.claim_credential()) == "not-a-secret"
    await adopted.stop()


async def test_what_was_not_kept_or_ended_is_absent_for_the_next_controller(
    succession: Succession, driver: MachineDriver, new_request: Callable[[], MachineRequest]
) -> None:
    unkept, ended = new_request(), new_request()
    machines = [await driver.start(request) for request in (unkept, ended)]
    await machines[1].keep("a note")
    await machines[1].stop()
    later = await succession.next(machines[0])
    for request in (unkept, ended, new_request()):
        with pytest.raises(Absent) as absent:
            await later.adopt(request)
        assert absent.value.failure_code == "machine_absent"


def _token(credential: Credential) -> object:
    return json.loads(base64.b64decode(credential.files[0].content))["access_token"]
