"""A machine's folder is written by the machine: nothing it puts there breaks or misleads the controller."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from vestibule.core.ids import VmId
from vestibule.drivers.run_folders import CONSOLE, EVIDENCE_BYTES, DiskRunFolders

pytestmark = pytest.mark.anyio
VM = VmId("vm-0000000000000001")


@pytest.fixture
def folders(tmp_path: Path) -> DiskRunFolders:
    return DiskRunFolders(run_dir=tmp_path / "run", evidence_dir=tmp_path / "evidence", owner=None)


async def test_only_regular_files_are_read(folders: DiskRunFolders, tmp_path: Path) -> None:
    folder = await folders.make(VM)
    secret = tmp_path / "secret"
    secret.write_text("of the host")
    os.mkfifo(folder / CONSOLE)
    (folder / "link.log").symlink_to(secret)
    (folder / "folder.log").mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "socket.log"))
    (folder / "good.log").write_text("kept")
    async with asyncio.timeout(5):
        assert await folders.console_tail(VM) == ""
        await folders.archive(VM)
    assert [path.name for path in (tmp_path / "evidence" / VM).iterdir()] == ["good.log"]
    assert not folder.exists()


async def test_evidence_makes_no_folder_that_others_may_enter(tmp_path: Path) -> None:
    state = tmp_path / "new" / "state"
    folders = DiskRunFolders(run_dir=tmp_path / "run", evidence_dir=state / "evidence", owner=None)
    (await folders.make(VM) / "console.log").write_text("booted")
    await folders.archive(VM)
    kept = (state / "evidence" / VM, state / "evidence", state, state.parent)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in kept] == [0o700] * 4


async def test_the_end_of_a_long_console_is_kept(folders: DiskRunFolders, tmp_path: Path) -> None:
    folder = await folders.make(VM)
    (folder / CONSOLE).write_bytes(b"x" * EVIDENCE_BYTES + b"\nlast")
    await folders.archive(VM)
    assert (tmp_path / "evidence" / VM / CONSOLE).stat().st_size == EVIDENCE_BYTES
    assert (await folders.console_tail(VM)).endswith("\nlast")
