"""The jail around the host's own root: what a stranger's program finds in there."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from vestibule.drivers.goldens.jail import WRITABLE, Jail

HOST = Path("/")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user of the host can reach; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def _run(script: str, writable: Path | None = None) -> str:
    argv = Jail().argv(["sh", "-c", script], rootfs=HOST, writable=writable)
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_an_ordinary_user_without_capabilities() -> None:
    assert _run("id -u; id -g; grep CapEff /proc/self/status").split() == [
        "1000",
        "1000",
        "CapEff:",
        "0" * 16,
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has root to give up")
def test_a_file_that_only_root_reads_stays_closed(folder: Path) -> None:
    secret = folder / "secret"
    secret.write_text("kept")
    secret.chmod(0o600)
    assert _run(f"cat {WRITABLE}/secret 2>/dev/null || echo refused", folder) == "refused\n"


def test_nothing_of_the_builders_environment_is_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILDER_TOKEN", "fake-token")
    assert "fake-token" not in _run("env; cat /proc/*/environ | tr '\\0' '\\n'")


def test_there_is_no_network() -> None:
    devices = [line.split(":")[0].strip() for line in _run("cat /proc/net/dev").splitlines()[2:]]
    assert devices == ["lo"]


def test_the_root_cannot_be_written() -> None:
    assert _run("touch /usr/planted 2>/dev/null || echo refused") == "refused\n"


def test_no_disk_of_the_host_is_inside() -> None:
    assert _run("find /dev -type b") == ""


def test_the_one_writable_folder_takes_what_is_written(folder: Path) -> None:
    subprocess.run(Jail().handed_over(folder), check=True)
    _run(f"echo made > {WRITABLE}/file", folder)
    assert (folder / "file").read_text() == "made\n"
