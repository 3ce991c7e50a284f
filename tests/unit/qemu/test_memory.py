from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest

from vestibule.drivers.machines.qemu.memory import TemplateMemory, copy_sparse, extents, new_memory

PAGE = 4096
SIZE = 64 * PAGE


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "memory.img"
    with path.open("wb") as file:
        os.ftruncate(file.fileno(), SIZE)
        os.pwrite(file.fileno(), b"\1" * PAGE, 3 * PAGE)
        os.pwrite(file.fileno(), b"\2" * PAGE, 63 * PAGE)
    return path


def test_a_copy_is_equal_and_leaves_zero_pages_out(tmp_path: Path) -> None:
    source = new_memory(SIZE)
    os.pwrite(source, b"\1" * PAGE + bytes(PAGE), 8 * PAGE)
    with (tmp_path / "copy").open("w+b") as target:
        assert copy_sparse(source, target.fileno()) == PAGE
        assert os.pread(target.fileno(), SIZE, 0) == os.pread(source, SIZE, 0)
    os.close(source)


def test_extents_end_with_the_data(tmp_path: Path) -> None:
    path = tmp_path / "hole"
    path.touch()
    os.truncate(path, SIZE)
    with path.open("rb") as file:
        assert list(extents(file.fileno(), SIZE)) == []


def test_a_template_cannot_be_changed_by_who_opens_it_for_writing(image: Path) -> None:
    template = TemplateMemory(image)
    opened = os.open(f"/proc/self/fd/{template.fd}", os.O_RDWR)
    with pytest.raises(PermissionError):
        os.pwrite(opened, b"x", 0)
    with pytest.raises(PermissionError):
        mmap.mmap(opened, SIZE, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    os.close(opened)
    template.close()


def test_a_private_view_can_be_written_and_the_template_stays(image: Path) -> None:
    template = TemplateMemory(image)
    view = mmap.mmap(template.fd, SIZE, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    view[3 * PAGE] = 9
    assert os.pread(template.fd, 1, 3 * PAGE) == b"\1"
    view.close()
    template.close()
