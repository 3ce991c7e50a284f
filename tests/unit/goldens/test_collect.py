"""Collection: what is used stays, what nothing uses goes, and what somebody takes meanwhile stays too."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
from collections.abc import Callable, Collection, Sequence
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from tiny_goldens import add_desktop, add_golden, add_layer, add_snapshot

from vestibule.core.errors import Absent, GoldenFailed
from vestibule.core.goldens import LayerRecipe, Recipe
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens import collect
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.collect import Collected
from vestibule.drivers.goldens.memories import Fits, all_fit
from vestibule.drivers.goldens.store import DirectoryGoldenStore

WANTED = Recipe(layers=(LayerRecipe(kind="base", inputs={"x": "today"}, parent=None),))
BASE = "l-base-0000000000000000"
OLDEST, OLD, NEW, NEWEST = (GoldenId(f"g-{n}000000000000000") for n in range(4))
SPAWN = multiprocessing.get_context("spawn")
UNLIMITED = 1 << 40


def agent(golden_id: GoldenId) -> str:
    """The layer that is this golden's alone."""
    return golden_id.replace("g-", "l-agent-")


@pytest.fixture
def store(tmp_path: Path) -> DirectoryGoldenStore:
    """Four goldens on one base, each with an agent's layer and a snapshot of its own."""
    cache = Cache(tmp_path)
    for minute, golden_id in enumerate((OLDEST, OLD, NEW, NEWEST)):
        layers = [BASE, agent(golden_id)]
        add_golden(cache, golden_id, layers, minute=minute)
        add_snapshot(cache, f"snap-{golden_id}", golden_id, layers)
    return DirectoryGoldenStore(cache, WANTED)


def collected(
    store: DirectoryGoldenStore,
    keep: Callable[[], Collection[GoldenId]] = tuple,
    *,
    newest: int = 1,
    quota_bytes: int = UNLIMITED,
    fits: Fits = all_fit,
) -> Sequence[Collected]:
    return store.collector(keep, newest=newest, quota_bytes=quota_bytes, fits=fits).collect()


def foreseen(store: DirectoryGoldenStore, *, newest: int) -> Sequence[Collected]:
    return store.collector(tuple, newest=newest, quota_bytes=UNLIMITED).foreseen()


def names(gone: Sequence[Collected]) -> set[str]:
    return {product.name for product in gone}


def there(store: DirectoryGoldenStore) -> set[GoldenId]:
    """The goldens that are whole."""
    found = {manifest.golden_id for manifest in store.list()}
    assert all(store.has(golden_id) for golden_id in found), "a golden has lost its layers"
    return found


def everything(store: DirectoryGoldenStore) -> set[str]:
    root = store.cache.root
    return {str(path.relative_to(root)) for path in root.rglob("*") if "locks" not in path.parts}


def of(golden_id: GoldenId) -> set[str]:
    """All that goes with a golden."""
    return {golden_id, agent(golden_id), f"snap-{golden_id}"}


# -- what stays ------------------------------------------------------------------------------------------


def test_the_newest_few_stay_and_older_ones_go_with_all_that_was_theirs_alone(
    store: DirectoryGoldenStore,
) -> None:
    gone = collected(store, newest=2)
    assert names(gone) == of(OLDEST) | of(OLD)
    assert there(store) == {NEW, NEWEST}
    assert store.cache.has("layers", BASE)
    assert everything(store).isdisjoint({f"snapshots/snap-{OLD}", f"layers/{agent(OLD)}"})


def test_the_promoted_one_and_the_one_before_stay_whatever_their_age(store: DirectoryGoldenStore) -> None:
    collected(store, lambda: {OLDEST, OLD})
    assert there(store) == {OLDEST, OLD, NEWEST}


def test_what_is_kept_does_not_count_among_the_newest_few(store: DirectoryGoldenStore) -> None:
    collected(store, lambda: {NEWEST}, newest=2)
    assert there(store) == {OLD, NEW, NEWEST}


def test_the_golden_of_today_s_inputs_stays(store: DirectoryGoldenStore) -> None:
    add_golden(store.cache, WANTED.golden_id, [WANTED.layers[0].name], minute=-5)
    collected(store)
    assert there(store) == {WANTED.golden_id, NEWEST}


def test_layers_of_a_golden_that_is_still_to_be_finished_stay(store: DirectoryGoldenStore) -> None:
    add_layer(store.cache, WANTED.layers[0].name)
    collected(store)
    assert store.cache.has("layers", WANTED.layers[0].name)


def test_a_held_golden_stays_and_goes_once_it_is_let_go(store: DirectoryGoldenStore) -> None:
    hold = store.hold(OLDEST)
    collected(store)
    assert there(store) == {OLDEST, NEWEST}
    hold.release()
    collected(store)
    assert there(store) == {NEWEST}


