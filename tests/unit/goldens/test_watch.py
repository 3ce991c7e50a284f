"""Changes of inputs on the disk, once per burst."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from waiting import until

from vestibule.drivers.goldens.watch import input_changes, input_folders
from vestibule.resources import find_resources

pytestmark = pytest.mark.anyio

QUIET_S = 1.0
"""Longer than what is taken for one burst."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Watcher:
    """Counts what the watch yields."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.changes = 0

    async def follow(self) -> None:
        async for _ in input_changes([self.folder]):
            self.changes += 1

    async def settled(self) -> int:
        """How many changes there were, once there are no more."""
        while True:
            seen = self.changes
            try:
                await until(lambda: self.changes > seen, timeout_s=QUIET_S)  # noqa: B023
            except TimeoutError:
                return seen


@pytest.fixture
async def watcher(tmp_path: Path) -> AsyncIterator[Watcher]:
    """At work: it has seen a first change."""
    (tmp_path / "recipes").mkdir()
    found = Watcher(tmp_path)
    task = asyncio.create_task(found.follow())
    try:
        async with asyncio.timeout(30):
            while not found.changes:
                (tmp_path / "first").write_text("x")
                with contextlib.suppress(TimeoutError):
                    await until(lambda: found.changes, timeout_s=0.5)
        found.changes -= await found.settled()
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_changed_file_is_noticed_in_any_depth(watcher: Watcher) -> None:
    (watcher.folder / "recipes/base.toml").write_text("packages = []")
    assert await changed(watcher) == 1


async def changed(watcher: Watcher) -> int:
    await until(lambda: watcher.changes)
    return await watcher.settled()


async def test_many_files_that_change_together_are_one_change(watcher: Watcher) -> None:
    for number in range(50):
        (watcher.folder / f"recipes/{number}").write_text("x")
    assert await changed(watcher) == 1


async def test_a_file_that_an_editor_saves_in_steps_is_one_change(watcher: Watcher) -> None:
    aside = watcher.folder / "recipes/base.toml.new"
    aside.write_text("packages = []")
    aside.rename(watcher.folder / "recipes/base.toml")
    assert await changed(watcher) == 1


async def test_a_file_that_goes_is_a_change(watcher: Watcher) -> None:
    (watcher.folder / "first").unlink()
    assert await changed(watcher) == 1


async def test_compiled_files_are_no_change(watcher: Watcher) -> None:
    (watcher.folder / "__pycache__").mkdir()
    (watcher.folder / "__pycache__/recipe.cpython-311.pyc").write_bytes(b"x")
    (watcher.folder / "recipe.pyc").write_bytes(b"x")
    assert await watcher.settled() == 0


def test_recipes_agent_and_the_code_that_builds_are_watched() -> None:
    resources = find_resources()
    folders = input_folders(resources)
    assert all(folder.is_dir() for folder in folders)
    assert resources.images in folders
    assert resources.agent_package in folders
    assert any((folder / "build.py").is_file() for folder in folders)
