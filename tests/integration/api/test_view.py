"""The remote view: a ticket opens it once, bytes pass unread both ways, its end has a reason."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import struct
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from exposition import read
from lab import MOST_VIEWERS, SCRIPT, Lab
from rfb_viewer import Viewer
from waiting import until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from vestibule.core.errors import MachineFailed
from vestibule.core.ids import VmId
from vestibule.core.machines import Exit, Warmth
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.guest import HttpGuest
from vestibule.drivers.machines import fake_desktop
from vestibule.services.accounts import TICKET_LIFE
from vestibule.services.introductions import Live
from vestibule.services.ports import Guest

pytestmark = pytest.mark.anyio


@pytest.fixture
async def session(lab: Lab) -> SessionRecord:
    """A sign-in of ann's that waits for her."""
    record = await lab.connect()
    return await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)


async def _ticket(client: httpx.AsyncClient, session: SessionRecord) -> str:
    answer = await client.post(f"/api/vm/{session.vm_id}/view-ticket")
    assert answer.status_code == 201, answer.text
    assert answer.json()["websocket"] == f"/api/vm/{session.vm_id}/vnc"
    return str(answer.json()["ticket"])


def _view(
    served: str, vm_id: str | None, ticket: str | None, origin: str | None = None
) -> AbstractAsyncContextManager[ClientConnection]:
    offered: list[Any] = ["binary", *([f"vestibule.ticket.{ticket}"] if ticket else [])]
    return connect(
        f"ws://{served}/api/vm/{vm_id}/vnc",
        subprotocols=offered,
        additional_headers={"Origin": origin} if origin else None,
        compression=None,
        proxy=None,
        open_timeout=10,
    )


async def _refused(
    served: str,
    vm_id: str | None,
    ticket: str | None,
    origin: str | None = None,
    *,
    words: tuple[int, str] = (4401, "view_ticket_invalid"),
) -> None:
    async with _view(served, vm_id, ticket, origin) as websocket:
        with pytest.raises(ConnectionClosed):
            await websocket.recv()
    assert (websocket.close_code, websocket.close_reason) == words


