"""The scripts behind the two commands, for somebody who is not root and when something fails."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]


def program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def call(*argv: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(word) for word in argv],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def packages(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text(
        "# comment\n\nbash            # a package that is there\nno-such-thing   # one that is not\n"
    )
    return path


def test_who_is_not_root_gets_the_one_command_to_run(tmp_path: Path) -> None:
    program(tmp_path, "id", "echo 1000")
    done = call(ROOT / "scripts/install-debian", packages(tmp_path), PATH=f"{tmp_path}:/usr/bin:/bin")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error packages_missing: no-such-thing",
        "FIX: sudo apt-get update && sudo apt-get install --yes --no-install-recommends no-such-thing",
    ]


def test_root_installs_what_is_missing_and_nothing_else(tmp_path: Path) -> None:
    program(tmp_path, "id", "echo 0")
    program(tmp_path, "apt-get", f'echo "$@" >> "{tmp_path}/calls"')
    done = call(ROOT / "scripts/install-debian", packages(tmp_path), PATH=f"{tmp_path}:/usr/bin:/bin")
    assert done.returncode == 0
    assert (tmp_path / "calls").read_text().splitlines() == [
        "update -q",
        "install --yes -q --no-install-recommends no-such-thing",
    ]


def test_nothing_is_called_when_nothing_is_missing(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("bash\n")
    program(tmp_path, "apt-get", "exit 9")
    done = call(ROOT / "scripts/install-debian", tmp_path / "list.txt", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_step_that_works_is_one_line() -> None:
    done = call(ROOT / "scripts/quietly", "a step", "echo", "noise")
    assert done.returncode == 0
    assert "noise" not in done.stdout + done.stderr
    assert done.stdout.startswith("  a step …")


def test_a_step_that_fails_shows_everything_and_keeps_its_exit_code() -> None:
    done = call(ROOT / "scripts/quietly", "a step", "sh", "-c", "echo noise; exit 7")
    assert done.returncode == 7
    assert "noise" in done.stderr
    assert "FIX: " in done.stderr


def test_a_step_that_takes_long_names_the_file_with_its_output(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    step = subprocess.Popen(
        [ROOT / "scripts/quietly", "a step", "sh", "-c", f"echo noise; read x <{fifo}"],
        env={"PATH": "/usr/bin:/bin", "QUIETLY_PATIENCE_S": "0.2"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with step:
        assert step.stdout is not None
        said = ""
        while ")" not in said:
            said += step.stdout.read(1)
        log = Path(said.partition("(so far: ")[2].rstrip(")"))
        assert log.read_text() == "noise\n"
        fifo.write_text("go on\n")
        assert step.wait() == 0
    assert not log.exists()


def test_the_package_lists_name_nothing_twice() -> None:
    names = [
        line.split("#")[0].strip()
        for path in (ROOT / "requirements").glob("debian*.txt")
        for line in path.read_text().splitlines()
        if line.split("#")[0].strip()
    ]
    assert len(names) == len(set(names)) > 10


def test_make_without_a_home_says_what_to_do() -> None:
    done = call("make", "home")
    assert done.returncode != 0
    assert "error home_unset" in done.stderr


def test_every_script_is_executable_and_parses() -> None:
    for path in [*(ROOT / "scripts").iterdir(), ROOT / ".ci/run"]:
        assert path.stat().st_mode & 0o111, path.name
        assert call("bash", "-n", path).returncode == 0, path.name
