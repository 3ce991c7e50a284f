"""A request to open an address is answered at once, however long the browser takes."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from guest_container import TOKEN, handover

from vestibule_agent import browser
from vestibule_agent.browser import BrowserError
from vestibule_agent.launch import Inherited, Launcher
from vestibule_agent.machine import Machine
from vestibule_agent.routes import Routes
from vestibule_agent.server import Answer, Request
from vestibule_desktop.paths import Paths
from vestibule_desktop.person import Person

pytestmark = pytest.mark.anyio
URL = "https://login.example/"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclasses.dataclass
class _Browser:
    """In place of the machine's: it is there once it is let."""

    there: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    answers: bool = True
    shown: list[str] = dataclasses.field(default_factory=list)

    async def is_there(self, _timeout_s: float) -> None:
        await self.there.wait()

    async def show(self, _profile: Path, url: str) -> None:
        if not self.answers:
            raise BrowserError("no socket")
        self.shown.append(url)


@pytest.fixture
def control() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield theirs


@pytest.fixture
async def machine(tmp_path: Path, control: socket.socket) -> AsyncIterator[Machine]:
    paths = Paths(run=tmp_path, home=tmp_path)
    launcher = Launcher(paths, Person(uid=os.geteuid(), gid=os.getegid(), switch=False))
    machine = Machine(paths, launcher, {}, Inherited(handover_fd=control.fileno(), news_fd=-1))
    machine._introduction.handover = handover()
    yield machine
    assert machine._opening == set()


@pytest.fixture
def desktops(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> _Browser:
    standing_in = _Browser()
    monkeypatch.setattr(machine.desktop, "await_browser", standing_in.is_there)
    monkeypatch.setattr(browser, "show", standing_in.show)
    return standing_in


async def _nothing() -> AsyncIterator[bytes]:
    for chunk in list[bytes]():
        yield chunk


async def _ask(machine: Machine) -> int:
    request = Request(
        method="POST",
        path="/open-url",
        query={},
        headers={"authorization": f"Bearer {TOKEN}"},
        body=b'{"url": "%s"}' % URL.encode(),
        chunks=_nothing(),
    )
    result = await Routes(machine)(request)
    assert isinstance(result, Answer)
    return result.status


async def _opened(machine: Machine) -> list[str]:
    await asyncio.gather(*machine._opening)
    await asyncio.sleep(0)  # those that are done are forgotten then
    return [event.type for event in machine.log._events]


async def test_a_browser_that_is_on_its_way_holds_up_no_answer(machine: Machine, desktops: _Browser) -> None:
    async with asyncio.timeout(20):
        assert await _ask(machine) == 202
        assert desktops.shown == []
        desktops.there.set()
        assert await _opened(machine) == ["browser_opened"]
    assert desktops.shown == [URL]


async def test_a_browser_that_cannot_be_started_is_told_in_the_log(
    machine: Machine,
    desktops: _Browser,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def full(_url: str) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    desktops.answers = False
    desktops.there.set()
    monkeypatch.setattr(machine._launcher, "browser_with", full)
    async with asyncio.timeout(20):
        assert await _ask(machine) == 202
        assert await _opened(machine) == []
    assert "could not be started: [Errno 11]" in capfd.readouterr().err
