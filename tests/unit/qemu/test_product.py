"""A memory snapshot is made by one at a time, under the name of the QEMU that made it, or not at all."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_golden import desktop_key
from waiting import until

from vestibule.core.errors import DiskFull, GoldenFailed
from vestibule.core.goldens import DesktopKey
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.machines.qemu import product
from vestibule.drivers.machines.qemu.product import Product

pytestmark = pytest.mark.anyio

KIND = "desktops"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _asked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "LOCK_AGAIN_S", 0.01)


class Maker:
    """Makes a file; ``gate``, when there is one, is what that waits for."""

    def __init__(self, root: Path) -> None:
        self.cache = Cache(root)
        self.key = desktop_key("l-base")
        self.gate: asyncio.Event | None = None
        self.making = 0
        self.meanwhile: Callable[[], None] = lambda: None

    async def _make(self, folder: Path, key: DesktopKey) -> None:
        self.making += 1
        if self.gate is not None:
            await self.gate.wait()
        (folder / "manifest.json").write_text(key.name)
        self.meanwhile()

    async def ensure(self) -> str:
        wanted = Product(
            kind=KIND,
            key=lambda: self.key,
            is_there=lambda key: self.cache.has(KIND, key.name),
            make=self._make,
        )
        return (await wanted.ensure(self.cache)).name

    def left(self) -> list[Path]:
        """What lies in the work folder."""
        return list((self.cache.root / "work").iterdir())

    def is_locked(self) -> bool:
        with self.cache.lock_now(self.key.name) as locked:
            return not locked


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


async def test_it_is_made_once(maker: Maker) -> None:
    assert await maker.ensure() == await maker.ensure() == maker.key.name
    assert (maker.making, maker.left(), maker.is_locked()) == (1, [], False)


async def test_two_who_want_it_at_once_make_it_once(maker: Maker) -> None:
    maker.gate = asyncio.Event()
    both = asyncio.gather(maker.ensure(), maker.ensure())
    await until(lambda: maker.making)
    maker.gate.set()
    assert set(await both) == {maker.key.name}
    assert maker.making == 1


async def test_whoever_gives_up_leaves_no_folder_and_no_lock(maker: Maker) -> None:
    maker.gate = asyncio.Event()
    task = asyncio.create_task(maker.ensure())
    await until(lambda: maker.making)
    assert maker.is_locked()
    task.cancel()
    await asyncio.wait({task})
    assert (task.cancelled(), maker.left(), maker.is_locked()) == (True, [], False)


async def test_whoever_gives_up_waiting_takes_no_lock_later(maker: Maker) -> None:
    with maker.cache.lock(maker.key.name):
        task = asyncio.create_task(maker.ensure())
        await asyncio.wait({task}, timeout=0.05)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
    assert not maker.is_locked()


async def test_what_was_made_while_qemu_was_exchanged_gets_no_name(maker: Maker) -> None:
    made = maker.key

    def exchange() -> None:
        shape = dataclasses.replace(made.shape, vmm="ff" * 32)
        maker.key = dataclasses.replace(made, shape=shape)

    maker.meanwhile = exchange
    with pytest.raises(GoldenFailed) as failed:
        await maker.ensure()
    assert failed.value.failure_code == "snapshot_failed"
    assert (maker.cache.has(KIND, made.name), maker.left()) == (False, [])
    assert await maker.ensure() == maker.key.name != made.name


async def test_nobody_collects_it_while_it_is_made(maker: Maker) -> None:
    maker.gate = asyncio.Event()
    task = asyncio.create_task(maker.ensure())
    await until(lambda: maker.making)
    with maker.cache.unheld(maker.key.name) as free:
        assert not free
    maker.gate.set()
    await task
    with maker.cache.unheld(maker.key.name) as free:
        assert free


async def test_a_full_disk_is_named(maker: Maker) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    maker.meanwhile = full
    with pytest.raises(DiskFull):
        await maker.ensure()
    assert maker.left() == []
