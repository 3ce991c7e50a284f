from __future__ import annotations

import os
from pathlib import Path

import pytest

from vestibule.drivers.net.confinement import kvm_groups

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file to another group")
KVM = 106


def _node(folder: Path, gid: int, mode: int) -> Path:
    node = folder / "kvm"
    node.touch()
    os.chown(node, -1, gid)
    node.chmod(mode)
    return node


@needs_root
def test_the_group_that_may_open_kvm_is_kept(tmp_path: Path) -> None:
    assert kvm_groups(_node(tmp_path, KVM, 0o660)) == [KVM]


@needs_root
@pytest.mark.parametrize(("gid", "mode"), [(0, 0o660), (KVM, 0o600), (KVM, 0o640)])
def test_roots_group_and_a_node_closed_to_its_group_give_nothing(tmp_path: Path, gid: int, mode: int) -> None:
    assert kvm_groups(_node(tmp_path, gid, mode)) == []


def test_without_kvm_there_is_no_group(tmp_path: Path) -> None:
    assert kvm_groups(tmp_path / "absent") == []
