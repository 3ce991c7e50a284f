"""Collection beside a controller holds up no request, and ends with it, however many files there are."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from vestibule import works
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.renewal import StepNews
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.memories import all_fit
from vestibule.machinery import Machinery
from vestibule.services.golden_ports import Tell
from vestibule.settings import Settings
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


async def test_news_of_a_snapshot_name_its_logs_and_foresee_its_desktop_where_that_is_made_too(
    tmp_path: Path,
) -> None:
    for kind, name, step in (("desktops", "desk-old", "boot"), ("snapshots", "snap-old", "save")):
        folder = tmp_path / kind / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"steps": {step: 7.0}}))

    async def prepare(_golden: object, _limits: object, say: Callable[[str], None]) -> None:
        say("boot")
        say("save")

    snapshots = SimpleNamespace(
        steps=lambda *_: 2,
        key=lambda *_: SimpleNamespace(name="snap-new", desktop="desk-new"),
        desktops=SimpleNamespace(has=lambda *_: False),
    )
    machinery = SimpleNamespace(
        limits=None,
        goldens=SimpleNamespace(store=SimpleNamespace(cache=Cache(tmp_path))),
        qemu=SimpleNamespace(snapshots=snapshots, prepare=prepare),
    )
    host = HostWorks(cast("Machinery", machinery), cast("Any", None), (), cast("Any", None))
    news: list[StepNews] = []
    await host.prepare(GoldenId("g-1"), DriverName.QEMU, news.append)
    begun = [told for told in news if told.seconds is None]
    assert [(told.step, told.estimate_s, told.left_s) for told in begun] == [
        ("boot", 7.0, 14.0),
        ("save", 7.0, 7.0),
    ]
    assert {told.products for told in begun} == {("desk-new", "snap-new")}


async def test_what_is_damaged_goes_before_the_build_process_looks_what_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other way round it would find all done, and what is removed then would be missing."""
    order: list[str] = []

    class Process:
        def __init__(self, **_: Any) -> None:
            pass

        async def run(self, _tell: Tell) -> GoldenId:
            order.append("build")
            return GoldenId("g-1")

    def mend(golden_id: GoldenId) -> list[str]:
        order.append(f"mend {golden_id}")
        return ["l-damaged"]

    monkeypatch.setattr(works, "BuildProcess", Process)
    store = SimpleNamespace(wanted=lambda: GoldenId("g-1"), mend=mend)
    assert await works.build(Settings(), cast("Any", store), lambda _: None) == "g-1"
    assert order == ["mend g-1", "build"]
