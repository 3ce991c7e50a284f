"""What passes between a person and their machine besides the picture: clipboard, files, the terminal."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from lab import FILES, Lab
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from vestibule.core.audit import AuditAction
from vestibule.core.errors import DiskFull
from vestibule.core.file_transfer import FileTransfer
from vestibule.core.machines import Exit
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus
from vestibule.core.typed_texts import SHOWN_INSTEAD
from vestibule.drivers.machines.fake_viewing import FakeViewing
from vestibule_agent.file_names import id_of
from vestibule_agent.protocol import MAX_CLIPBOARD_BYTES

pytestmark = pytest.mark.anyio

SCRIPTS = "one\ntwo 👩🏽‍🚀 مرحبا 漢字"


@pytest.fixture
async def session(lab: Lab) -> SessionRecord:
    """A sign-in of ann's that waits for her."""
    record = await lab.connect()
    return await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)


@pytest.fixture
def machine(session: SessionRecord) -> str:
    return f"/api/vm/{session.vm_id}"


@pytest.fixture
def fake(lab: Lab, session: SessionRecord) -> FakeViewing:  # noqa: ARG001 (there is a machine by then)
    return lab.machine().agent.viewing


def _allow(lab: Lab, **changes: Any) -> None:
    lab.context.viewing.policy = dataclasses.replace(FILES, **changes)


async def _told(lab: Lab, ann: httpx.AsyncClient, action: AuditAction) -> list[tuple[str, str, str | None]]:
    if (writing := lab.context.audit._task) is not None:
        await asyncio.wait({writing})
    answer = await ann.get("/api/tables/audit", params={"order": "asc", "limit": 100})
    rows = [row for row in answer.json()["rows"] if row["action"] == action]
    return [(row["outcome"], row["detail"], row["code"]) for row in rows]


# -- clipboard ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", SCRIPTS, '\0\x1b"\\', "é" * (MAX_CLIPBOARD_BYTES // 2)])
async def test_a_text_goes_to_the_machine_whole(
    ann: httpx.AsyncClient, machine: str, fake: FakeViewing, text: str
) -> None:
    assert (await ann.put(f"{machine}/clipboard", json={"text": text})).status_code == 204
    assert fake.clipboard == text


