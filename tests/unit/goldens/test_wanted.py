"""The recipe that today's inputs make, asked of a fresh process."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from waiting import until

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens import wanted
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.drivers.goldens.wanted import read_recipe
from vestibule.resources import find_resources

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Another program in Python's place."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


async def trouble() -> str:
    with pytest.raises(GoldenFailed) as refused:
        await read_recipe()
    assert refused.value.failure_code == "recipe_invalid"
    return refused.value.cause


async def test_a_fresh_process_names_the_same_golden_as_this_one() -> None:
    assert await read_recipe() == read_spec(find_resources()).recipe


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("echo 'images/base.toml has no packages' >&2; exit 1", "images/base.toml has no packages"),
        ("echo Traceback >&2; echo 'SyntaxError: invalid' >&2; exit 1", "SyntaxError: invalid"),
        ("exit 1", "nothing was said"),
        ("echo '{}'", "nothing was said"),
        ("echo '[]'", "nothing was said"),
        ("echo 'no JSON'", "nothing was said"),
    ],
)
async def test_inputs_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, cause: str
) -> None:
    stand_in(tmp_path, monkeypatch, script)
    assert await trouble() == f"the inputs of the golden cannot be read: {cause}"


def _alive(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text()), 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_reading_that_hangs_is_given_up_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wanted, "_READ_S", 2.0)
    stand_in(tmp_path, monkeypatch, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    assert "it took longer than 2 s" in await trouble()
    assert not _alive(tmp_path / "pid")


async def test_who_gives_up_ends_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aside, pid = tmp_path / "new", tmp_path / "pid"
    stand_in(tmp_path, monkeypatch, f"echo $$ > {aside}; mv {aside} {pid}; exec sleep 600")
    task = asyncio.create_task(read_recipe())
    await until(pid.exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _alive(pid)
