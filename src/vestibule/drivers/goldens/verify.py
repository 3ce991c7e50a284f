"""Reads all products of a golden again and compares them with what was written down when they were made."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from vestibule.core.goldens import Damage
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.attest import MANIFEST
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.listing import Digests, Entry, differences, list_tree, read_listing
from vestibule.drivers.goldens.memories import KINDS, Memory, belongs, is_of_its_name, memories
from vestibule.drivers.goldens.pack import LISTING


def verify(cache: Cache, golden_id: GoldenId) -> Iterator[Damage]:
    """Everything that is damaged in the golden, its layers and its snapshots; reads gigabytes."""
    digests = Digests()
    golden = cache.path("goldens", golden_id)
    manifest = _manifest(golden)
    if manifest is None:
        yield Damage(product=golden.name, file=MANIFEST, problem="cannot be read")
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
    for snapshot in snapshots_of(cache, golden_id, manifest["layers"]):
        yield from _verify_folder(snapshot, digests)
        if _manifest(snapshot) is not None and not is_of_its_name(snapshot):
            yield Damage(product=snapshot.name, file=MANIFEST, problem="was changed")


def products_of(cache: Cache, golden_id: GoldenId) -> list[Path]:
    """The folders that ``verify`` reads: layers, the golden, its snapshots."""
    golden = cache.path("goldens", golden_id)
    layers = (_manifest(golden) or {}).get("layers", ())
    folders = [cache.path("layers", layer) for layer in layers]
    return [*folders, golden, *snapshots_of(cache, golden_id, layers)]


def snapshots_of(cache: Cache, golden_id: str, layers: Collection[str]) -> list[Path]:
    """The folders of a golden's snapshots and of the desktop snapshots that run on these layers alone."""
    return [
        folder
        for kind in KINDS
        for folder in sorted(cache.root.glob(f"{kind}/*"))
        if belongs(folder, golden_id, {*layers})
    ]


def snapshots_above(
    cache: Cache, layers: AbstractSet[str], desktops: AbstractSet[str] = frozenset()
) -> Iterator[Memory]:
    """The snapshots that were made above one of these layers' disks, or from one of these desktops."""
    for memory in memories(cache):
        if memory.layers & layers or memory.key.get("desktop") in desktops:
            yield memory


def write_damages(cache: Cache, product: str, damages: Sequence[Damage]) -> None:
    """Remember what was found of one product; nothing is kept of a sound one."""
    file = cache.mark_of_damage(product)
    if not damages:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(exist_ok=True)
    aside = file.with_suffix(f".{os.getpid()}")
    aside.write_text(json.dumps([dataclasses.asdict(damage) for damage in damages], indent=1))
    aside.rename(file)


def read_damages(cache: Cache, product: str) -> Sequence[Damage]:
    """What the last look found of it; empty when all was sound, or nobody has looked since it was made."""
    try:
        raw = json.loads(cache.mark_of_damage(product).read_text())
        return [Damage(**damage) for damage in list(raw)]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError):  # something was found, or nobody would have written it
        return (Damage(product=product, file="the record of its damages", problem="cannot be read"),)


def _verify_folder(folder: Path, digests: Digests) -> Iterator[Damage]:
    """The products that the manifest gives a digest of."""
    manifest = _manifest(folder)
    if manifest is None:
        yield Damage(product=folder.name, file=MANIFEST, problem="cannot be read")
        return
    for name, wanted in manifest["digests"].items():
        problem = problem_of(folder / name, wanted, digests.of)
        if problem:
            yield Damage(product=folder.name, file=name, problem=problem)


def problem_of(path: Path, wanted: str, digest: Callable[[Path], str]) -> str | None:
    """What is wrong with a file whose digest should be ``wanted``; None when nothing is."""
    try:
        return None if digest(path) == wanted else "was changed"
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
        found = json.loads((folder / MANIFEST).read_text())
        return found if isinstance(found["digests"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