async def test_a_text_that_is_too_long_is_refused(ann: httpx.AsyncClient, machine: str) -> None:
    answer = await ann.put(f"{machine}/clipboard", json={"text": "é" * (MAX_CLIPBOARD_BYTES // 2 + 1)})
    assert (answer.status_code, answer.json()["code"]) == (400, "too_large")


async def test_a_text_is_a_sign_of_life_and_is_hidden_on_screens(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, machine: str
) -> None:
    lab.clock.move(60)
    await ann.put(f"{machine}/clipboard", json={"text": "visibly-fake-password\nand-its-second-line"})
    now = await lab.sessions.get(session.session_id)
    assert now.deadline_at is not None
    assert session.deadline_at is not None
    assert (now.deadline_at - session.deadline_at).total_seconds() == 60
    typed = lab.sign_ins._runs[session.session_id].typed
    assert typed.hide("> and-its-second-line") == f"> {SHOWN_INSTEAD}"
    assert lab.machines.running[0].typed == typed.texts
    assert lab.machines.running[0].private


async def test_a_text_for_a_machine_without_a_sign_in_is_remembered_too(
    lab: Lab, ann: httpx.AsyncClient
) -> None:
    vm_id = (await ann.post("/api/vms", json={})).json()["vm_id"]
    assert (await ann.put(f"/api/vm/{vm_id}/clipboard", json={"text": "visibly-fake"})).status_code == 204
    assert lab.machines.live(vm_id).typed == ("visibly-fake",)


async def _refusal(opening: AbstractAsyncContextManager[ClientConnection]) -> tuple[int | None, str | None]:
    """In words: before the handshake a browser would hear of none."""
    async with opening as websocket:
        with pytest.raises(ConnectionClosed):
            await websocket.recv()
    return websocket.close_code, websocket.close_reason


def _open(served: str, path: str, ticket: str, origin: str | None = None) -> Any:
    opened: AbstractAsyncContextManager[ClientConnection] = connect(
        f"ws://{served}{path}",
        subprotocols=["binary", f"vestibule.ticket.{ticket}"],  # type: ignore[list-item]  # its NewType
        additional_headers={"Origin": origin} if origin else None,
        compression=None,
        proxy=None,
        open_timeout=10,
        max_size=None,
    )
    return opened


async def _ticket(ann: httpx.AsyncClient, machine: str, kind: str) -> tuple[str, str]:
    answer = (await ann.post(f"{machine}/view-ticket")).json()
    return str(answer[kind]), str(answer["ticket"])


async def _next(websocket: ClientConnection) -> Any:
    async with asyncio.timeout(10):
        return json.loads(await websocket.recv())


async def test_copies_are_told_to_who_looks_on(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    fake, machine = lab.machine().agent.viewing, f"/api/vm/{session.vm_id}"
    await fake.tell("before")
    path, ticket = await _ticket(ann, machine, "copies")
    async with _open(served, f"{path}?after=0", ticket) as websocket:
        assert await _next(websocket) == {"number": 1, "text": "before"}
        await fake.tell(SCRIPTS)
        assert await _next(websocket) == {"number": 2, "text": SCRIPTS}
        await fake.tell(None)
        assert await _next(websocket) == {"number": 3, "text": None}
        await fake.tell(" http \n")
        assert await _next(websocket) == {"number": 4, "text": " http \n"}
        await fake.tell("é" * (MAX_CLIPBOARD_BYTES // 2))
        assert len((await _next(websocket))["text"]) == MAX_CLIPBOARD_BYTES // 2
    typed = lab.sign_ins._runs[session.session_id].typed
    assert typed.hide("> before <") == f"> {SHOWN_INSTEAD} <"
    # What every address has hides nothing: a diagnosis is made of what is left.
    assert typed.hide("http://login.test") == "http://login.test"


# -- WebSockets --------------------------------------------------------------------------------------------

KINDS = ("copies", "terminal")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("origin", ["http://evil.example.com", "null"])
async def test_a_page_of_another_origin_opens_nothing(
    ann: httpx.AsyncClient, machine: str, served: str, kind: str, origin: str
) -> None:
    path, ticket = await _ticket(ann, machine, kind)
    assert await _refusal(_open(served, path, ticket, origin)) == (4403, "foreign_origin")
    async with _open(served, path, ticket, f"http://{served}"):  # it was not used up
        pass
    assert await _refusal(_open(served, path, ticket)) == (4401, "view_ticket_invalid")  # but now it is


@pytest.mark.parametrize("kind", KINDS)
async def test_a_ticket_opens_its_own_machine_alone(
    lab: Lab, ann: httpx.AsyncClient, machine: str, served: str, kind: str
) -> None:
    other = await lab.connect(lab.bob)
    other = await lab.reach(other.session_id, SessionStatus.AWAITING_USER_AUTH)
    path, ticket = await _ticket(ann, machine, kind)
    elsewhere = _open(served, path.replace(machine, f"/api/vm/{other.vm_id}"), ticket)
    assert await _refusal(elsewhere) == (4401, "view_ticket_invalid")


@pytest.mark.parametrize("kind", KINDS)
async def test_it_closes_with_a_reason_when_the_machine_ends(
    lab: Lab, ann: httpx.AsyncClient, machine: str, served: str, kind: str
) -> None:
    path, ticket = await _ticket(ann, machine, kind)
    async with _open(served, path, ticket) as websocket:
        if kind == "terminal":
            await _until(websocket, b"fake$ ")
        lab.machine().end(Exit(code=None, signal=9))
        with pytest.raises(ConnectionClosed):
            await _next(websocket)
        expected = {"terminal": (1001, "the machine has ended"), "copies": (1011, "agent_unreachable")}
        assert (websocket.close_code, websocket.close_reason) == expected[kind]


# -- terminal ----------------------------------------------------------------------------------------------


async def _until(websocket: ClientConnection, text: bytes) -> None:
    seen = b""
    async with asyncio.timeout(10):
        while text not in seen:
            message = await websocket.recv()
            assert isinstance(message, bytes)
            seen += message


async def test_the_terminal_is_typed_into_and_resized(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, machine: str, served: str
) -> None:
    lab.clock.move(60)
    path, ticket = await _ticket(ann, machine, "terminal")
    async with _open(served, f"{path}?columns=90&rows=30", ticket) as websocket:
        await _until(websocket, b"90x30\r\nfake$ ")
        await websocket.send("é漢".encode())
        await _until(websocket, "é漢".encode())
        await websocket.send(json.dumps({"columns": 40, "rows": 20}))
        await _until(websocket, b"40x20")
        await websocket.send(b"visibly-fake-pasted")
        await _until(websocket, b"pasted")
    moved = await lab.until(session.session_id, lambda now: now.deadline_at != session.deadline_at)
    assert moved.deadline_at is not None
    assert session.deadline_at is not None
    assert (moved.deadline_at - session.deadline_at).total_seconds() == 60
    assert "visibly-fake-pasted" in lab.sign_ins._runs[session.session_id].typed.texts


async def test_a_code_that_is_pasted_in_brackets_is_hidden(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, machine: str, served: str
) -> None:
    path, ticket = await _ticket(ann, machine, "terminal")
    async with _open(served, path, ticket) as websocket:
        await websocket.send(b"\x1b[200~482913\x1b[201~")
        await _until(websocket, b"482913")
    typed = lab.sign_ins._runs[session.session_id].typed
    assert typed.hide("> 482913 <") == f"> {SHOWN_INSTEAD} <"


async def test_what_cannot_be_kept_of_the_person_ends_no_terminal_and_holds_no_key_up(
    lab: Lab, ann: httpx.AsyncClient, machine: str, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = asyncio.Event()

    async def full(*_: object) -> Any:
        await may.wait()
        raise DiskFull("The disk is full.", remedy="Make room.")

    monkeypatch.setattr(lab.sign_ins, "viewer_used", full)
    monkeypatch.setattr(lab.context.viewing, "typed", full)
    path, ticket = await _ticket(ann, machine, "terminal")
    async with _open(served, path, ticket) as websocket:
        await websocket.send(b"visibly-fake-pasted")
        await _until(websocket, b"visibly-fake-pasted")
        may.set()
        await websocket.send(b"next")
        await _until(websocket, b"next")


async def test_a_ping_is_answered_and_does_not_reach_the_machine(
    ann: httpx.AsyncClient, machine: str, served: str
) -> None:
    path, ticket = await _ticket(ann, machine, "terminal")
    async with _open(served, path, ticket) as websocket:
        await _until(websocket, b"fake$ ")
        await websocket.send(json.dumps({"ping": 7}))
        assert await _next(websocket) == {"pong": 7}
        await websocket.send(b"x")
        async with asyncio.timeout(10):
            assert await websocket.recv() == b"x"


@pytest.mark.parametrize("size", ["{", "[]", '{"columns": 1, "rows": 20}', '{"columns": "x", "rows": 20}'])
async def test_a_size_that_is_none_is_refused(
    ann: httpx.AsyncClient, machine: str, served: str, size: str
) -> None:
    path, ticket = await _ticket(ann, machine, "terminal")
    async with _open(served, path, ticket) as websocket:
        await websocket.send(size)
        with pytest.raises(ConnectionClosed):
            await _until(websocket, b"never")
        assert (websocket.close_code, websocket.close_reason) == (4400, "bad_input")


# -- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.txt", "a\nb", "q\"u'o%2F;x=y", "مرحبا 👩🏽‍🚀.pdf", "-rf ~"])
async def test_a_file_goes_in_and_comes_out_the_same(
    lab: Lab, ann: httpx.AsyncClient, machine: str, fake: FakeViewing, name: str
) -> None:
    data = bytes(range(256)) * 4096
    put = await ann.post(f"{machine}/files", params={"name": name}, content=data)
    assert (put.status_code, put.json()["name"], put.json()["size"]) == (201, name, len(data))
    assert fake.files == {name.encode(): data}
    listed = (await ann.get(f"{machine}/files")).json()
    assert listed == {"upload": True, "download": True, "max_bytes": 1 << 20, "files": [put.json()]}
    got = await ann.get(f"{machine}/files/{put.json()['file']}")
    assert got.content == data
    assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert await _told(lab, ann, AuditAction.FILE_UPLOADED) == [("done", f"{name}, {len(data)} bytes", None)]
    assert await _told(lab, ann, AuditAction.FILE_DOWNLOADED) == [
        ("done", f"{name}, {len(data)} bytes", None)
    ]


async def test_a_file_comes_out_though_the_sign_of_life_cannot_be_kept(
    lab: Lab, ann: httpx.AsyncClient, machine: str, fake: FakeViewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> Any:
        raise DiskFull("The disk is full.", remedy="Make room.")

    monkeypatch.setattr(lab.sign_ins, "viewer_used", full)
    fake.files[b"a"] = b"its content"
    got = await ann.get(f"{machine}/files/{id_of(b'a')}")
    assert (got.status_code, got.content) == (200, b"its content")


@pytest.mark.parametrize("name", ["..", "a/b", "../a", "a\0b", "é" * 128])
async def test_what_is_no_name_is_refused(ann: httpx.AsyncClient, machine: str, name: str) -> None:
    answer = await ann.post(f"{machine}/files", params={"name": name}, content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")


async def test_what_is_too_large_or_does_not_fit_is_refused_and_told(
    lab: Lab, ann: httpx.AsyncClient, machine: str, fake: FakeViewing
) -> None:
    answer = await ann.post(f"{machine}/files", params={"name": "a"}, content=bytes((1 << 20) + 1))
    assert (answer.status_code, answer.json()["code"]) == (400, "file_too_large")
    _allow(lab, quota_bytes=3)
    answer = await ann.post(f"{machine}/files", params={"name": "b"}, content=b"1234")
    assert (answer.status_code, answer.json()["code"]) == (409, "guest_disk_full")
    fake.files[b"c"] = bytes((1 << 20) + 1)
    answer = await ann.get(f"{machine}/files/{id_of(b'c')}")
    assert (answer.status_code, answer.json()["code"]) == (400, "file_too_large")
    told = await _told(lab, ann, AuditAction.FILE_UPLOADED)
    assert [(outcome, code) for outcome, _detail, code in told] == [
        ("refused", "file_too_large"),
        ("refused", "guest_disk_full"),
    ]


@pytest.mark.parametrize("transfer", FileTransfer)
async def test_the_policy_decides_and_is_shown(
    lab: Lab, ann: httpx.AsyncClient, machine: str, transfer: FileTransfer
) -> None:
    _allow(lab, transfer=transfer)
    up, down = transfer in {"upload", "both"}, transfer in {"download", "both"}
    put = await ann.post(f"{machine}/files", params={"name": "a"}, content=b"x")
    got = await ann.get(f"{machine}/files/{id_of(b'a')}")
    listed = (await ann.get(f"{machine}/files")).json()
    assert (listed["upload"], listed["download"], listed["max_bytes"]) == (up, down, 1 << 20)
    assert len(listed["files"]) == int(up and down)
    assert put.status_code == (201 if up else 403)
    assert got.status_code == (403 if not down else 200 if up else 404)
    for answer, allowed in ((put, up), (got, down)):
        assert allowed or answer.json()["code"] == "file_transfer_off"


async def test_a_file_that_is_broken_off_leaves_nothing(
    lab: Lab, ann: httpx.AsyncClient, machine: str, fake: FakeViewing, served: str
) -> None:
    reader, writer = await asyncio.open_connection(*served.split(":"))
    lines = [f"POST {machine}/files?name=a HTTP/1.1", f"Host: {served}", "Content-Length: 1000"]
    writer.write("\r\n".join([*lines, f"Authorization: {ann.headers['authorization']}", "", "half"]).encode())
    await writer.drain()
    writer.close()
    await reader.read()
    async with asyncio.timeout(10):
        while not (told := await _told(lab, ann, AuditAction.FILE_UPLOADED)):
            pass
    assert told == [("refused", "a, 1000 bytes", "upload_broken_off")]
    assert fake.files == {}


async def test_a_file_without_its_length_is_refused(ann: httpx.AsyncClient, machine: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    answer = await ann.post(f"{machine}/files", params={"name": "a"}, content=chunks())
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")