def _hold_in_another_process(root: Path, held: Event, done: Event) -> None:
    hold = DirectoryGoldenStore(Cache(root), WANTED).hold(OLDEST)
    held.set()
    done.wait(60)
    os._exit(hold.golden_id != OLDEST)  # it lets go of nothing by itself


def test_what_another_process_holds_stays_until_that_process_ends(
    store: DirectoryGoldenStore, tmp_path: Path
) -> None:
    held, done = SPAWN.Event(), SPAWN.Event()
    process = SPAWN.Process(target=_hold_in_another_process, args=(tmp_path, held, done))
    process.start()
    try:
        assert held.wait(60)
        collected(store)
        assert there(store) == {OLDEST, NEWEST}
    finally:
        done.set()
        process.join(60)
    collected(store)
    assert there(store) == {NEWEST}


def test_a_layer_that_a_build_is_at_stays(store: DirectoryGoldenStore) -> None:
    add_layer(store.cache, "l-agent-building")
    with store.cache.hold("l-agent-building"):
        collected(store)
        assert store.cache.has("layers", "l-agent-building")
    collected(store)
    assert not store.cache.has("layers", "l-agent-building")


# -- the quota -------------------------------------------------------------------------------------------


def test_goldens_beyond_the_quota_go_the_oldest_first(store: DirectoryGoldenStore) -> None:
    older = sum(product.size for product in foreseen(store, newest=2))
    collected(store, newest=9, quota_bytes=allocated(store.cache.root) - older)
    assert there(store) == {NEW, NEWEST}


def test_a_quota_that_nothing_fits_leaves_what_is_used(store: DirectoryGoldenStore) -> None:
    hold = store.hold(NEW)
    collected(store, lambda: {OLDEST}, newest=9, quota_bytes=1)
    hold.release()
    assert there(store) == {OLDEST, NEW}


# -- sizes -----------------------------------------------------------------------------------------------


def allocated(folder: Path) -> int:
    """Bytes on the disk below a folder, each inode once."""
    found = {os.lstat(path).st_ino: os.lstat(path) for path in folder.rglob("*") if path.is_file()}
    return sum(stat.st_blocks * 512 for stat in found.values())


def test_sizes_are_what_the_disk_gets_back(store: DirectoryGoldenStore) -> None:
    before = allocated(store.cache.root)
    gone = collected(store, newest=2)
    assert sum(product.size for product in gone) == before - allocated(store.cache.root)


def test_what_a_staying_golden_shares_counts_for_nothing(store: DirectoryGoldenStore) -> None:
    sizes = {product.name: product.size for product in collected(store, newest=3)}
    base = allocated(store.cache.path("layers", BASE))
    assert sizes[OLDEST] < base  # its root is hard links to the base's, which stays
    assert sizes[agent(OLDEST)] > 0


# -- a dry run -------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_go_and_touches_nothing(store: DirectoryGoldenStore) -> None:
    before = everything(store)
    planned = foreseen(store, newest=2)
    assert everything(store) == before
    assert list(planned) == list(collected(store, newest=2))


def test_nothing_to_remove_is_no_failure(store: DirectoryGoldenStore) -> None:
    assert collected(store, newest=9) == []
    assert there(store) == {OLDEST, OLD, NEW, NEWEST}


