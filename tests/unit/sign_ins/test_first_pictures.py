"""In a virtual machine a tool starts once the desktop was seen, or nobody looks for it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from vestibule.core.machines import Isolation
from vestibule.services import first_pictures
from vestibule.services.first_pictures import first_picture
from vestibule.services.introductions import Live

pytestmark = pytest.mark.anyio


def machine(isolation: Isolation = Isolation.VM) -> Live:
    """One that has just confirmed itself."""
    record = SimpleNamespace(isolation=isolation)
    return cast("Live", SimpleNamespace(record=record, looked_for=asyncio.Event(), pictured=asyncio.Event()))


@pytest.fixture(autouse=True)
def _for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not end by itself, does not end in a test."""
    monkeypatch.setattr(first_pictures, "LOOK_S", 30)
    monkeypatch.setattr(first_pictures, "PICTURE_S", 30)


async def test_the_picture_is_waited_for() -> None:
    live = machine()
    waiting = asyncio.create_task(first_picture(live))
    await asyncio.sleep(0)
    live.looked_for.set()
    await asyncio.sleep(0.05)
    assert not waiting.done()
    live.pictured.set()
    await asyncio.wait_for(waiting, 5)


@pytest.mark.parametrize("limit", ["LOOK_S", "PICTURE_S"])
async def test_but_not_for_long(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(first_pictures, limit, 0.01)
    live = machine()
    if limit == "PICTURE_S":
        live.looked_for.set()
    await asyncio.wait_for(first_picture(live), 5)


async def test_nor_in_a_container_which_has_the_host_s_processors() -> None:
    await asyncio.wait_for(first_picture(machine(Isolation.CONTAINER)), 5)
