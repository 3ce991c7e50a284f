"""The driver is chosen by what was proven; checks name what is missing, with the fix."""

import dataclasses
import socket
from pathlib import Path

import pytest

from vestibule.core.errors import HostUnfit
from vestibule.core.machines import DriverName, Isolation
from vestibule.drivers.host import LocalHost
from vestibule.drivers.net.cgroups import Kind, LimitsReport
from vestibule.drivers.net.client import NetworkReport
from vestibule.services.host import Accelerator, Check, choose
from vestibule.services.machine_settings import Choice

KVM = Accelerator(works=True, why="a probe guest booted in 0.4 s")
NO_KVM = Accelerator(works=False, why="a probe guest hung")


@pytest.mark.parametrize(
    ("isolation", "accelerator", "driver"),
    [
        ("auto", KVM, DriverName.QEMU),
        ("auto", NO_KVM, DriverName.CONTAINER),
        ("vm", NO_KVM, DriverName.QEMU),
        ("container", KVM, DriverName.CONTAINER),
    ],
)
def test_choice_of_driver(isolation: str, accelerator: Accelerator, driver: DriverName) -> None:
    assert choose(isolation, accelerator).driver is driver


def test_the_choice_says_what_the_probe_saw() -> None:
    assert "a probe guest hung" in choose("auto", NO_KVM).why


CONTAINERS = Choice(driver=DriverName.CONTAINER, isolation=Isolation.CONTAINER, why="asked for")


async def _network() -> NetworkReport:
    limits = LimitsReport(
        kind=Kind.NONE,
        memory=False,
        pids=True,
        cpu=False,
        freezer=False,
        where="RLIMIT_NPROC",
        remedy="Delegate a scope.",
    )
    return NetworkReport(uid=1000, limits=limits)


async def _no_network() -> NetworkReport:
    raise HostUnfit("user namespaces are off", remedy="sudo sysctl -w user.max_user_namespaces=15000")


def host(tmp_path: Path, *, port: int = 0, network: bool = True) -> LocalHost:
    return LocalHost(
        state_dir=tmp_path / "state",
        cache_dir=tmp_path / "cache",
        run_dir=tmp_path / "run",
        min_free_mib=1,
        web_dir=tmp_path / "web",
        address=("127.0.0.1", port),
        network=_network if network else _no_network,
        accelerator=NO_KVM,
        vault=lambda: Check(name="master key", ok=True, detail="in its file"),
    )


@pytest.mark.anyio
async def test_a_disk_that_readyz_would_refuse_is_told(tmp_path: Path) -> None:
    full = dataclasses.replace(host(tmp_path), min_free_mib=1 << 40)
    check = (await found(full))["room"]
    assert not check.ok
    assert "min_free_mib" in check.detail
    assert (await found(host(tmp_path)))["room"].ok


async def found(subject: LocalHost) -> dict[str, Check]:
    return {check.name: check for check in await subject.checks(CONTAINERS)}


@pytest.mark.anyio
async def test_a_missing_program_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    checks = await found(host(tmp_path))
    assert not checks["bwrap"].ok
    assert "bubblewrap" in str(checks["bwrap"].fix)
    assert checks["bwrap"].needed
    assert not checks["qemu-system-x86_64"].needed


@pytest.mark.anyio
async def test_forbidden_namespaces_carry_the_broker_s_remedy(tmp_path: Path) -> None:
    check = (await found(host(tmp_path, network=False)))["user namespaces"]
    assert (check.ok, check.needed, check.fix) == (
        False,
        True,
        "sudo sysctl -w user.max_user_namespaces=15000",
    )


@pytest.mark.anyio
async def test_weak_limits_are_a_note_and_not_a_refusal(tmp_path: Path) -> None:
    check = (await found(host(tmp_path)))["limits"]
    assert (check.ok, check.needed, check.fix) == (False, False, "Delegate a scope.")


@pytest.mark.anyio
async def test_a_port_of_another_program_is_found(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0)
        port = other.getsockname()[1]
        check = (await found(host(tmp_path, port=port)))["port"]
    assert not check.ok
    assert str(port) in check.detail


@pytest.mark.anyio
@pytest.mark.parametrize(("mode", "ok"), [(0o700, True), (0o755, False)])
async def test_others_may_not_enter_the_state_folder(tmp_path: Path, mode: int, ok: bool) -> None:  # noqa: FBT001 (a parameter of the table)
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(mode)
    assert (await found(host(tmp_path)))["state folder"].ok is ok


@pytest.mark.anyio
async def test_a_missing_web_app_is_named(tmp_path: Path) -> None:
    assert not (await found(host(tmp_path)))["web app"].ok
    (tmp_path / "web").mkdir()
    (tmp_path / "web/index.html").write_text("<!doctype html>")
    assert (await found(host(tmp_path)))["web app"].ok