async def test_the_desktop_is_shown_and_a_click_reaches_it(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    async with _view(served, session.vm_id, await _ticket(ann, session)) as websocket:
        assert websocket.subprotocol == "binary"
        viewer = Viewer(websocket)
        assert await viewer.greet() == b"Vestibule"
        await websocket.send(struct.pack(">BBHHHH", 3, 0, 0, 0, 1280, 800))
        picture = await viewer.read(len(fake_desktop._picture()))
        assert picture == fake_desktop._picture()
        await websocket.send(struct.pack(">BBHH", 5, 1, 640, 400))  # the click that signs in
        await lab.reach(session.session_id, SessionStatus.COMPLETED)
    counted = read((await lab.context.monitor.exposition()).decode())
    assert counted["vestibule_relay_bytes_total", ("down",)] >= len(picture)
    assert counted["vestibule_relay_bytes_total", ("up",)] >= 16


async def test_a_size_that_would_end_the_desktop_ends_the_view(
    ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    async with _view(served, session.vm_id, await _ticket(ann, session)) as websocket:
        await Viewer(websocket).greet()
        await websocket.send(struct.pack(">BxHHBx", 251, 65535, 65535, 1) + bytes(16))
        with pytest.raises(ConnectionClosed):
            await websocket.recv()
    assert (websocket.close_code, websocket.close_reason) == (4400, "bad_input")


async def test_a_key_is_a_sign_of_life_and_an_open_viewer_is_none(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    async with _view(served, session.vm_id, await _ticket(ann, session)) as websocket:
        viewer = Viewer(websocket)
        await viewer.greet()
        lab.clock.move(60)
        await websocket.send(struct.pack(">BBHHHH", 3, 0, 0, 0, 1280, 800))
        await viewer.read(len(fake_desktop._picture()))  # it was heard
        now = await lab.sessions.get(session.session_id)
        assert now.deadline_at == session.deadline_at
        await websocket.send(struct.pack(">BBxxI", 4, 1, 0x61))
        moved = await lab.until(session.session_id, lambda now: now.deadline_at != session.deadline_at)
        assert moved.deadline_at is not None
        assert session.deadline_at is not None
        assert (moved.deadline_at - session.deadline_at).total_seconds() == 60


async def test_the_view_closes_with_a_reason_when_the_machine_ends(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    async with _view(served, session.vm_id, await _ticket(ann, session)) as websocket:
        await Viewer(websocket).greet()
        lab.machine().end(Exit(code=None, signal=9))
        with pytest.raises(ConnectionClosed):
            await Viewer(websocket).read(1)
        assert websocket.close_code == 1001
        assert websocket.close_reason == "the machine has ended"


async def test_a_desktop_that_cannot_be_opened_is_named(
    ann: httpx.AsyncClient, session: SessionRecord, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_guest: object) -> Any:
        raise MachineFailed("It is silent.", remedy="Start again.", code="agent_unreachable")

    monkeypatch.setattr("vestibule.drivers.guest.HttpGuest.open_vnc", refuse)
    ticket = await _ticket(ann, session)
    async with _view(served, session.vm_id, ticket) as websocket:
        with pytest.raises(ConnectionClosed):
            await websocket.recv()
        assert (websocket.close_code, websocket.close_reason) == (1011, "agent_unreachable")


async def test_a_viewer_that_leaves_ends_nothing(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    for _ in range(2):
        async with _view(served, session.vm_id, await _ticket(ann, session)) as websocket:
            assert await Viewer(websocket).greet() == b"Vestibule"
    assert (await lab.sessions.get(session.session_id)).status is SessionStatus.AWAITING_USER_AUTH


async def test_two_viewers_see_the_same_desktop(
    ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    async with (
        _view(served, session.vm_id, await _ticket(ann, session)) as first,
        _view(served, session.vm_id, await _ticket(ann, session)) as second,
    ):
        assert await Viewer(first).greet() == await Viewer(second).greet() == b"Vestibule"


async def test_the_server_s_end_closes_the_view(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    async with _view(served, session.vm_id, await _ticket(ann, session)) as websocket:
        await Viewer(websocket).greet()
        await lab.sign_ins.stop()
        with pytest.raises(ConnectionClosed):
            await Viewer(websocket).read(1)
    assert websocket.close_code == 1001


async def test_no_view_without_a_ticket(lab: Lab, session: SessionRecord, served: str) -> None:
    asked = lab.machines.guest
    lab.machines.guest = None  # type: ignore[assignment,method-assign]  # no machine is touched
    for none in (None, ""):
        await _refused(served, session.vm_id, none, words=(4401, "not_signed_in"))
    await _refused(served, session.vm_id, "visibly-fake")
    lab.machines.guest = asked  # type: ignore[method-assign]


async def test_a_refusal_is_over_though_the_other_side_never_says_goodbye(
    session: SessionRecord, served: str
) -> None:
    host, _, port = served.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /api/vm/{session.vm_id}/vnc HTTP/1.1\r\nHost: {served}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    async with asyncio.timeout(30):
        answer = await reader.read()  # to the server's own end of the connection
    assert answer.startswith(b"HTTP/1.1 101")
    assert answer.endswith(struct.pack(">BBH", 0x88, 2 + len("not_signed_in"), 4401) + b"not_signed_in")
    writer.close()


async def test_as_many_look_as_may_and_one_who_leaves_makes_room(
    ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    async with contextlib.AsyncExitStack() as views:
        for _ in range(MOST_VIEWERS):
            view = await views.enter_async_context(_view(served, session.vm_id, await _ticket(ann, session)))
            await Viewer(view).greet()
        ticket = await _ticket(ann, session)
        await _refused(served, session.vm_id, ticket, words=(4429, "too_many_viewers"))
    async with _view(served, session.vm_id, await _ticket(ann, session)) as websocket:
        assert await Viewer(websocket).greet() == b"Vestibule"


async def test_a_ticket_that_outlives_its_machine_says_so(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    ticket = await _ticket(ann, session)
    await lab.sign_ins.cancel(lab.ann, session.session_id)
    await lab.ended(session.session_id)
    await _refused(served, session.vm_id, ticket, words=(4404, "machine_absent"))


async def test_an_api_token_is_no_ticket(ann: httpx.AsyncClient, session: SessionRecord, served: str) -> None:
    await _refused(served, session.vm_id, ann.headers["authorization"].removeprefix("Bearer "))


async def test_a_ticket_is_used_up_by_its_view(
    ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    ticket = await _ticket(ann, session)
    async with _view(served, session.vm_id, ticket):
        await _refused(served, session.vm_id, ticket)


async def test_a_ticket_expires(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    ticket = await _ticket(ann, session)
    lab.clock.move(TICKET_LIFE.total_seconds())
    await _refused(served, session.vm_id, ticket)


async def test_a_ticket_opens_its_own_machine_alone(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    other = await lab.connect(lab.bob)
    other = await lab.reach(other.session_id, SessionStatus.AWAITING_USER_AUTH)
    await _refused(served, other.vm_id, await _ticket(ann, session))


@pytest.mark.parametrize("origin", ["http://evil.example.com", "null", "http://127.0.0.1:1", "https://"])
async def test_a_page_of_another_origin_opens_nothing(
    ann: httpx.AsyncClient, session: SessionRecord, served: str, origin: str
) -> None:
    ticket = await _ticket(ann, session)
    await _refused(served, session.vm_id, ticket, origin, words=(4403, "foreign_origin"))
    async with _view(served, session.vm_id, ticket, f"http://{served}") as websocket:  # it was not used up
        assert await Viewer(websocket).greet() == b"Vestibule"


@pytest.fixture
async def unconfirmed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> tuple[SessionRecord, asyncio.Event]:
    """A sign-in whose machine confirms itself once the event is set."""
    introduce, may = lab.machines.introduce, asyncio.Event()

    async def later(live: Live) -> Guest:
        await may.wait()
        return await introduce(live)

    monkeypatch.setattr(lab.machines, "introduce", later)
    record = await lab.connect()
    return await lab.reach(record.session_id, SessionStatus.VM_CREATED), may


async def test_a_view_that_is_opened_early_shows_nothing_until_the_machine_has_confirmed(
    ann: httpx.AsyncClient,
    unconfirmed: tuple[SessionRecord, asyncio.Event],
    served: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, may_confirm = unconfirmed
    opened: list[bool] = []
    open_vnc = HttpGuest.open_vnc

    async def noted(guest: HttpGuest) -> socket.socket:
        opened.append(may_confirm.is_set())
        return await open_vnc(guest)

    monkeypatch.setattr(HttpGuest, "open_vnc", noted)
    async with _view(served, session.vm_id, await _ticket(ann, session)) as websocket:
        assert opened == []
        may_confirm.set()
        assert await Viewer(websocket).greet() == b"Vestibule"
    assert opened == [True]


async def test_an_early_view_of_a_machine_that_never_confirms_ends_with_it(
    lab: Lab, ann: httpx.AsyncClient, unconfirmed: tuple[SessionRecord, asyncio.Event], served: str
) -> None:
    session, _ = unconfirmed
    async with _view(served, session.vm_id, await _ticket(ann, session)) as websocket:
        await lab.sign_ins.cancel(lab.ann, session.session_id)
        with pytest.raises(ConnectionClosed):
            await websocket.recv()
        assert (websocket.close_code, websocket.close_reason) == (4404, "machine_absent")


async def test_an_early_viewer_who_leaves_gives_the_place_back(
    lab: Lab, ann: httpx.AsyncClient, unconfirmed: tuple[SessionRecord, asyncio.Event], served: str
) -> None:
    session, _ = unconfirmed
    looking = lab.context.viewers.count
    async with _view(served, session.vm_id, await _ticket(ann, session)):
        await until(lambda: looking(VmId(str(session.vm_id))) == 1)
    await until(lambda: looking(VmId(str(session.vm_id))) == 0)


async def test_what_nobody_foresaw_is_no_end_of_the_controller_s(
    ann: httpx.AsyncClient, session: SessionRecord, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_guest: object) -> Any:
        raise KeyError("x")

    monkeypatch.setattr("vestibule.drivers.guest.HttpGuest.open_vnc", broken)
    await _refused(served, session.vm_id, await _ticket(ann, session), words=(1011, "internal"))


async def test_a_sign_of_life_that_cannot_be_told_does_not_end_the_view(
    lab: Lab,
    ann: httpx.AsyncClient,
    session: SessionRecord,
    served: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = asyncio.Event()

    async def broken(_vm_id: object) -> None:
        asked.set()
        raise KeyError("x")

    monkeypatch.setattr(lab.sign_ins, "viewer_used", broken)
    async with _view(served, session.vm_id, await _ticket(ann, session)) as websocket:
        viewer = Viewer(websocket)
        await viewer.greet()
        await websocket.send(struct.pack(">BBxxI", 4, 1, 0x61))
        await asked.wait()
        await websocket.send(struct.pack(">BBHHHH", 3, 0, 0, 0, 1280, 800))
        await viewer.read(len(fake_desktop._picture()))


async def test_a_terminal_that_is_opened_too_early_is_told_so(
    ann: httpx.AsyncClient, unconfirmed: tuple[SessionRecord, asyncio.Event], served: str
) -> None:
    session, _ = unconfirmed
    ticket = (await ann.post(f"/api/vm/{session.vm_id}/view-ticket")).json()
    offered: list[Any] = ["binary", f"vestibule.ticket.{ticket['ticket']}"]
    async with connect(f"ws://{served}{ticket['terminal']}", subprotocols=offered, proxy=None) as websocket:
        with pytest.raises(ConnectionClosed):
            await websocket.recv()
    assert (websocket.close_code, websocket.close_reason) == (4425, "machine_unconfirmed")


# -- what was looked at is the person's --------------------------------------------------------------------

FAILED = MachineFailed("It is not well.", remedy="Start again.", code="desktop_absent")


async def _kept_of(lab: Lab, vm_id: str) -> bool:
    """Whether a picture is kept once the machine has failed."""
    live = lab.machines.live(VmId(vm_id))
    return "screenshot" in (await lab.machines.explanations.of_machine(FAILED, live)).evidence


@pytest.mark.parametrize("kind", ["websocket", "terminal", "copies"])
async def test_no_picture_is_kept_of_a_machine_that_was_looked_at(
    lab: Lab, ann: httpx.AsyncClient, served: str, kind: str
) -> None:
    vm_id = (await ann.post("/api/vms", json={})).json()["vm_id"]
    assert await _kept_of(lab, vm_id)
    ticket = (await ann.post(f"/api/vm/{vm_id}/view-ticket")).json()
    offered: list[Any] = ["binary", f"vestibule.ticket.{ticket['ticket']}"]
    async with connect(f"ws://{served}{ticket[kind]}", subprotocols=offered, proxy=None):
        assert not await _kept_of(lab, vm_id)


async def test_no_picture_is_kept_of_a_sign_in_that_was_looked_at_before_its_page_was_open(
    lab: Lab, ann: httpx.AsyncClient, served: str
) -> None:
    lab.driver._script = lambda: dataclasses.replace(SCRIPT, auth_url=None)
    record = await lab.reach((await lab.connect()).session_id, SessionStatus.READY)
    async with _view(served, record.vm_id, await _ticket(ann, record)) as websocket:
        await Viewer(websocket).greet()
        await lab.machine().agent.tell("tool_exited", exit_code=1, screen="bye")
        assert "screenshot" not in (await lab.ended(record.session_id)).error_evidence


async def test_no_ticket_for_a_machine_that_has_ended(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord
) -> None:
    await lab.sign_ins.cancel(lab.ann, session.session_id)
    await lab.ended(session.session_id)
    answer = await ann.post(f"/api/vm/{session.vm_id}/view-ticket")
    assert (answer.status_code, answer.json()["code"]) == (404, "machine_absent")


async def test_nobody_looks_at_a_machine_of_the_warm_pool(lab: Lab, ann: httpx.AsyncClient) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    await DbMachines(lab.database).update(live.record.vm_id, warmth=Warmth.WARM)
    answer = await ann.post(f"/api/vm/{live.record.vm_id}/view-ticket")
    assert (answer.status_code, answer.json()["code"]) == (409, "machine_unconfirmed")
    assert (await ann.get(f"/api/vms/{live.record.vm_id}")).json()["warmth"] == "warm"
