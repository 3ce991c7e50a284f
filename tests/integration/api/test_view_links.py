"""View links: a desktop for whoever has one, for a while, to look at and not to touch; nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import struct
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from lab import LONGEST_LINK_S, MOST_VIEWERS, Lab
from rfb_viewer import Viewer
from waiting import until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from vestibule.core.errors import DiskFull
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db.schema import view_links
from vestibule.drivers.db.view_links import DbViewLinks
from vestibule.drivers.machines import fake_desktop
from vestibule.services.view_links import DEFAULT_S, MOST_LINKS

pytestmark = pytest.mark.anyio

CLICK = struct.pack(">BBHH", 5, 1, 640, 400)
ENTER = struct.pack(">BBxxI", 4, 1, 0xFF0D)
REQUEST = struct.pack(">BBHHHH", 3, 0, 0, 0, 1280, 800)
RRE = struct.pack(">BxHi", 2, 1, 2)


@pytest.fixture
async def session(lab: Lab) -> SessionRecord:
    """A sign-in of ann's that waits for her."""
    record = await lab.connect()
    return await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)


@pytest.fixture(autouse=True)
async def _ending(lab: Lab) -> AsyncIterator[None]:
    """As ``main`` has it: what is over is ended in time."""
    running = asyncio.create_task(lab.context.view_links.run())
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def _path(session: SessionRecord) -> str:
    return f"/api/auth/session/{session.session_id}/view-links"


