"""Collection beside a controller ends with it, however many files there still are to look at."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from vestibule import works
from vestibule.drivers.goldens.memories import all_fit
from vestibule.machinery import Machinery
from vestibule.works import HostWorks

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_collection_that_nobody_waits_for_any_more_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    began, ended, pause = threading.Event(), threading.Event(), threading.Event()

    def collector_of(*_: Any, go_on: Callable[[], None]) -> SimpleNamespace:
        def endless() -> None:
            began.set()
            try:
                while not pause.wait(0.01):
                    go_on()
            finally:
                ended.set()

        return SimpleNamespace(collect=endless)

    monkeypatch.setattr(works, "collector_of", collector_of)
    machinery = SimpleNamespace(
        settings=None,
        goldens=SimpleNamespace(store=None),
        readiness=SimpleNamespace(fits=lambda: all_fit),
    )
    host = HostWorks(cast("Machinery", machinery), cast("Any", None), (), cast("Any", None))
    task = asyncio.create_task(host.collect(tuple))
    assert await asyncio.to_thread(began.wait, 10)
    task.cancel()
    await asyncio.wait({task})
    assert await asyncio.to_thread(ended.wait, 10)
    pause.set()
