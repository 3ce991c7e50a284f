from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from vestibule_agent.credential import AlreadyClaimedError, CredentialWatch, inside
from vestibule_agent.events import EventLog
from vestibule_agent.protocol import CredentialSpec, Event

SPEC = CredentialSpec(path="~/a/b/c.json", required=["token"])
GOOD = '{"token": "fake"}'


async def first_events(home: Path, act: Callable[[Path], None], last: str) -> list[Event]:
    log, seen = EventLog(), []
    watch = CredentialWatch(SPEC, home, os.getuid(), log)
    watch.start()
    act(home / "a" / "b")
    try:
        async with asyncio.timeout(10):
            async for event in log.follow(0):
                seen.append(event)
                if event.type == last:
                    break
    finally:
        watch.stop()
    return seen


def test_a_credential_in_folders_made_later_is_seen(tmp_path: Path) -> None:
    def act(folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "c.json").write_text(GOOD)

    events = asyncio.run(first_events(tmp_path, act, "credential_valid"))
    assert events[0].type == "credential_seen"


def test_a_renamed_credential_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)

    def act(folder: Path) -> None:
        (folder / "aside").write_text(GOOD)
        (folder / "aside").rename(folder / "c.json")

    assert asyncio.run(first_events(tmp_path, act, "credential_valid"))


def test_a_symlink_is_no_credential(tmp_path: Path) -> None:
    def act(folder: Path) -> None:
        folder.mkdir(parents=True)
        (tmp_path / "elsewhere").write_text(GOOD)
        (folder / "c.json").symlink_to(tmp_path / "elsewhere")

    events = asyncio.run(first_events(tmp_path, act, "credential_invalid"))
    assert "symbolic" in events[-1].data["cause"]


def test_a_claim_is_made_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    watch = CredentialWatch(SPEC, tmp_path, os.getuid(), EventLog())
    assert watch.claim() is None
    (tmp_path / "a" / "b" / "c.json").write_text(GOOD)
    assert watch.claim() is not None
    with pytest.raises(AlreadyClaimedError):
        watch.claim()


def test_another_users_file_is_no_credential(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.json").write_text(GOOD)
    assert CredentialWatch(SPEC, tmp_path, os.getuid() + 1, EventLog()).claim() is None


@pytest.mark.parametrize("path", ["/etc/passwd", "~/../x", "~/", "~", "../x"])
def test_a_path_outside_the_home_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="below"):
        inside(Path("/home/person"), path)
