"""The wheel stands alone: installed into an empty environment it finds all that it needs."""

import json
import os
import re
import socket
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from vestibule.cli.exit_codes import ExitCode
from vestibule.machinery import goldens_of
from vestibule.resources import find_resources
from vestibule.settings import Settings

ROOT = Path(__file__).parents[3]
NO_GOLDEN = int(ExitCode.UNAVAILABLE)
"""What doctor ends with where the cache is empty."""


def call(argv: Sequence[str | Path], cwd: Path, *, code: int = 0, **environment: str) -> str:
    """What a program prints that must end with this exit code."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("VESTIBULE_", "PYTHON"))
    }
    done = subprocess.run(
        [str(word) for word in argv],
        cwd=cwd,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    call([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT], folder)
    return next(folder.glob("vestibule-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel and what its metadata asks for, at locked versions."""
    folder = tmp_path_factory.mktemp("installed")
    lock = (ROOT / "requirements/run.txt").read_text()
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(re.findall(r"^([A-Za-z0-9._-]+==[^ \\]+)", lock, re.MULTILINE)))
    call([sys.executable, "-m", "venv", folder / "env"], folder)
    pip: list[str | Path] = [
        folder / "env/bin/python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--constraint",
        constraints,
    ]
    call([*pip, wheel], folder)
    return folder


def vestibule(installed: Path, *arguments: str, code: int = 0) -> Any:
    state = installed / "state"
    output = call(
        [installed / "env/bin/vestibule", *arguments, "-o", "json"],
        installed,
        code=code,
        VESTIBULE_STATE_DIR=str(state),
        VESTIBULE_CACHE_DIR=str(installed / "cache"),
        VESTIBULE_RUN_DIR=str(installed / "run"),
    )
    return json.loads(output)


def test_the_wheel_holds_no_tests_and_no_caches(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if "test" in Path(name).parts[0] or "__pycache__" in name] == []
    assert [name for name in names if "/tests/" in name or "node_modules" in name] == []


def test_the_wheel_makes_the_same_golden_as_the_checkout(installed: Path, tmp_path: Path) -> None:
    report = vestibule(installed, "doctor", code=NO_GOLDEN)
    assert report["golden_id"] == goldens_of(Settings(cache_dir=tmp_path)).store.wanted()
    assert report["golden_ready"] is False


def test_doctor_finds_the_web_app(installed: Path) -> None:
    checks = {check["name"]: check for check in vestibule(installed, "doctor", code=NO_GOLDEN)["checks"]}
    assert checks["web app"]["ok"], checks["web app"]


@pytest.mark.golden
def test_the_wheel_comes_up_outside_the_checkout_on_the_checkouts_golden(
    installed: Path, tmp_path: Path
) -> None:
    cache = Settings().cache_dir
    golden_id = goldens_of(Settings()).builder.build(lambda *_: None).golden_id
    before = {path.name for path in (cache / "goldens").iterdir()}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tmp_path.chmod(0o711)
    output = call(
        [installed / "env/bin/vestibule", "up", "--check"],
        installed,
        VESTIBULE_ISOLATION="container",
        VESTIBULE_CACHE_DIR=str(cache),
        VESTIBULE_STATE_DIR=str(tmp_path / "state"),
        VESTIBULE_RUN_DIR=str(tmp_path / "run"),
        VESTIBULE_PORT=str(port),
    )
    assert f"http://127.0.0.1:{port}/dashboard/remote-cli\n" in output
    assert re.search(rf"Sign in, once, as \S+ +http://127\.0\.0\.1:{port}/\S+", output), output
    assert {path.name for path in (cache / "goldens").iterdir()} == before
    assert golden_id in before


def test_goldens_can_be_listed(installed: Path) -> None:
    assert vestibule(installed, "golden", "list") == []


def test_the_same_providers_are_found(installed: Path) -> None:
    source = "import vestibule.resources as r, os; print(*os.listdir(r.find_resources().providers))"
    found = call([installed / "env/bin/python", "-c", source], installed)
    assert sorted(found.split()) == sorted(path.name for path in find_resources().providers.iterdir())


def test_programs_of_the_golden_stay_executable(installed: Path) -> None:
    data = next(installed.glob("env/lib/python3*/site-packages/vestibule/data"))
    for folder, name in ((ROOT / "images", "images"), (ROOT / "agent/demo_tool", "agent/demo_tool")):
        for path in folder.rglob("*"):
            if path.is_file() and os.access(path, os.X_OK):
                assert os.access(data / name / path.relative_to(folder), os.X_OK), path
