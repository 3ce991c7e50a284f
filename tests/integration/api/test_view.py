"""The remote view: a ticket opens it once, bytes pass unread both ways, its end has a reason."""

from __future__ import annotations

import asyncio
import struct
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from lab import Lab
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from vestibule.core.errors import MachineFailed
from vestibule.core.machines import Exit
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.machines import fake_desktop
from vestibule.services.accounts import TICKET_LIFE

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


async def _refused(served: str, vm_id: str | None, ticket: str | None, origin: str | None = None) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with _view(served, vm_id, ticket, origin):
            pass
    assert refusal.value.response.status_code == 403


class Viewer:
    """Reads a stream of bytes out of a WebSocket's messages."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self._ahead = b""

    async def read(self, count: int) -> bytes:
        async with asyncio.timeout(10):
            while len(self._ahead) < count:
                message = await self.websocket.recv()
                assert isinstance(message, bytes)
                self._ahead += message
        taken, self._ahead = self._ahead[:count], self._ahead[count:]
        return taken

    async def greet(self) -> bytes:
        """RFC 6143 section 7.1 to 7.3; the server's name."""
        version = await self.read(len(fake_desktop.VERSION))
        await self.websocket.send(version)
        assert await self.read(2) == b"\x01\x01"
        await self.websocket.send(b"\x01")
        assert await self.read(4) == bytes(4)
        await self.websocket.send(b"\x01")
        head = await self.read(24)
        assert struct.unpack(">HH", head[:4]) == (fake_desktop.WIDTH, fake_desktop.HEIGHT)
        return await self.read(struct.unpack(">I", head[20:])[0])


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


@pytest.mark.parametrize("ticket", [None, "", "visibly-fake"])
async def test_no_view_without_a_ticket(session: SessionRecord, served: str, ticket: str | None) -> None:
    await _refused(served, session.vm_id, ticket)


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
    await _refused(served, session.vm_id, ticket, origin)
    async with _view(served, session.vm_id, ticket, f"http://{served}") as websocket:  # it was not used up
        assert await Viewer(websocket).greet() == b"Vestibule"


async def test_no_ticket_for_a_machine_that_has_not_confirmed(
    lab: Lab, ann: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(lab.machines, "introduce", never)
    record = await lab.connect()
    record = await lab.reach(record.session_id, SessionStatus.VM_CREATED)
    answer = await ann.post(f"/api/vm/{record.vm_id}/view-ticket")
    assert (answer.status_code, answer.json()["code"]) == (409, "machine_unconfirmed")


async def test_no_ticket_for_a_machine_that_has_ended(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord
) -> None:
    await lab.sign_ins.cancel(lab.ann, session.session_id)
    await lab.ended(session.session_id)
    answer = await ann.post(f"/api/vm/{session.vm_id}/view-ticket")
    assert (answer.status_code, answer.json()["code"]) == (404, "machine_absent")
