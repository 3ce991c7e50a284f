from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import pytest

from vestibule_agent import downloads
from vestibule_agent.downloads import BrokenOffError, DiskFullError, Downloads, chunks_of
from vestibule_agent.file_names import id_of
from vestibule_desktop.paths import Paths
from vestibule_desktop.person import Person

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def kept(home: Path) -> Downloads:
    person = Person(uid=os.geteuid(), gid=os.getegid(), switch=False)
    return Downloads(Paths(home=home), person)


async def _pieces(data: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in data:
        yield piece


async def _put(kept: Downloads, name: str, data: bytes = b"abc", *, quota: int | None = None) -> str:
    return (await kept.take_in(name, len(data), _pieces([data[:1], data[1:]]), quota)).name


async def _read(kept: Downloads, file: str) -> bytes:
    return b"".join([chunk async for chunk in chunks_of(*kept.open(file))])


@pytest.mark.parametrize(
    "name",
    ["a.txt", ".env", "-rf", "a\nb", "q\"u'o`te$(x)", "مرحبا 👩🏽‍🚀.pdf", "é" * 127, "..a", " ", "%2F"],
)
async def test_what_goes_in_under_any_name_comes_out(kept: Downloads, name: str) -> None:
    data = os.urandom(200_000)
    assert await _put(kept, name, data) == name
    (file,) = kept.files()
    assert (file.name, file.size) == (name, len(data))
    assert await _read(kept, file.file) == data


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../x", "/etc/passwd", "a\0b", "x" * 256, "é" * 128, "a.crdownload"]
)
async def test_what_is_no_name_is_refused(kept: Downloads, home: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        await _put(kept, name)
    assert not (home / "Downloads").exists()


async def test_a_name_that_is_taken_gets_a_number(kept: Downloads, home: Path) -> None:
    assert [await _put(kept, "a.tar", data) for data in (b"1", b"2", b"3")] == [
        "a.tar",
        "a (1).tar",
        "a (2).tar",
    ]
    assert (home / "Downloads" / "a.tar").read_bytes() == b"1"
    long = "é" * 127
    await _put(kept, long)
    assert await _put(kept, long) == "é" * 125 + " (1)"


async def test_a_name_that_is_no_utf_8_is_shown_and_read(kept: Downloads, home: Path) -> None:
    (home / "Downloads").mkdir()
    (home / "Downloads" / os.fsdecode(b"caf\xe9")).write_bytes(b"latin")
    (file,) = kept.files()
    assert file.name == r"caf\xe9"
    assert await _read(kept, file.file) == b"latin"


@pytest.mark.parametrize(
    "file",
    [
        id_of(b"../secret"),
        id_of(b".."),
        id_of(b"link"),
        id_of(b"folder"),
        id_of(b"pipe"),
        id_of(b"none"),
        "",
        "!",
        "a",
    ],
)
async def test_nothing_but_plain_files_of_the_folder_comes_out(
    kept: Downloads, home: Path, file: str
) -> None:
    folder = home / "Downloads"
    folder.mkdir()
    (home / "secret").write_text("secret")
    (folder / "link").symlink_to(home / "secret")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    with pytest.raises(LookupError):
        kept.open(file)
    assert kept.files() == []


async def test_a_folder_that_is_a_symlink_is_not_followed(kept: Downloads, home: Path) -> None:
    (home / "elsewhere").mkdir()
    (home / "Downloads").symlink_to(home / "elsewhere")
    for work in (kept.files, lambda: kept.open(id_of(b"x"))):
        with pytest.raises(OSError, match="directory"):
            work()
    with pytest.raises(OSError, match="directory"):
        await _put(kept, "x")
    assert list((home / "elsewhere").iterdir()) == []


async def test_a_file_goes_over_no_symlink(kept: Downloads, home: Path) -> None:
    (home / "Downloads").mkdir()
    (home / "Downloads" / "a").symlink_to(home / "target")
    assert await _put(kept, "a") == "a (1)"
    assert not (home / "target").exists()


@pytest.mark.parametrize("come", [[b"ab"], [], [b"abcd"]])
async def test_of_a_file_of_another_length_nothing_is_left(
    kept: Downloads, home: Path, come: list[bytes]
) -> None:
    with pytest.raises(BrokenOffError):
        await kept.take_in("a", 3, _pieces(come), None)
    assert list((home / "Downloads").iterdir()) == []


async def test_of_a_file_that_is_broken_off_nothing_is_left(kept: Downloads, home: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        assert kept.files() == [], "what is on its way is not there yet"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await kept.take_in("a", 3, broken(), None)
    assert list((home / "Downloads").iterdir()) == []


async def test_what_does_not_fit_is_refused_before_it_comes(
    kept: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _put(kept, "first", b"12345", quota=8)
    with pytest.raises(DiskFullError):
        await _put(kept, "second", b"1234", quota=8)
    assert await _put(kept, "third", b"123", quota=8) == "third"
    monkeypatch.setattr(downloads, "KEPT_FREE_BYTES", 1 << 60)
    with pytest.raises(DiskFullError):
        await _put(kept, "fourth")


async def test_what_is_on_its_way_counts_already(kept: Downloads, home: Path) -> None:
    more = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        await more.wait()
        yield b"12345"

    first = asyncio.create_task(kept.take_in("first", 5, slow(), 8))
    await asyncio.sleep(0)
    with pytest.raises(DiskFullError, match="more than 8"):
        await _put(kept, "second", b"1234", quota=8)
    (coming,) = (home / "Downloads").iterdir()
    assert coming.stat().st_blocks > 0, "its room is taken on the disk, too"
    more.set()
    assert (await first).size == 5


async def test_a_disk_without_room_to_reserve_leaves_nothing(
    kept: Downloads, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DiskFullError):
        await _put(kept, "a")
    assert list((home / "Downloads").iterdir()) == []


async def test_an_empty_file_comes_in(kept: Downloads) -> None:
    assert await _put(kept, "empty", b"") == "empty"
    assert kept.files()[0].size == 0


async def test_a_file_that_is_taken_away_meanwhile_does_not_count(
    kept: Downloads, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _put(kept, "first", b"12345")
    scandir = os.scandir

    @contextlib.contextmanager
    def late(folder: int) -> Iterator[list[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            found = list(entries)
        (home / "Downloads" / "first").unlink(missing_ok=True)
        yield found

    monkeypatch.setattr(os, "scandir", late)
    assert await _put(kept, "second", b"12345678", quota=8) == "second"


@pytest.mark.parametrize(
    ("mtime_s", "told"),
    [(10**18, "9999-12-31T23:59:59+00:00"), (-(10**18), "1970-01-01T00:00:00+00:00")],
)
async def test_a_file_with_an_absurd_time_is_listed(
    kept: Downloads, monkeypatch: pytest.MonkeyPatch, mtime_s: int, told: str
) -> None:
    await _put(kept, "a")
    stat = os.stat

    def absurd(name: bytes, *, dir_fd: int, follow_symlinks: bool) -> os.stat_result:
        found = stat(name, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        return os.stat_result((*found[:8], mtime_s, found[9]))

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", absurd)
        files = kept.files()
    assert [file.modified_at for file in files] == [told]


async def test_the_person_owns_what_was_opened_not_what_has_its_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owned: list[int] = []
    monkeypatch.delattr(os, "chown")
    monkeypatch.setattr(os, "fchown", lambda opened, *_: owned.append(os.fstat(opened).st_ino))
    person = Person(uid=os.geteuid(), gid=os.getegid(), switch=True)
    await _put(Downloads(Paths(home=home), person), "a")
    folder = home / "Downloads"
    assert owned == [folder.stat().st_ino, (folder / "a").stat().st_ino]


async def test_a_disk_that_fills_meanwhile_leaves_nothing(
    kept: Downloads, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DiskFullError):
        await _put(kept, "a")
    assert list((home / "Downloads").iterdir()) == []
