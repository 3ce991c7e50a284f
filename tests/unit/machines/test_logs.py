"""Logs of machines: nothing is told between run and evidence folder; only plain files are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vestibule.core.errors import Absent
from vestibule.core.ids import VmId
from vestibule.drivers.log_files import DiskLogFiles
from vestibule.services import machine_logs as module
from vestibule.services.machine_logs import LogTail, MachineLogs

pytestmark = pytest.mark.anyio

VM = VmId("vm-1")


class World:
    """One machine: its folders, and whether it runs."""

    def __init__(self, folder: Path) -> None:
        self.run, self.evidence = folder / "run/machines/vm-1", folder / "evidence/vm-1"
        self.secrets: tuple[str, ...] | None = ("visibly-fake token",)
        self.held = {VM}
        self.logs = MachineLogs(
            files=DiskLogFiles(run_dir=folder / "run", evidence_dir=folder / "evidence"),
            held=lambda: self.held,
            secrets=lambda _: self.secrets,
        )
        self.run.mkdir(parents=True)

    def end(self) -> None:
        """It is gone, and what was kept of it is in its place."""
        self.secrets, self.held = None, set()
        self.evidence.mkdir(parents=True)
        for log in self.run.glob("*.log"):
            log.rename(self.evidence / log.name)

    async def first(self) -> LogTail | None:
        return await anext(self.logs.follow(VM, "console.log"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_running_machine_s_log_hides_what_is_known_to_be_secret(world: World) -> None:
    (world.run / "console.log").write_text("a visibly-fake token\n")
    assert await world.first() == LogTail(text="a (pasted text)\n", whole=True, ended=False)


async def test_only_its_end_is_told_of_a_long_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MachineLogs, "MOST_BYTES", 10)
    (world.run / "console.log").write_text("first line\nsecond\nlast\n")
    assert await world.first() == LogTail(text="last\n", whole=False, ended=False)


async def test_what_is_told_of_one_that_ended_is_its_evidence_and_the_last(world: World) -> None:
    (world.run / "console.log").write_text("done\n")
    world.end()
    assert [tail async for tail in world.logs.follow(VM, "console.log")] == [
        LogTail(text="done\n", whole=True, ended=True)
    ]


async def test_nothing_is_told_while_it_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.001)
    monkeypatch.setattr(module, "KEEP_ALIVE_S", 0.01)
    (world.run / "console.log").write_text("a visibly-fake token\n")
    world.secrets = None  # it is being ended: what hides its secrets is gone, its folder is not yet
    followed = world.logs.follow(VM, "console.log")
    assert await anext(followed) is None
    assert await world.logs.list(VM) == []
    (world.run / "console.log").write_text("a (hidden)\n")
    world.end()
    assert [tail.text async for tail in followed if tail] == ["a (hidden)\n"]


async def test_a_follower_is_told_what_grows_and_ends_with_the_controller(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.001)
    (world.run / "console.log").write_text("one\n")
    followed = world.logs.follow(VM, "console.log")
    texts = [(await anext(followed) or LogTail(text="", whole=True, ended=True)).text]
    (world.run / "console.log").write_text("one\ntwo\n")
    texts.append((await anext(followed) or LogTail(text="", whole=True, ended=True)).text)
    world.logs.close()
    assert texts == ["one\n", "one\ntwo\n"]
    assert [tail async for tail in followed] == []


async def test_links_and_pipes_are_no_logs(world: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("visibly-fake")
    (world.run / "console.log").symlink_to(secret)
    os.mkfifo(world.run / "pipe.log")
    (world.run / "folder.log").mkdir()
    assert await world.logs.list(VM) == []
    for name in ("console.log", "pipe.log", "folder.log"):
        with pytest.raises(Absent, match="has no log"):
            await world.logs.require(VM, name)


async def test_a_machine_without_a_folder_has_no_logs(world: World) -> None:
    world.secrets, world.held = None, set()
    assert await world.logs.list(VM) == []
