"""A kernel that panics while a desktop boots is named in its own words, and booted once more."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from vestibule.core.errors import GoldenFailed, MachineFailed
from vestibule.core.failures.codes import FailureCode
from vestibule.core.goldens import DesktopKey, Recipe
from vestibule.core.ids import GoldenId
from vestibule.core.machines import Limits
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.machines.qemu import desktops
from vestibule.drivers.machines.qemu.desktops import DesktopStore
from vestibule.drivers.machines.qemu.process import QemuProcess
from vestibule.drivers.machines.qemu.template import Steps, await_line
from vestibule.services.ports import Network

pytestmark = pytest.mark.anyio

PANIC = "[    1.237814] Kernel panic - not syncing: Fatal exception in interrupt\r\n"
GOLDEN, LIMITS = GoldenId("g-first"), Limits(mem_mib=1024, vcpus=2, pids=64)


def ended() -> QemuProcess:
    """One that has ended by itself."""

    async def wait() -> str:
        return "exit code 0"

    def failure(cause: str) -> MachineFailed:
        return MachineFailed(cause, remedy="", code="qemu_failed")

    return cast("QemuProcess", SimpleNamespace(wait=wait, failure=failure))


@pytest.mark.parametrize(
    ("console", "code", "cause"),
    [
        (PANIC, FailureCode.KERNEL_PANICKED, "Fatal exception in interrupt"),
        ("Booting\n", FailureCode.QEMU_FAILED, "ended before it was saved (exit code 0)"),
    ],
)
async def test_a_machine_that_ends_is_told_of_in_its_kernels_words(
    tmp_path: Path, console: str, code: str, cause: str
) -> None:
    (tmp_path / "console").write_text(console)
    with pytest.raises((GoldenFailed, MachineFailed)) as failed:
        await await_line(ended(), tmp_path / "console", "warm", 5)
    assert failed.value.failure_code == code
    assert cause in str(failed.value)


class Booting:
    """In place of booting: fails so often, with this code."""

    def __init__(self, *codes: str) -> None:
        self.codes, self.boots = list(codes), 0

    async def boot(self, *_arguments: object) -> tuple[bool, dict[str, str]]:
        await asyncio.sleep(0)
        self.boots += 1
        if self.codes:
            raise GoldenFailed("failed", remedy="", code=self.codes.pop())
        return True, {}


@pytest.mark.parametrize(
    ("codes", "boots", "error"),
    [
        (["kernel_panicked"], 2, None),
        (["kernel_panicked", "kernel_panicked"], 2, "kernel_panicked"),
        (["snapshot_failed"], 1, "snapshot_failed"),
    ],
)
async def test_it_is_booted_once_more_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codes: list[str], boots: int, error: str | None
) -> None:
    booting, described = Booting(*codes), list[object]()
    monkeypatch.setattr(DesktopStore, "_boot_and_save", lambda _self, *given: booting.boot(*given))
    monkeypatch.setattr(desktops, "describe", lambda *given, quiet: described.append((given, quiet)))
    monkeypatch.setattr(desktops, "attest_snapshot", lambda *_given: None)
    store = DesktopStore(
        DirectoryGoldenStore(Cache(tmp_path), Recipe(layers=())), cast("Network", None), "tcg"
    )
    monkeypatch.setattr(type(store._goldens), "signer", None, raising=False)
    making = store._make(
        tmp_path, cast("DesktopKey", SimpleNamespace(name="desk")), GOLDEN, LIMITS, Steps(print)
    )
    if error is None:
        await making
    else:
        with pytest.raises(GoldenFailed) as failed:
            await making
        assert failed.value.failure_code == error
    assert (booting.boots, len(described)) == (boots, 0 if error else 1)