# -- meanwhile -------------------------------------------------------------------------------------------


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Do something once, after the plan and before anything goes."""

    def arrange(act: Callable[[], object]) -> None:
        acts = [act]
        sizes = collect.Collector._sizes

        def interrupted(self: collect.Collector, leaving: Sequence[tuple[str, str]]) -> object:
            while acts:
                acts.pop()()
            return sizes(self, leaving)

        monkeypatch.setattr(collect.Collector, "_sizes", interrupted)

    return arrange


Meanwhile = Callable[[Callable[[], object]], None]


def test_a_hold_that_is_taken_meanwhile_keeps_golden_layers_and_snapshot(
    store: DirectoryGoldenStore, meanwhile: Meanwhile
) -> None:
    holds = []
    meanwhile(lambda: holds.append(store.hold(OLDEST)))
    gone = collected(store)
    assert names(gone).isdisjoint(of(OLDEST))
    assert there(store) == {OLDEST, NEWEST}
    assert store.cache.has("snapshots", f"snap-{OLDEST}")
    holds[0].release()


def test_a_golden_that_is_promoted_meanwhile_stays_whole(
    store: DirectoryGoldenStore, meanwhile: Meanwhile
) -> None:
    kept: set[GoldenId] = set()
    meanwhile(lambda: kept.add(OLD))
    collected(store, lambda: kept)
    assert there(store) == {OLD, NEWEST}
    assert store.cache.has("snapshots", f"snap-{OLD}")


def test_a_golden_that_is_finished_meanwhile_keeps_its_layers(
    store: DirectoryGoldenStore, meanwhile: Meanwhile
) -> None:
    later = GoldenId("g-4000000000000000")
    meanwhile(lambda: add_golden(store.cache, later, [BASE, agent(OLDEST)], minute=9))
    collected(store)
    assert there(store) == {NEWEST, later}


def test_whoever_comes_too_late_is_told_that_it_is_gone(store: DirectoryGoldenStore) -> None:
    collected(store)
    with pytest.raises(Absent, match=f"there is no golden {OLDEST}"):
        store.hold(OLDEST)
    with store.cache.unheld(OLDEST) as free:
        assert free, "a hold that was refused is held all the same"


# -- what belongs to no golden ---------------------------------------------------------------------------


def test_layers_of_no_golden_go(store: DirectoryGoldenStore) -> None:
    add_layer(store.cache, "l-tools-orphan")
    assert "l-tools-orphan" in names(collected(store, newest=9))


def test_a_snapshot_above_layers_that_are_gone_goes(store: DirectoryGoldenStore) -> None:
    add_snapshot(store.cache, "snap-orphan", "g-gone", [BASE, "l-agent-gone"])
    assert names(collected(store, newest=9)) == {"snap-orphan"}


def test_a_snapshot_of_a_golden_that_is_made_anew_stays_while_its_layers_do(
    store: DirectoryGoldenStore,
) -> None:
    add_snapshot(store.cache, "snap-again", "g-gone", [BASE])
    assert names(collected(store, newest=9)) == set()


class StoppedError(Exception):
    """The controller ends."""


@pytest.mark.parametrize("looks", [0, 5, 20, 40])
def test_a_look_that_is_given_up_leaves_every_golden_whole_or_gone(
    store: DirectoryGoldenStore, looks: int
) -> None:
    left = iter(range(looks))

    def go_on() -> None:
        if next(left, None) is None:
            raise StoppedError

    with pytest.raises(StoppedError):
        store.collector(tuple, newest=1, quota_bytes=UNLIMITED, go_on=go_on).collect()
    assert NEWEST in there(store)
    collected(store)
    assert there(store) == {NEWEST}


# -- memory of another QEMU ------------------------------------------------------------------------------


def of_qemu(version: str) -> Fits:
    """Machines run on this one now."""
    return lambda _kind, key: key["shape"]["vmm"] == version


def test_memory_of_another_qemu_goes_although_its_golden_stays(store: DirectoryGoldenStore) -> None:
    add_snapshot(store.cache, "snap-before", NEWEST, [BASE, agent(NEWEST)], qemu="before")
    add_desktop(store.cache, "desk-before", [BASE], qemu="before")
    add_desktop(store.cache, "desk-now", [BASE])
    assert names(collected(store, lambda: {NEWEST}, newest=9)) == set()
    gone = collected(store, lambda: {NEWEST}, newest=9, fits=of_qemu("one"))
    assert names(gone) == {"snap-before", "desk-before"}
    assert there(store) == {OLDEST, OLD, NEW, NEWEST}
    assert store.cache.has("snapshots", f"snap-{NEWEST}")
    assert store.cache.has("desktops", "desk-now")


def test_memory_that_somebody_starts_machines_from_stays_whatever_its_qemu(
    store: DirectoryGoldenStore,
) -> None:
    add_snapshot(store.cache, "snap-other", NEWEST, [BASE, agent(NEWEST)], qemu="another controller's")
    with store.cache.hold("snap-other"):
        assert names(collected(store, newest=9, fits=of_qemu("one"))) == set()
    assert names(collected(store, newest=9, fits=of_qemu("one"))) == {"snap-other"}


def test_memory_that_is_taken_in_use_meanwhile_stays(
    store: DirectoryGoldenStore, meanwhile: Meanwhile
) -> None:
    add_snapshot(store.cache, "snap-other", NEWEST, [BASE, agent(NEWEST)], qemu="another controller's")
    holds = []
    meanwhile(lambda: holds.append(store.cache.hold("snap-other")))
    assert names(collected(store, newest=9, fits=of_qemu("one"))) == set()
    holds[0].close()


def test_a_desktop_counts_in_the_quota_of_the_goldens_that_are_made_from_it(
    store: DirectoryGoldenStore,
) -> None:
    add_desktop(store.cache, "desk-now", [BASE])
    older = sum(product.size for product in foreseen(store, newest=3))
    collected(store, newest=9, quota_bytes=allocated(store.cache.root) - older)
    assert there(store) == {OLD, NEW, NEWEST}


def test_memory_that_goes_anyway_counts_in_nobody_s_quota(store: DirectoryGoldenStore) -> None:
    quota = allocated(store.cache.root)
    for golden_id in (OLDEST, OLD, NEW, NEWEST):
        layers = [BASE, agent(golden_id)]
        add_snapshot(store.cache, f"before-{golden_id}", golden_id, layers, qemu="before")
    collected(store, newest=9, quota_bytes=quota, fits=of_qemu("one"))
    assert there(store) == {OLDEST, OLD, NEW, NEWEST}
    assert allocated(store.cache.root) == quota


def test_memory_whose_manifest_is_damaged_goes(store: DirectoryGoldenStore) -> None:
    add_snapshot(store.cache, "snap-broken", NEWEST, [BASE, agent(NEWEST)])
    (store.cache.path("snapshots", "snap-broken") / "manifest.json").write_text("{")
    assert names(collected(store, newest=9)) == {"snap-broken"}


# -- damaged goldens -------------------------------------------------------------------------------------


def damage(store: DirectoryGoldenStore, golden_id: GoldenId) -> None:
    (store.cache.path("goldens", golden_id) / "manifest.json").write_text("{")


def test_a_golden_whose_manifest_is_damaged_goes_with_all_that_was_its_own(
    store: DirectoryGoldenStore,
) -> None:
    damage(store, OLD)
    assert names(collected(store, newest=9)) == of(OLD)
    assert there(store) == {OLDEST, NEW, NEWEST}


def test_a_golden_without_any_manifest_goes_too(store: DirectoryGoldenStore) -> None:
    (store.cache.path("goldens", OLD) / "manifest.json").unlink()
    assert OLD in names(collected(store, newest=9))
    assert not store.cache.path("goldens", OLD).exists()


def test_a_damaged_golden_that_is_kept_or_held_stays(store: DirectoryGoldenStore) -> None:
    for golden_id in (OLDEST, OLD):
        damage(store, golden_id)
    with store.cache.hold(OLD):
        collected(store, lambda: {OLDEST}, newest=9)
        assert store.cache.path("goldens", OLDEST).exists()
        assert store.cache.path("goldens", OLD).exists()


def test_a_damaged_golden_cannot_be_held(store: DirectoryGoldenStore) -> None:
    damage(store, OLD)
    with pytest.raises(GoldenFailed):
        store.hold(OLD)
    with store.cache.unheld(OLD) as free:
        assert free


# -- canary reports --------------------------------------------------------------------------------------


def test_reports_outlive_their_golden_but_only_the_newest_few(store: DirectoryGoldenStore) -> None:
    reports = store.cache.root / "canaries"
    for number in range(collect.REPORTS_KEPT + 3):
        folder = reports / f"g-gone{number:02}"
        folder.mkdir(parents=True)
        os.utime(folder, (number, number))
    (reports / NEWEST).mkdir()
    os.utime(reports / NEWEST, (0, 0))
    foreseen(store, newest=9)
    assert len(list(reports.iterdir())) == collect.REPORTS_KEPT + 4
    collected(store, newest=9)
    left = {path.name for path in reports.iterdir()}
    assert len(left) == collect.REPORTS_KEPT + 1
    assert NEWEST in left
    assert "g-gone02" not in left


def test_a_report_that_another_collector_removes_at_that_moment_is_no_failure(
    store: DirectoryGoldenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = store.cache.root / "canaries"
    for number in range(collect.REPORTS_KEPT + 1):
        (reports / f"g-gone{number:02}").mkdir(parents=True)
    changed_ns = collect._changed_ns

    def too_late(folder: Path) -> int:
        if folder.name == "g-gone00":
            folder.rmdir()
        return changed_ns(folder)

    monkeypatch.setattr(collect, "_changed_ns", too_late)
    collected(store, newest=9)
    assert len(list(reports.iterdir())) == collect.REPORTS_KEPT


# -- holds -----------------------------------------------------------------------------------------------


def test_a_golden_is_held_by_any_number_and_free_after_the_last(store: DirectoryGoldenStore) -> None:
    first, second = store.hold(NEW), store.hold(NEW)
    first.release()
    first.release()  # idempotent
    with store.cache.unheld(NEW) as free:
        assert not free
    second.release()
    with store.cache.unheld(NEW) as free:
        assert free


def test_nobody_can_begin_to_hold_what_is_being_removed(store: DirectoryGoldenStore) -> None:
    use = store.cache.root / f"locks/{NEW}.use"
    with store.cache.unheld(NEW), use.open("a") as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
