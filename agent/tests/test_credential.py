from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from vestibule_agent.credential import AlreadyClaimedError, CredentialWatch, inside
from vestibule_agent.documents import InvalidCredentialError
from vestibule_agent.events import EventLog
from vestibule_agent.protocol import (
    MAX_CREDENTIAL_BYTES,
    CredentialFileSpec,
    CredentialSpec,
    Event,
    Verification,
)
from vestibule_agent.verification import NoAnswerError

FILE = CredentialFileSpec(path="~/a/b/c.json", required=["token"])
SPEC = CredentialSpec(files=[FILE, CredentialFileSpec(path="~/beside", format="binary", optional=True)])
VERIFIED = CredentialSpec(files=[FILE], verify=Verification(command=["tool", "status"]))
GOOD = '{"token": "fake"}'


async def nothing_asked(_: Verification) -> None:
    """Nothing declares a verification here."""


async def first_events(
    home: Path,
    act: Callable[[Path], None],
    last: str,
    spec: CredentialSpec = SPEC,
    ask: Callable[[Verification], Awaitable[None]] = nothing_asked,
) -> list[Event]:
    log, seen = EventLog(), []
    watch = CredentialWatch(spec, home, os.getuid(), log, ask)
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
    watch = CredentialWatch(SPEC, tmp_path, os.getuid(), EventLog(), nothing_asked)
    assert watch.claim() is None
    (tmp_path / "a" / "b" / "c.json").write_text(GOOD)
    assert watch.claim() is not None
    with pytest.raises(AlreadyClaimedError):
        watch.claim()


def test_another_users_file_is_no_credential(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.json").write_text(GOOD)
    assert CredentialWatch(SPEC, tmp_path, os.getuid() + 1, EventLog(), nothing_asked).claim() is None


@pytest.mark.parametrize("path", ["/etc/passwd", "~/../x", "~/", "~", "../x"])
def test_a_path_outside_the_home_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="below"):
        inside(Path("/home/person"), path)


def written(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "c.json").write_text(GOOD)


def test_what_the_tool_knows_as_a_login_is_one(tmp_path: Path) -> None:
    asked = []

    async def ask(verification: Verification) -> None:
        asked.append(verification.command)

    events = asyncio.run(first_events(tmp_path, written, "credential_valid", VERIFIED, ask))
    assert (asked, events[-1].data["unverified"]) == ([["tool", "status"]], None)


def test_what_the_tool_refuses_is_none_until_it_is_written_again(tmp_path: Path) -> None:
    answers = iter([InvalidCredentialError("tool status says that it is no login"), None])

    async def ask(_: Verification) -> None:
        (tmp_path / "a/b/c.json").write_text('{"token": "fake, again"}')
        if (refusal := next(answers)) is not None:
            raise refusal

    events = asyncio.run(first_events(tmp_path, written, "credential_valid", VERIFIED, ask))
    assert [event.type for event in events] == ["credential_seen", "credential_invalid", "credential_valid"]


def test_what_is_there_is_judged_before_the_watch_has_settled(tmp_path: Path) -> None:
    written(tmp_path / "a/b")

    async def settle() -> list[str]:
        asked, go_on, log = asyncio.Event(), asyncio.Event(), EventLog()

        async def ask(_: Verification) -> None:
            asked.set()
            await go_on.wait()

        watch = CredentialWatch(VERIFIED, tmp_path, os.getuid(), log, ask)
        watch.start()
        await asked.wait()
        settled = asyncio.ensure_future(watch.settled())
        await asyncio.sleep(0)
        assert not settled.done()
        go_on.set()
        await settled
        watch.stop()
        return [event.type for event in log._events]

    assert asyncio.run(settle()) == ["credential_seen", "credential_valid"]


def test_a_tool_without_an_answer_does_not_lose_the_login(tmp_path: Path) -> None:
    async def ask(_: Verification) -> None:
        raise NoAnswerError("tool status gave no answer within 20 s")

    events = asyncio.run(first_events(tmp_path, written, "credential_valid", VERIFIED, ask))
    assert events[-1].data["unverified"] == "tool status gave no answer within 20 s"


def test_a_set_of_files_is_claimed_with_declared_modes(tmp_path: Path) -> None:
    written(tmp_path / "a/b")
    (tmp_path / "a/b/c.json").chmod(0o666)
    (tmp_path / "beside").write_bytes(b"\0more")
    claimed = CredentialWatch(SPEC, tmp_path, os.getuid(), EventLog(), nothing_asked).claim()
    assert claimed is not None
    assert {file.path: file.mode for file in claimed.files} == {"~/a/b/c.json": 0o600, "~/beside": 0o600}
    assert base64.b64decode(claimed.files[1].content) == b"\0more"


