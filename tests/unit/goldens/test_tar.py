from __future__ import annotations

import tarfile
from pathlib import Path

from vestibule.drivers.goldens.tar import PlainTar


def _write(path: Path, source: Path) -> None:
    with PlainTar(path) as tar:
        tar.tree("/usr/lib/x", source)
        tar.link("/etc/systemd/system/a.timer", "/dev/null")


def _source(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__" / "a.pyc").write_bytes(b"x")
    (folder / "b.py").write_text("b")
    (folder / "run").write_text("#!/bin/sh\n")
    return folder


def test_the_archive_depends_on_content_alone(tmp_path: Path) -> None:
    _write(tmp_path / "1.tar", _source(tmp_path, "one"))
    _write(tmp_path / "2.tar", _source(tmp_path, "two"))
    assert (tmp_path / "1.tar").read_bytes() == (tmp_path / "2.tar").read_bytes()


def test_programs_are_executable_and_caches_are_left_out(tmp_path: Path) -> None:
    _write(tmp_path / "1.tar", _source(tmp_path, "one"))
    with tarfile.open(tmp_path / "1.tar") as tar:
        modes = {entry.name: entry.mode for entry in tar.getmembers() if entry.isfile()}
        owners = {(entry.uid, entry.gid) for entry in tar.getmembers()}
    assert modes == {"./usr/lib/x/b.py": 0o644, "./usr/lib/x/run": 0o755}
    assert owners == {(0, 0)}
