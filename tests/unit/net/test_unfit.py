"""A host without user namespaces gets the exact command that mends it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from vestibule.drivers.net.unfit import explain

ALLOWING = {
    "kernel/unprivileged_userns_clone": "1",
    "kernel/apparmor_restrict_unprivileged_userns": "0",
    "user/max_user_namespaces": "90000",
    "user/max_net_namespaces": "90000",
}


def sysctls(folder: Path, **values: str) -> Path:
    for name, value in (ALLOWING | {key.replace("__", "/"): value for key, value in values.items()}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"{value}\n")
    return folder


@pytest.mark.parametrize(
    ("switch", "value", "setting"),
    [
        ("kernel__unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        (
            "kernel__apparmor_restrict_unprivileged_userns",
            "1",
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        ("user__max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ],
)
def test_the_switch_that_forbids_is_named(tmp_path: Path, switch: str, value: str, setting: str) -> None:
    error = explain("user_namespace", errno.EPERM, sysctls=sysctls(tmp_path, **{switch: value}))
    assert error.remedy == f"sudo sysctl -w {setting}"
    assert error.failure_code == "no_user_namespaces"


def test_an_exhausted_limit_is_raised(tmp_path: Path) -> None:
    error = explain("user_namespace", errno.ENOSPC, sysctls=sysctls(tmp_path))
    assert "user.max_user_namespaces=" in error.remedy


def test_without_a_switch_the_kernel_or_the_outer_container_is_named(tmp_path: Path) -> None:
    error = explain("network_namespace", errno.EPERM, sysctls=tmp_path)
    assert "seccomp=unconfined" in error.remedy
    assert "network namespace" in error.cause
    assert error.evidence["errno"] == "EPERM"
