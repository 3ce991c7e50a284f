"""Makes a memory snapshot, of a desktop or a golden, unless it is there: one maker at a time, all or nothing.

::

    lock of the name ─▶ there? ─no─▶ work folder ─▶ make ─▶ still the same name? ─▶ publish
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from vestibule.core.errors import GoldenFailed
from vestibule.core.goldens import DesktopKey, SnapshotKey
from vestibule.drivers.goldens.cache import Cache
from vestibule.services.threads import in_thread, to_the_end

LOCK_AGAIN_S = 0.2

K = TypeVar("K", DesktopKey, SnapshotKey)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Product(Generic[K]):
    """What is to be there."""

    kind: str
    """Folder of the cache."""
    key: Callable[[], K]
    """All that it depends on, as the host is now.  Reads files."""
    is_there: Callable[[K], bool]
    """Reads files."""
    make: Callable[[Path, K], Awaitable[None]]
    """Into a fresh folder."""

    async def ensure(self, cache: Cache) -> K:
        """What it is, once it is there; waits while another process makes it.

        Raises what ``make`` raises, and GoldenFailed; nothing is left behind then.
        """
        key = await asyncio.to_thread(self.key)
        async with held(cache, key.name), _only_maker(cache, key.name):
            if not await asyncio.to_thread(self.is_there, key):
                async with in_thread(cache.work(key.name)) as folder:
                    await self.make(folder, key)
                    await asyncio.to_thread(self._require_same, key)
                    await to_the_end(lambda: cache.publish(folder, self.kind, key.name))
        return key

    def _require_same(self, made: K) -> None:
        """Memory of another QEMU than its name says would be poison for every clone."""
        if self.key() != made:
            raise GoldenFailed(
                f"QEMU was exchanged while {made.name} was made",
                remedy="Try again: vestibule golden build.",
                code="snapshot_failed",
            )


def held(cache: Cache, name: str) -> contextlib.AbstractAsyncContextManager[None]:
    """Keep a product from being collected; waits in a thread for a collector that is at it."""
    return in_thread(_held(cache, name))


@contextlib.contextmanager
def _held(cache: Cache, name: str) -> Iterator[None]:
    with cache.hold(name):
        yield


@contextlib.asynccontextmanager
async def _only_maker(cache: Cache, name: str) -> AsyncIterator[None]:
    """Asks again and again: a thread that waits for a lock could not be called back."""
    while True:
        with cache.lock_now(name) as locked:
            if locked:
                yield
                return
        await asyncio.sleep(LOCK_AGAIN_S)
