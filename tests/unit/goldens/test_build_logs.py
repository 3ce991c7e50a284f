"""Logs of builds: those of what is being made, followed as they grow, begun anew without a loss."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

import pytest
from waiting import until

from vestibule.core.errors import Absent
from vestibule.drivers.goldens import build_logs
from vestibule.drivers.goldens.build_logs import BuildLogs, _Reader
from vestibule.drivers.goldens.cache import Cache

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the logs are."""
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


@pytest.fixture
def logs(folder: Path) -> BuildLogs:
    return BuildLogs(Cache(folder.parent))


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_logs, "_LOOK_S", 0.01)


def write(folder: Path, product: str, text: str, at: int) -> Path:
    path = folder / f"{product}.log"
    path.write_text(text)
    os.utime(path, (at, at))
    return path


def test_the_tail_is_that_of_what_is_being_made_whatever_else_was_written_since(
    logs: BuildLogs, folder: Path
) -> None:
    write(folder, "l-base-1", "one\ntwo\nthree\n", at=1)
    write(folder, "l-base-of-another", "another build\n", at=2)
    assert logs.tail(["l-base-1"], 2) == ["two", "three"]


def test_of_several_products_the_newest_log_counts(logs: BuildLogs, folder: Path) -> None:
    write(folder, "desk-1", "the desktop boots\n", at=1)
    write(folder, "snap-1", "the agent is warm\n", at=2)
    assert logs.tail(["desk-1", "snap-1"], 9) == ["the agent is warm"]


def test_what_has_no_log_yet_has_no_lines(logs: BuildLogs) -> None:
    assert logs.tail(["l-base-1"], 9) == ()
    assert logs.tail([], 9) == ()
    assert logs.latest() is None


def test_the_latest_is_what_was_written_to_last(logs: BuildLogs, folder: Path) -> None:
    write(folder, "l-base-1", "", at=2)
    write(folder, "g-1", "", at=1)
    assert logs.latest() == "l-base-1"


@pytest.mark.parametrize("product", ["nosuch", "../secret", "", "l-base-1/..", "L"])
def test_what_has_no_log_or_can_have_none_is_absent(logs: BuildLogs, folder: Path, product: str) -> None:
    (folder.parent / "secret.log").write_text("x")
    with pytest.raises(Absent):
        logs.require(product)


async def test_lines_are_shown_as_they_are_written_and_only_whole_ones(logs: BuildLogs, folder: Path) -> None:
    shown: list[str] = []
    async with logs.followed(lambda: ["l-base-1"], shown.append):
        with (folder / "l-base-1.log").open("w") as log:
            log.write("first\nsec")
            log.flush()
            await until(lambda: shown == ["first"])
            log.write("ond\n")
            log.flush()
            await until(lambda: shown == ["first", "second"])


async def test_a_product_that_comes_next_is_shown_from_its_beginning(logs: BuildLogs, folder: Path) -> None:
    shown: list[str] = []
    products: list[str] = []
    write(folder, "l-base-1", "the base\n", at=1)
    async with logs.followed(lambda: products, shown.append):
        await asyncio.sleep(0)
        assert shown == []
        products.append("l-base-1")
        await until(lambda: shown == ["the base"])
        write(folder, "g-1", "the golden\n", at=2)
        products[:] = ["g-1"]
        await until(lambda: shown == ["the base", "the golden"])


async def test_a_log_that_is_begun_anew_is_read_from_its_beginning(logs: BuildLogs, folder: Path) -> None:
    shown: list[str] = []
    path = write(folder, "g-1", "a first try\n", at=1)
    async with logs.followed(lambda: ["g-1"], shown.append):
        await until(lambda: shown == ["a first try"])
        aside = write(folder, "aside", "a second\n", at=2)
        aside.rename(path)
        await until(lambda: shown == ["a first try", "a second"])


@pytest.mark.parametrize("second", ["a second", "a second try, with more to tell"])
async def test_a_log_that_is_removed_and_made_again_is_read_from_its_beginning(
    logs: BuildLogs, folder: Path, second: str
) -> None:
    """As the builder does it; ext4 gives the inode of a removed file to the next one."""
    shown: list[str] = []
    path = write(folder, "g-1", "a very first try\n", at=1)
    async with logs.followed(lambda: ["g-1"], shown.append):
        await until(lambda: shown == ["a very first try"])
        path.unlink()
        write(folder, "g-1", f"{second}\n", at=2)
        await until(lambda: shown == ["a very first try", second])


def test_a_log_that_goes_while_it_is_looked_at_is_read_once_it_is_there_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise FileNotFoundError

    shown: list[str] = []
    path = write(folder, "g-1", "a first try\n", at=1)
    with contextlib.closing(_Reader(lambda: path)) as reader:
        reader.show_new(shown.append)
        path.unlink()
        write(folder, "g-1", "a second\n", at=2)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", gone)
            reader.show_new(shown.append)
        reader.show_new(shown.append)
    assert shown == ["a first try", "a second"]


async def test_a_log_that_is_emptied_is_read_from_its_beginning(logs: BuildLogs, folder: Path) -> None:
    shown: list[str] = []
    write(folder, "g-1", "a very first try\n", at=1)
    async with logs.followed(lambda: ["g-1"], shown.append):
        await until(lambda: shown == ["a very first try"])
        write(folder, "g-1", "a second\n", at=2)
        await until(lambda: shown == ["a very first try", "a second"])


async def test_what_is_written_last_is_shown_too(
    logs: BuildLogs, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_logs, "_LOOK_S", 600.0)
    shown: list[str] = []
    async with logs.followed(lambda: ["g-1"], shown.append):
        await asyncio.sleep(0)
        write(folder, "g-1", "the last words\n", at=1)
    assert shown == ["the last words"]
