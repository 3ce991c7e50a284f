"""A layer that adds: what is new or changed, the folders above it, and nothing that depends on the day."""

from __future__ import annotations

import dataclasses
import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.cache import file_digest
from vestibule.drivers.goldens.difference import write_difference


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One member of a root."""

    path: str
    kind: bytes = tarfile.REGTYPE
    content: bytes = b""
    target: str = ""
    mode: int = 0o644
    uid: int = 0
    mtime: int = 0


def folder(path: str, mode: int = 0o755) -> Entry:
    return Entry(path=path, kind=tarfile.DIRTYPE, mode=mode)


BELOW = (
    folder("."),
    folder("./boot"),
    Entry(path="./boot/initrd.img", content=b"initrd"),
    folder("./etc"),
    Entry(path="./etc/passwd", content=b"root"),
    folder("./usr"),
    folder("./usr/bin", mode=0o775),
    Entry(path="./usr/bin/perl", content=b"perl", mode=0o755),
    Entry(path="./usr/bin/sh", kind=tarfile.SYMTYPE, target="dash"),
)
PERL = "./usr/bin/perl"


def write(file: Path, entries: Sequence[Entry]) -> Path:
    with tarfile.open(file, "w") as archive:
        for entry in entries:
            info = tarfile.TarInfo(entry.path)
            info.type, info.mode, info.uid, info.mtime = entry.kind, entry.mode, entry.uid, entry.mtime
            info.linkname, info.size, info.uname = entry.target, len(entry.content), f"user{entry.mtime}"
            archive.addfile(info, io.BytesIO(entry.content))
    return file


def difference(place: Path, whole: Sequence[Entry]) -> Path:
    write_difference(write(place / "below", BELOW), write(place / "whole", whole), place / "difference")
    return place / "difference"


def members(archive: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(archive) as opened:
        return {info.name: info for info in opened}


def changed(path: str, **other: object) -> list[Entry]:
    return [dataclasses.replace(entry, **other) if entry.path == path else entry for entry in BELOW]  # type: ignore[arg-type]


def test_what_did_not_change_is_not_in_it(tmp_path: Path) -> None:
    assert members(difference(tmp_path, [dataclasses.replace(entry, mtime=9) for entry in BELOW])) == {}


@pytest.mark.parametrize("other", [{"content": b"PERL"}, {"mode": 0o700}, {"uid": 998}])
def test_a_changed_file_comes_with_the_folders_above_it(tmp_path: Path, other: dict[str, object]) -> None:
    found = members(difference(tmp_path, changed(PERL, **other)))
    assert list(found) == ["./usr", "./usr/bin", PERL]
    assert found["./usr/bin"].mode == 0o775, "overlayfs takes a folder's mode from the topmost layer"


def test_a_new_file_keeps_its_content_and_owner(tmp_path: Path) -> None:
    new = Entry(path="./etc/new", content=b"some text", uid=1000)
    with tarfile.open(difference(tmp_path, [*BELOW, new])) as archive:
        file = archive.extractfile("./etc/new")
        assert file is not None
        assert file.read() == b"some text"
        assert archive.getmember("./etc/new").uid == 1000


def test_a_link_that_leads_elsewhere_is_a_change(tmp_path: Path) -> None:
    found = members(difference(tmp_path, changed("./usr/bin/sh", target="bash")))
    assert found["./usr/bin/sh"].linkname == "bash"


def test_a_hard_link_to_a_file_below_is_a_file_of_its_own(tmp_path: Path) -> None:
    link = Entry(path="./usr/bin/perl5", kind=tarfile.LNKTYPE, target=PERL, mode=0o755)
    with tarfile.open(difference(tmp_path, [*BELOW, link])) as archive:
        assert archive.getmember("./usr/bin/perl5").isreg()
        file = archive.extractfile("./usr/bin/perl5")
        assert file is not None
        assert file.read() == b"perl"


def test_a_hard_link_to_a_new_file_stays_one(tmp_path: Path) -> None:
    new = Entry(path="./usr/bin/new", content=b"new")
    link = Entry(path="./usr/bin/newer", kind=tarfile.LNKTYPE, target="./usr/bin/new")
    assert members(difference(tmp_path, [*BELOW, new, link]))["./usr/bin/newer"].islnk()


def test_times_and_names_of_owners_leave_no_trace(tmp_path: Path) -> None:
    digests = set()
    for mtime in (0, 1_700_000_000):
        place = tmp_path / str(mtime)
        place.mkdir()
        digests.add(file_digest(difference(place, changed(PERL, content=b"PERL", mtime=mtime))))
    assert len(digests) == 1


def refused(place: Path, whole: Sequence[Entry]) -> GoldenFailed:
    with pytest.raises(GoldenFailed) as failure:
        difference(place, whole)
    assert "images/base.toml" in failure.value.remedy
    return failure.value


def test_a_file_that_is_taken_away_is_named(tmp_path: Path) -> None:
    failure = refused(tmp_path, [entry for entry in BELOW if entry.path != PERL])
    assert failure.failure_code == "file_taken_away"
    assert "takes away /usr/bin/perl," in failure.cause


def test_a_folder_that_becomes_something_else_is_named(tmp_path: Path) -> None:
    failure = refused(tmp_path, changed("./etc", kind=tarfile.SYMTYPE, target="usr"))
    assert (failure.failure_code, "/etc," in failure.cause) == ("file_taken_away", True)


def test_another_initrd_is_named(tmp_path: Path) -> None:
    failure = refused(tmp_path, changed("./boot/initrd.img", content=b"another"))
    assert failure.failure_code == "kernel_changed"
    assert "/boot/initrd.img" in failure.cause
