"""A host that lacks a program: the commands name it with the way to get it, and exit code 6."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from controller import VESTIBULE, running

from vestibule.cli.exit_codes import ExitCode

MISSING = [
    ("bwrap", "container", "bubblewrap", "no_bubblewrap"),
    ("qemu-system-x86_64", "vm", "qemu-system-x86", "no_qemu"),
]
"""Program, the isolation that needs it, Debian's package, the failure's code."""


@pytest.fixture
def path_without(tmp_path: Path) -> Callable[[str], str]:
    """A PATH with every program of this host's but one."""

    def make(program: str) -> str:
        folder = tmp_path / "bin"
        folder.mkdir()
        for place in map(Path, os.environ["PATH"].split(":")):
            for found in place.iterdir() if place.is_dir() else ():
                if found.name != program and not (folder / found.name).is_symlink():
                    (folder / found.name).symlink_to(found)
        return str(folder)

    return make


def _run(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [VESTIBULE, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(("program", "isolation", "package"), [row[:3] for row in MISSING])
def test_it_is_named_before_anything_is_started(
    path_without: Callable[[str], str], tmp_path: Path, program: str, isolation: str, package: str
) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VESTIBULE_")}
    environment = inherited | {
        "PATH": path_without(program),
        "VESTIBULE_ISOLATION": isolation,
        "VESTIBULE_STATE_DIR": str(tmp_path / "state"),
        "VESTIBULE_RUN_DIR": str(tmp_path / "run"),
    }
    for command in (["doctor"], ["up", "--check"]):
        done = _run(command, environment)
        said = done.stdout + done.stderr
        assert done.returncode == ExitCode.UNAVAILABLE, said
        assert program in said
        assert f"FIX: apt-get install {package}\n" in said
        assert "Traceback" not in said


@pytest.mark.golden
@pytest.mark.usefixtures("golden")
@pytest.mark.parametrize(("program", "isolation", "package", "code"), MISSING)
def test_a_controller_goes_on_and_refuses_machines(
    path_without: Callable[[str], str], program: str, isolation: str, package: str, code: str
) -> None:
    with running(PATH=path_without(program), VESTIBULE_ISOLATION=isolation) as controller:
        controller.settled()
        done = _run(["vm", "start"], controller.environment)
        assert done.returncode == ExitCode.UNAVAILABLE, done.stderr
        assert done.stderr.startswith(f"error {code}: "), done.stderr
        (fix,) = [line for line in done.stderr.splitlines() if line.startswith("FIX: ")]
        assert package in fix
        with controller.client() as client:
            assert client.get("/livez").is_success