@pytest.mark.parametrize("kind", ["none", "link", "large"])
def test_an_optional_file_that_cannot_be_taken_is_left(tmp_path: Path, kind: str) -> None:
    written(tmp_path / "a/b")
    if kind == "link":
        (tmp_path / "beside").symlink_to("/etc/hostname")
    if kind == "large":
        (tmp_path / "beside").write_bytes(b"x" * (MAX_CREDENTIAL_BYTES + 1))
    claimed = CredentialWatch(SPEC, tmp_path, os.getuid(), EventLog(), nothing_asked).claim()
    assert claimed is not None
    assert [file.path for file in claimed.files] == ["~/a/b/c.json"]


def test_a_file_that_is_too_large_is_no_login(tmp_path: Path) -> None:
    def act(folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "c.json").write_text('{"token": "' + "x" * MAX_CREDENTIAL_BYTES + '"}')

    events = asyncio.run(first_events(tmp_path, act, "credential_invalid"))
    assert "larger than" in events[-1].data["cause"]


def test_what_the_tool_refused_is_asked_about_once_more_when_it_has_ended(tmp_path: Path) -> None:
    written(tmp_path / "a/b")
    asked: list[Verification] = []

    async def ask(verification: Verification) -> None:
        asked.append(verification)
        if len(asked) == 1:
            raise InvalidCredentialError("tool status says that it is no login")

    assert _settled(tmp_path, ask) == ["credential_seen", "credential_invalid", "credential_valid"]


def test_what_the_tool_refuses_twice_is_told_once_and_not_asked_about_again(tmp_path: Path) -> None:
    written(tmp_path / "a/b")
    asked: list[Verification] = []

    async def ask(verification: Verification) -> None:
        asked.append(verification)
        raise InvalidCredentialError("tool status says that it is no login")

    assert _settled(tmp_path, ask) == ["credential_seen", "credential_invalid"]
    assert len(asked) == 2


def _settled(home: Path, ask: Callable[[Verification], Awaitable[None]]) -> list[str]:
    """The events of a watch that has heard a first answer, and then settled."""

    async def settle() -> list[str]:
        log = EventLog()
        watch = CredentialWatch(VERIFIED, home, os.getuid(), log, ask)
        watch.start()
        async with asyncio.timeout(10):
            async for event in log.follow(0):
                if event.type == "credential_invalid":
                    break
            await watch.settled()
        watch.stop()
        return [event.type for event in log._events]

    return asyncio.run(settle())


def test_it_settles_only_after_what_was_written_while_the_tool_was_asked(tmp_path: Path) -> None:
    answers = iter([InvalidCredentialError("tool status says that it is no login"), None])

    async def ask(_: Verification) -> None:
        for _turn in range(9):
            await asyncio.sleep(0)
        (tmp_path / "a/b/c.json").write_text('{"token": "fake, again"}')
        if (refusal := next(answers)) is not None:
            raise refusal

    async def settle() -> str:
        log = EventLog()
        watch = CredentialWatch(VERIFIED, tmp_path, os.getuid(), log, ask)
        watch.start()
        await watch.settled()
        watch.stop()
        return log._events[-1].type

    written(tmp_path / "a/b")
    assert asyncio.run(settle()) == "credential_valid"


@pytest.mark.parametrize(
    ("now", "claimed"), [("", GOOD), ('{"tok', GOOD), (None, GOOD), ('{"token": "new"}', '{"token": "new"}')]
)
def test_a_claim_is_what_was_announced_unless_what_is_there_now_is_a_login(
    tmp_path: Path, now: str | None, claimed: str
) -> None:
    written(tmp_path / "a/b")

    async def claim() -> bytes:
        watch = CredentialWatch(SPEC, tmp_path, os.getuid(), EventLog(), nothing_asked)
        watch.start()
        watch.stop()
        file = tmp_path / "a/b/c.json"
        file.unlink() if now is None else file.write_text(now)
        credential = watch.claim()
        assert credential is not None
        return base64.b64decode(credential.files[0].content)

    assert asyncio.run(claim()).decode() == claimed


def test_what_does_not_fit_in_beside_the_login_is_not_handed_over(tmp_path: Path) -> None:
    written(tmp_path / "a/b")
    (tmp_path / "beside").write_bytes(b"x" * MAX_CREDENTIAL_BYTES)
    claimed = CredentialWatch(SPEC, tmp_path, os.getuid(), EventLog(), nothing_asked).claim()
    assert claimed is not None
    assert [file.path for file in claimed.files] == ["~/a/b/c.json"]