async def _link(client: httpx.AsyncClient, session: SessionRecord, **body: Any) -> dict[str, Any]:
    answer = await client.post(_path(session), json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def _secret(link: dict[str, Any]) -> str:
    return str(link["url"].partition("#token=")[2])


class Watcher(Viewer):
    """Takes the text messages out of the stream."""

    def __init__(self, websocket: ClientConnection) -> None:
        super().__init__(websocket)
        self.told: list[dict[str, Any]] = []

    async def read(self, count: int) -> bytes:
        async with asyncio.timeout(10):
            while len(self._ahead) < count:
                self._take(await self.websocket.recv())
        taken, self._ahead = self._ahead[:count], self._ahead[count:]
        return taken

    async def end(self) -> tuple[int | None, str | None]:
        """Code and reason, once it has ended."""
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(10):
                while True:
                    self._take(await self.websocket.recv())
        return self.websocket.close_code, self.websocket.close_reason

    async def picture(self) -> None:
        """Ask for a picture, and get it: all that was sent before was heard."""
        await self.websocket.send(RRE + REQUEST)
        assert await self.read(len(fake_desktop._picture())) == fake_desktop._picture()

    def _take(self, message: bytes | str) -> None:
        if isinstance(message, str):
            self.told.append(json.loads(message))
        else:
            self._ahead += message


@contextlib.asynccontextmanager
async def _watching(served: str, secret: str, origin: str | None = None) -> AsyncIterator[Watcher]:
    offered: list[Any] = ["binary", f"vestibule.ticket.{secret}"]
    async with connect(
        f"ws://{served}/api/watch",
        subprotocols=offered,
        additional_headers={"Origin": origin} if origin else None,
        compression=None,
        proxy=None,
        open_timeout=10,
    ) as websocket:
        yield Watcher(websocket)


async def _refused(served: str, secret: str, code: int, reason: str, origin: str | None = None) -> None:
    async with _watching(served, secret, origin) as watcher:
        assert await watcher.end() == (code, reason)
        assert watcher.told == []


async def _audit(lab: Lab, ann: httpx.AsyncClient) -> list[tuple[str, str, str]]:
    await lab.context.audit.catch_up()
    answer = await ann.get("/api/tables/audit", params={"order": "asc", "limit": 100})
    return [
        (row["action"].removeprefix("view_link_"), row["actor"] or "", row["detail"])
        for row in answer.json()["rows"]
        if row["action"].startswith("view_link_")
    ]


async def _audited(lab: Lab, ann: httpx.AsyncClient, deed: tuple[str, str, str]) -> None:
    """The audit's last deed is this one, or soon is: who cuts a watcher off and who notes it are two."""
    for _ in range(100):
        if (await _audit(lab, ann))[-1] == deed:
            return
        await asyncio.sleep(0.05)
    assert (await _audit(lab, ann))[-1] == deed


async def test_somebody_without_an_account_sees_the_desktop_and_how_the_sign_in_stands(
    ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    link = await _link(ann, session)
    async with _watching(served, _secret(link), f"http://{served}") as watcher:
        assert watcher.websocket.subprotocol == "binary"
        assert await watcher.greet() == b"Vestibule"
        await watcher.picture()
        assert watcher.told == [
            {"tool": "Demo", "status": "awaiting_user_auth", "expires_at": link["expires_at"]}
        ]


async def test_nothing_that_is_typed_or_pointed_at_gets_there(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    cut = struct.pack(">Bxxxi", 6, 5) + b"paste"
    size = struct.pack(">BxHHBx", 251, 640, 480, 1) + bytes(16)
    async with _watching(served, _secret(await _link(ann, session))) as watcher:
        await watcher.greet()
        await watcher.websocket.send(CLICK + ENTER + cut + size)
        for byte in CLICK + ENTER:  # in the smallest pieces
            await watcher.websocket.send(bytes([byte]))
        lab.clock.move(60)
        await watcher.picture()
        now = await lab.sessions.get(session.session_id)
        assert now.status is SessionStatus.AWAITING_USER_AUTH  # the click would have signed in
        assert now.deadline_at == session.deadline_at  # and it is no sign of the person's life


@pytest.mark.parametrize("message", [b"\x63", bytes(20_000)], ids=["unknown", "too long"])
async def test_what_the_page_never_sends_ends_the_view(
    ann: httpx.AsyncClient, session: SessionRecord, served: str, message: bytes
) -> None:
    async with _watching(served, _secret(await _link(ann, session))) as watcher:
        await watcher.greet()
        await watcher.websocket.send(message)
        assert await watcher.end() == (4403, "watcher_refused")


async def test_who_watches_is_cut_off_when_the_link_is_taken_back(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    link, other = await _link(ann, session), await _link(ann, session)
    async with _watching(served, _secret(link)) as watcher, _watching(served, _secret(other)) as stays:
        await watcher.greet()
        await stays.greet()
        answer = await ann.delete(f"{_path(session)}/{link['link_id']}")
        assert (answer.status_code, answer.json()["end"]) == (200, "revoked")
        async with asyncio.timeout(1):
            assert await watcher.end() == (4410, "view_link_revoked")
        await stays.picture()
    await _refused(served, _secret(link), 4410, "view_link_revoked")
    again = await ann.delete(f"{_path(session)}/{link['link_id']}")
    assert again.json()["ended_at"] == answer.json()["ended_at"]
    assert [deed[:2] for deed in await _audit(lab, ann)] == [
        ("made", "ann"),
        ("made", "ann"),
        ("opened", ""),
        ("opened", ""),
        ("revoked", "ann"),
        ("revoked", "ann"),
    ]


async def test_who_watches_is_cut_off_when_the_link_s_time_is_over(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    link = await _link(ann, session, seconds=60)
    async with _watching(served, _secret(link)) as watcher:
        await watcher.greet()
        lab.clock.move(60)
        async with asyncio.timeout(1):
            assert await watcher.end() == (4410, "view_link_expired")
    await _refused(served, _secret(link), 4410, "view_link_expired")
    await _audited(lab, ann, ("expired", "", f"{link['link_id']}: expired"))


async def test_a_link_s_time_is_over_though_that_cannot_be_stored(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> Any:
        raise DiskFull("The disk is full.", remedy="Make room.")

    monkeypatch.setattr(DbViewLinks, "end", full)
    link = await _link(ann, session, seconds=60)
    async with _watching(served, _secret(link)) as watcher:
        await watcher.greet()
        lab.clock.move(60)
        assert await watcher.end() == (4410, "view_link_expired")
    await _refused(served, _secret(link), 4410, "view_link_expired")
    (listed,) = (await ann.get(_path(session))).json()["links"]
    assert listed["end"] == "expired"


async def test_nobody_is_cut_off_late_because_another_s_end_is_being_stored(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def locked(*_: object) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(DbViewLinks, "end", locked)
    links = [await _link(ann, session, seconds=60) for _ in range(2)]
    async with contextlib.AsyncExitStack() as views:
        watchers = [await views.enter_async_context(_watching(served, _secret(link))) for link in links]
        for watcher in watchers:
            await watcher.greet()
        lab.clock.move(60)
        for watcher in watchers:
            assert await watcher.end() == (4410, "view_link_expired")


async def test_a_link_stays_taken_back_though_that_is_stored_later(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = {"disk": True}
    end = DbViewLinks.end

    async def sometimes(rows: DbViewLinks, *what: Any) -> Any:
        if full["disk"]:
            raise DiskFull("The disk is full.", remedy="Make room.")
        return await end(rows, *what)

    monkeypatch.setattr(DbViewLinks, "end", sometimes)
    monkeypatch.setattr("vestibule.services.view_links.STORE_AGAIN_S", 0.01)
    link = await _link(ann, session)
    answer = await ann.delete(f"{_path(session)}/{link['link_id']}")
    assert answer.json()["code"] == "disk_full"
    await _refused(served, _secret(link), 4410, "view_link_revoked")
    assert (await ann.get(_path(session))).json()["links"][0]["end"] == "revoked"
    full["disk"] = False
    await until(lambda: not lab.context.view_links._unstored)
    (stored,) = await DbViewLinks(lab.database).of_session(session.session_id)
    assert stored.end == "revoked"


async def test_who_watches_is_told_of_the_sign_in_s_end(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    link = await _link(ann, session)
    async with _watching(served, _secret(link)) as watcher:
        await watcher.greet()
        await ann.post(f"/api/auth/session/{session.session_id}/cancel")
        assert await watcher.end() == (4410, "session_over")
        assert watcher.told[-1]["status"] == "cancelled"
    await lab.ended(session.session_id)
    await _refused(served, _secret(link), 4410, "session_over")
    answer = await ann.post(_path(session), json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "action_not_allowed")


async def test_the_owner_sees_how_many_watch(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    async def counted(wanted: int) -> None:
        async with asyncio.timeout(10):
            async for _ in lab.sign_ins.changes(session.session_id, 10):
                shown = (await ann.get(f"/api/auth/session/{session.session_id}")).json()
                if shown["watchers"] == wanted:
                    return

    link = await _link(ann, session)
    await counted(0)
    async with _watching(served, _secret(link)) as watcher:
        await watcher.greet()
        await counted(1)
    await counted(0)


async def test_watchers_have_their_own_places(
    ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    secret = _secret(await _link(ann, session))
    async with contextlib.AsyncExitStack() as views:
        for _ in range(MOST_VIEWERS):
            watcher = await views.enter_async_context(_watching(served, secret))
            await watcher.greet()
        await _refused(served, secret, 4429, "too_many_viewers")
        assert (await ann.post(f"/api/vm/{session.vm_id}/view-ticket")).status_code == 201


async def test_opening_again_and_again_from_one_place_is_written_down_once(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    link = await _link(ann, session)
    for _ in range(3):
        async with _watching(served, _secret(link)) as watcher:
            await watcher.greet()
    assert [deed[0] for deed in await _audit(lab, ann)] == ["made", "opened"]


@pytest.mark.parametrize("secret", ["x", "x" * 43, "x" * 500])
async def test_no_view_with_what_is_no_link(served: str, secret: str) -> None:
    await _refused(served, secret, 4401, "view_link_unknown")


async def test_a_page_of_another_origin_opens_nothing(
    ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    secret = _secret(await _link(ann, session))
    await _refused(served, secret, 4403, "foreign_origin", "http://evil.example.com")


async def test_a_link_opens_nothing_but_its_view(
    ann: httpx.AsyncClient, nobody: httpx.AsyncClient, session: SessionRecord
) -> None:
    secret = _secret(await _link(ann, session))
    bearer = {"Authorization": f"Bearer {secret}"}
    for path in ("/api/me", f"/api/auth/session/{session.session_id}", _path(session)):
        assert (await nobody.get(path, headers=bearer)).status_code == 401
    assert (await nobody.post("/api/sign-in", json={"token": secret})).status_code == 401


async def test_only_the_hash_of_a_secret_is_stored(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord
) -> None:
    link = await _link(ann, session)
    assert link["url"].startswith("http://lab.test/watch#token=")
    async with lab.database.read() as connection:
        (row,) = (await connection.execute(sa.select(view_links))).all()
    assert _secret(link) not in repr(row)
    assert _secret(link) not in json.dumps((await ann.get(_path(session))).json())


async def test_a_link_is_good_for_what_is_asked_up_to_the_settings(
    ann: httpx.AsyncClient, session: SessionRecord
) -> None:
    for asked, given in (
        ({}, DEFAULT_S),
        ({"seconds": 10}, 10),
        ({"seconds": LONGEST_LINK_S}, LONGEST_LINK_S),
    ):
        link = await _link(ann, session, **asked)
        good = dt.datetime.fromisoformat(link["expires_at"]) - dt.datetime.fromisoformat(link["created_at"])
        assert good.total_seconds() == given
    answer = await ann.post(_path(session), json={"seconds": LONGEST_LINK_S + 1})
    assert (answer.status_code, answer.json()["code"]) == (400, "view_link_too_long")
    listed = (await ann.get(_path(session))).json()
    assert (listed["longest_s"], len(listed["links"])) == (LONGEST_LINK_S, 3)


async def test_sharing_can_be_turned_off(lab: Lab, ann: httpx.AsyncClient, session: SessionRecord) -> None:
    lab.context.view_links.longest_s = 0
    answer = await ann.post(_path(session), json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "sharing_off")


async def test_a_session_has_so_many_links_at_a_time(ann: httpx.AsyncClient, session: SessionRecord) -> None:
    links = [await _link(ann, session) for _ in range(MOST_LINKS)]
    answer = await ann.post(_path(session), json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "view_links_full")
    await ann.delete(f"{_path(session)}/{links[0]['link_id']}")
    await _link(ann, session)


async def test_links_that_are_made_at_once_are_no_more_than_may_be(
    ann: httpx.AsyncClient, session: SessionRecord
) -> None:
    asked = [ann.post(_path(session), json={}) for _ in range(MOST_LINKS + 5)]
    answers = sorted(answer.status_code for answer in await asyncio.gather(*asked))
    assert answers == [201] * MOST_LINKS + [409] * 5


async def test_a_link_that_cannot_be_stored_takes_no_place(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> Any:
        raise DiskFull("The disk is full.", remedy="Make room.")

    with monkeypatch.context() as patch:
        patch.setattr(DbViewLinks, "add", full)
        assert (await ann.post(_path(session), json={})).json()["code"] == "disk_full"
    assert lab.context.view_links._good == {}


async def test_a_watcher_who_comes_too_early_and_leaves_gives_the_place_back(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    live = lab.machines.running[0]
    live.settled.clear()
    counted = lab.context.view_links.watchers.count
    async with _watching(served, _secret(await _link(ann, session))) as watcher:
        async with asyncio.timeout(10):
            await watcher.websocket.recv()  # how the sign-in stands
        assert counted(session.session_id) == 1
    await until(lambda: counted(session.session_id) == 0)


async def test_what_nobody_foresaw_is_no_end_of_the_controller_s(
    ann: httpx.AsyncClient, session: SessionRecord, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_guest: object) -> Any:
        raise KeyError("x")

    monkeypatch.setattr("vestibule.drivers.guest.HttpGuest.open_vnc", broken)
    async with _watching(served, _secret(await _link(ann, session))) as watcher:
        assert await watcher.end() == (1011, "internal")


async def test_links_are_their_owner_s_alone(
    ann: httpx.AsyncClient, bob: httpx.AsyncClient, session: SessionRecord
) -> None:
    link = await _link(ann, session)
    answers = [
        await bob.post(_path(session), json={}),
        await bob.get(_path(session)),
        await bob.delete(f"{_path(session)}/{link['link_id']}"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert (await ann.delete(f"{_path(session)}/l-none")).status_code == 404


async def test_links_outlive_the_controller(
    lab: Lab, ann: httpx.AsyncClient, session: SessionRecord, served: str
) -> None:
    secret = _secret(await _link(ann, session))
    lab.context.view_links._good.clear()
    await lab.context.view_links.recover()
    async with _watching(served, secret) as watcher:
        assert await watcher.greet() == b"Vestibule"
