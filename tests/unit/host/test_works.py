"""Collection beside a controller holds up no request, and ends with it, however many files there are."""

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


@pytest.fixture
def host() -> HostWorks:
    """Without a machine or a golden."""
    machinery = SimpleNamespace(
        settings=None,
        goldens=SimpleNamespace(store=None),
        readiness=SimpleNamespace(fits=lambda: all_fit),
    )
    return HostWorks(cast("Machinery", machinery), cast("Any", None), (), cast("Any", None))


async def test_a_collection_that_nobody_waits_for_any_more_ends(
    host: HostWorks, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    task = asyncio.create_task(host.collect(tuple))
    assert await asyncio.to_thread(began.wait, 10)
    task.cancel()
    await asyncio.wait({task})
    assert await asyncio.to_thread(ended.wait, 10)
    pause.set()


async def test_the_first_look_of_a_collection_is_taken_beside_the_event_loop(
    host: HostWorks, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_in: list[threading.Thread] = []

    def collector_of(*_: Any, go_on: Callable[[], None]) -> SimpleNamespace:
        looked_in.append(threading.current_thread())
        go_on()
        return SimpleNamespace(collect=tuple)

    monkeypatch.setattr(works, "collector_of", collector_of)
    await host.collect(tuple)
    assert len(looked_in) == 1
    assert looked_in != [threading.current_thread()]
