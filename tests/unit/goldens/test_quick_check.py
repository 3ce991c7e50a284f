"""A start is refused at once when a stored file was written to, whoever has verified what before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tiny_golden import (
    AGENT,
    BASE,
    GOLDEN,
    RECIPE,
    desktop_key,
    snapshot_key,
    start_from,
    store_snapshot,
    tiny_builder,
)

from vestibule.core.errors import Conflict, GoldenFailed
from vestibule.drivers.goldens.build import PRODUCT
from vestibule.drivers.goldens.cache import Cache, file_digest
from vestibule.drivers.goldens.pack import LISTING
from vestibule.drivers.goldens.signing import KeyFileSigner
from vestibule.drivers.goldens.store import DirectoryGoldenStore

DESK = desktop_key(BASE.name)
SNAP = snapshot_key(GOLDEN, DESK.name)


@pytest.fixture
def store(tmp_path: Path, signer: KeyFileSigner) -> DirectoryGoldenStore:
    tiny_builder(tmp_path, signer).build(lambda *_: None)
    store_snapshot(tmp_path, "desktops", DESK, signer)
    store_snapshot(tmp_path, "snapshots", SNAP, signer)
    return DirectoryGoldenStore(Cache(tmp_path), RECIPE, signer)


def _write_later(path: Path, content: bytes) -> None:
    """As somebody would minutes after the build."""
    path.chmod(0o644)
    path.write_bytes(content)
    later_ns = path.with_name("manifest.json").stat().st_mtime_ns + 60_000_000_000
    os.utime(path, ns=(later_ns, later_ns))


@pytest.mark.parametrize(
    ("file", "named"),
    [
        (f"layers/{BASE.name}/{PRODUCT}", f"{PRODUCT} of {BASE.name}"),
        (f"layers/{AGENT.name}/{LISTING}", f"{LISTING} of {AGENT.name}"),
        (f"goldens/{GOLDEN}/kernel", f"kernel of {GOLDEN}"),
        (f"snapshots/{SNAP.name}/memory.img", f"memory.img of {SNAP.name}"),
        (f"desktops/{DESK.name}/memory.img", f"memory.img of {DESK.name}"),
    ],
)
def test_a_product_that_was_written_to_refuses_the_start_by_name(
    store: DirectoryGoldenStore, tmp_path: Path, file: str, named: str
) -> None:
    start_from(store, DESK, SNAP)
    content = bytearray((tmp_path / file).read_bytes())
    content[0] ^= 1
    _write_later(tmp_path / file, bytes(content))
    with pytest.raises(GoldenFailed) as refused:
        start_from(store, DESK, SNAP)
    assert refused.value.failure_code == "golden_corrupt"
    assert refused.value.cause == f"golden {GOLDEN} is damaged: {named} was changed"
    assert f"verify {GOLDEN} --discard" in refused.value.remedy


@pytest.mark.parametrize(
    "file",
    [
        f"goldens/{GOLDEN}/provenance.json",
        f"layers/{AGENT.name}/manifest.json",
        f"layers/{AGENT.name}/provenance.json",
        f"snapshots/{SNAP.name}/provenance.json",
    ],
)
def test_a_manifest_or_statement_that_is_gone_refuses_the_start(
    store: DirectoryGoldenStore, tmp_path: Path, file: str
) -> None:
    start_from(store, DESK, SNAP)
    (tmp_path / file).unlink()
    with pytest.raises(GoldenFailed) as refused:
        start_from(store, DESK, SNAP)
    assert refused.value.failure_code == "golden_corrupt"


def test_a_file_that_was_only_touched_is_read_once_and_believed(
    store: DirectoryGoldenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a copy of the cache that did not keep times."""
    kernel = tmp_path / "goldens" / GOLDEN / "kernel"
    _write_later(kernel, kernel.read_bytes())
    read: list[Path] = []

    def counted(path: Path) -> str:
        read.append(path)
        return file_digest(path)

    monkeypatch.setattr("vestibule.drivers.goldens.quick_check.file_digest", counted)
    store.usable(GOLDEN)
    store.usable(GOLDEN)
    assert read == [kernel]


def test_what_is_damaged_is_removed_to_be_made_again_unless_something_runs_from_it(
    store: DirectoryGoldenStore, tmp_path: Path, signer: KeyFileSigner
) -> None:
    _write_later(tmp_path / "layers" / AGENT.name / PRODUCT, b"decayed")
    hold = store.hold(GOLDEN)
    with pytest.raises(Conflict) as refused:
        store.mend(GOLDEN)
    assert refused.value.failure_code == "golden_in_use"
    assert store.has(GOLDEN)
    hold.release()
    assert store.mend(GOLDEN) == sorted([AGENT.name, GOLDEN, SNAP.name])
    tiny_builder(tmp_path, signer).build(lambda *_: None)
    assert store.usable(GOLDEN).golden_id == GOLDEN
    assert store.mend(GOLDEN) == ()
    assert store.verify(GOLDEN) == ()
