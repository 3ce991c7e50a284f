"""Reads all products of a golden again and compares them with what was written down when they were made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from vestibule.core.goldens import Damage
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.listing import Digests, Entry, differences, list_tree, read_listing
from vestibule.drivers.goldens.pack import LISTING


def verify(cache: Cache, golden_id: GoldenId) -> Iterator[Damage]:
    """Everything that is damaged in the golden, its layers and its snapshots; reads gigabytes."""
    digests = Digests()
    golden = cache.path("goldens", golden_id)
    manifest = _manifest(golden)
    if manifest is None:
        yield Damage(product=golden.name, file="manifest.json", problem="cannot be read")
        return
    merged: dict[str, Entry] = {}
    for name in manifest["layers"]:
        layer = cache.path("layers", name)
        yield from _verify_folder(layer, digests)
        listing = _listing(layer)
        if listing is not None:
            yield from _verify_tree(layer, listing, digests)
            merged |= listing
    yield from _verify_folder(golden, digests)
    yield from _verify_tree(golden, merged, digests)
    for snapshot in (*desktops_of(cache, manifest["layers"]), *snapshots_of(cache, golden_id)):
        yield from _verify_folder(snapshot, digests)
    for snapshot in (*_finished(cache, "desktops"), *_finished(cache, "snapshots")):
        if _manifest(snapshot) is None:  # nobody knows whose it is
            yield Damage(product=snapshot.name, file="manifest.json", problem="cannot be read")


def write_damages(cache: Cache, golden_id: GoldenId, damages: Sequence[Damage]) -> None:
    """Remember the outcome; nothing is kept of a sound golden."""
    file = _damages_file(cache, golden_id)
    if not damages:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(exist_ok=True)
    aside = file.with_suffix(".new")
    aside.write_text(json.dumps([dataclasses.asdict(damage) for damage in damages], indent=1))
    aside.rename(file)


def read_damages(cache: Cache, golden_id: GoldenId) -> Sequence[Damage]:
    """What the last look found, but of products made again since; empty when nothing is known."""
    record = _damages_file(cache, golden_id)
    try:
        raw, found_ns = json.loads(record.read_text()), record.stat().st_mtime_ns
        damages = [Damage(**damage) for damage in list(raw)]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError):  # something was found, or nobody would have written it
        return (Damage(product=golden_id, file="the record of its damages", problem="cannot be read"),)
    made_again = {
        manifest.parent.name
        for product in {damage.product for damage in damages}
        for manifest in cache.root.glob(f"*/{product}/manifest.json")
        if manifest.stat().st_mtime_ns > found_ns
    }
    return [damage for damage in damages if damage.product not in made_again]


def _damages_file(cache: Cache, golden_id: GoldenId) -> Path:
    return cache.root / "damaged" / f"{golden_id}.json"


def snapshots_of(cache: Cache, golden_id: GoldenId) -> list[Path]:
    """The finished snapshots of a golden."""
    return [folder for folder in _finished(cache, "snapshots") if _key(folder).get("golden_id") == golden_id]


def snapshots_from(cache: Cache, desktops: AbstractSet[str]) -> list[Path]:
    """The finished snapshots that were made from one of these desktop snapshots."""
    return [folder for folder in _finished(cache, "snapshots") if _key(folder).get("desktop") in desktops]


def desktops_of(cache: Cache, layers: Collection[str]) -> list[Path]:
    """The finished desktop snapshots that run on these layers and no others."""
    return [
        folder for folder in _finished(cache, "desktops") if _disks(folder) and _disks(folder) <= {*layers}
    ]


def desktops_on(cache: Cache, layers: AbstractSet[str]) -> list[Path]:
    """The finished desktop snapshots that run on one of these layers."""
    return [folder for folder in _finished(cache, "desktops") if _disks(folder) & layers]


def _finished(cache: Cache, kind: str) -> list[Path]:
    return sorted(path.parent for path in cache.root.glob(f"{kind}/*/manifest.json"))


def _key(snapshot: Path) -> Mapping[str, Any]:
    key = (_manifest(snapshot) or {}).get("key")
    return key if isinstance(key, dict) else {}


def _disks(desktop: Path) -> AbstractSet[str]:
    disks = _key(desktop).get("disks")
    return {*disks} if isinstance(disks, dict) else set()


def _verify_folder(folder: Path, digests: Digests) -> Iterator[Damage]:
    """The products that the manifest gives a digest of."""
    manifest = _manifest(folder)
    if manifest is None:
        yield Damage(product=folder.name, file="manifest.json", problem="cannot be read")
        return
    for name, wanted in manifest["digests"].items():
        problem = _problem(folder / name, wanted, digests)
        if problem:
            yield Damage(product=folder.name, file=name, problem=problem)


def _problem(path: Path, wanted: str, digests: Digests) -> str | None:
    try:
        return None if digests.of(path) == wanted else "was changed"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _verify_tree(folder: Path, wanted: Mapping[str, Entry], digests: Digests) -> Iterator[Damage]:
    try:
        found = list_tree(folder / "rootfs", digests)
    except OSError as error:
        yield Damage(product=folder.name, file="rootfs", problem=f"cannot be read: {error.strerror}")
        return
    for damage in differences(folder.name, wanted, found):
        yield Damage(product=damage.product, file=f"rootfs/{damage.file}", problem=damage.problem)


def _listing(layer: Path) -> dict[str, Entry] | None:
    """None when it is damaged: then its digest has told already."""
    try:
        return read_listing(layer / LISTING)
    except (OSError, ValueError):
        return None


def _manifest(folder: Path) -> Mapping[str, Any] | None:
    try:
        found = json.loads((folder / "manifest.json").read_text())
        return found if isinstance(found["digests"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
