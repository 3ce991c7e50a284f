"""How a golden came to be is stated, signed, and held against what is stored."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from tiny_golden import (
    AGENT,
    AGENT_FILE,
    BASE,
    CODE,
    GOLDEN,
    RECIPE,
    SHAPE,
    TOOLS,
    desktop_key,
    signer_in,
    snapshot_key,
    store_snapshot,
    tiny_builder,
)

from vestibule.core.errors import GoldenFailed
from vestibule.core.goldens import Damage, canonical
from vestibule.core.provenance import Signature, require_readable
from vestibule.drivers.goldens.cache import Cache, file_digest
from vestibule.drivers.goldens.signing import KeyFileSigner
from vestibule.drivers.goldens.store import DirectoryGoldenStore

FILE = Path("goldens") / GOLDEN / "provenance.json"


@pytest.fixture
def store(tmp_path: Path, signer: KeyFileSigner) -> DirectoryGoldenStore:
    tiny_builder(tmp_path, signer).build(lambda *_: None)
    return DirectoryGoldenStore(Cache(tmp_path), RECIPE, signer)


@pytest.fixture
def predicate(store: DirectoryGoldenStore) -> dict[str, Any]:
    found: dict[str, Any] = store.provenance(GOLDEN).statement["predicate"]
    return found


def _replace(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def _problems(store: DirectoryGoldenStore) -> list[str]:
    found = store.verify(GOLDEN)
    assert all((damage.product, damage.file) == (GOLDEN, "provenance.json") for damage in found)
    return [damage.problem for damage in found]


def test_the_statement_is_in_totos_with_slsas_predicate(store: DirectoryGoldenStore) -> None:
    found = store.provenance(GOLDEN)
    assert found.signature is Signature.HOLDS
    assert found.statement["_type"] == "https://in-toto.io/Statement/v1"
    assert found.statement["predicateType"] == "https://slsa.dev/provenance/v1"


def test_every_product_is_a_subject_with_its_digest(store: DirectoryGoldenStore, tmp_path: Path) -> None:
    subjects = {
        item["name"]: item["digest"]["sha256"] for item in store.provenance(GOLDEN).statement["subject"]
    }
    golden = {f"goldens/{GOLDEN}/{file}" for file in ("kernel", "manifest.json", "sbom.json")}
    files = ("layer.sqfs", "rootfs.jsonl")
    layers = {f"layers/{layer.name}/{file}" for layer in (BASE, TOOLS, AGENT) for file in files}
    assert set(subjects) == golden | layers
    assert subjects == {name: file_digest(tmp_path / name) for name in subjects}


def test_every_input_is_a_dependency_with_its_digest(predicate: dict[str, Any]) -> None:
    definition = predicate["buildDefinition"]
    agent = hashlib.sha256(canonical({"main.py": AGENT_FILE})).hexdigest()
    assert definition["resolvedDependencies"] == [
        {"name": "base/builder/base_layer.py", "digest": {"sha256": CODE}},
        {"name": "agent/package/main.py", "digest": {"sha256": AGENT_FILE}},
        {"uri": "pkg:deb/debian/bash@1:5.2%2Bb1?arch=amd64", "digest": {"sha256": "b2" * 32}},
        {"uri": "pkg:deb/debian/python3-h11@0.14.0-1?arch=all", "digest": {"sha256": "b1" * 32}},
        {"uri": f"pkg:generic/vestibule_agent@{agent[:12]}", "digest": {"sha256": agent}},
        {"uri": "pkg:npm/%40org/tool@1.2.3", "digest": {"sha512": "abcdef123456"}},
        {"uri": "pkg:npm/dep@4.0.0", "digest": {"sha512": "123456"}},
    ]
    assert definition["externalParameters"]["base"] == {"x": "1"}
    assert definition["externalParameters"]["tools"] == {"spec": {"folder": "/opt/tools"}}


def test_the_run_tells_programs_and_times(predicate: dict[str, Any]) -> None:
    run = predicate["runDetails"]
    assert {"vestibule", "python"} <= set(run["builder"]["version"])
    began, ended = (dt.datetime.fromisoformat(run["metadata"][name]) for name in ("startedOn", "finishedOn"))
    assert began <= ended
    layers = predicate["buildDefinition"]["internalParameters"]["layers"]
    assert list(layers[BASE.name]["steps"]) == ["base pack", "base unpack"]
    assert {"mmdebstrap", "sqfstar"} <= set(layers[BASE.name]["made_with"])
    assert {"node", "npm"} <= set(layers[TOOLS.name]["made_with"])


def test_a_statement_that_was_changed_is_damage(store: DirectoryGoldenStore, tmp_path: Path) -> None:
    _replace(tmp_path / FILE, (tmp_path / FILE).read_bytes().replace(b'"payload": "', b'"payload": "AAAA'))
    assert _problems(store) == ["was changed after it was signed, or cannot be read"]
    with pytest.raises(GoldenFailed):
        store.usable(GOLDEN)


def test_a_golden_of_an_older_release_is_named_with_the_remedy(tmp_path: Path, signer: KeyFileSigner) -> None:
    tiny_builder(tmp_path, None).build(lambda *_: None)
    store = DirectoryGoldenStore(Cache(tmp_path), RECIPE, signer)
    for damage in store.verify(GOLDEN):
        assert "an older release made this" in damage.problem
        assert "build again after vestibule golden verify --discard" in damage.problem
    store.discard(store.verify(GOLDEN))
    tiny_builder(tmp_path, signer).build(lambda *_: None)
    assert _problems(store) == []


def test_the_statement_of_another_golden_is_damage(store: DirectoryGoldenStore, tmp_path: Path) -> None:
    """Signed by this host, but put in the place of this golden's."""
    key = snapshot_key(GOLDEN, "desk-gone")
    store_snapshot(tmp_path, "snapshots", key, signer_in(tmp_path / "state"))
    _replace(tmp_path / FILE, (tmp_path / "snapshots" / key.name / "provenance.json").read_bytes())
    assert f"speaks of another goldens/{GOLDEN}/kernel than is stored" in _problems(store)


def test_a_product_and_its_manifest_exchanged_together_are_found(
    store: DirectoryGoldenStore, tmp_path: Path
) -> None:
    """What digests in a manifest alone cannot tell."""
    folder = tmp_path / "goldens" / GOLDEN
    _replace(folder / "kernel", b"another kernel")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["digests"]["kernel"] = file_digest(folder / "kernel")
    _replace(folder / "manifest.json", json.dumps(manifest).encode())
    assert _problems(store) == [
        f"speaks of another goldens/{GOLDEN}/{file} than is stored" for file in ("kernel", "manifest.json")
    ]


def test_a_signed_statement_that_is_none_is_damage(
    store: DirectoryGoldenStore, signer: KeyFileSigner, tmp_path: Path
) -> None:
    _replace(tmp_path / FILE, signer.sign(b'["nothing"]'))
    assert _problems(store) == ["is not a statement about this product"]


@pytest.mark.usefixtures("store")
def test_a_strangers_golden_is_damage_and_one_of_a_trusted_key_is_not(
    signer: KeyFileSigner, tmp_path: Path
) -> None:
    elsewhere = DirectoryGoldenStore(Cache(tmp_path), RECIPE, signer_in(tmp_path / "other"))
    assert [damage.file for damage in elsewhere.verify(GOLDEN)] == ["provenance.json"] * 4
    with pytest.raises(GoldenFailed, match="neither this host's nor in golden_trusted_keys") as refused:
        elsewhere.usable(GOLDEN)
    assert refused.value.failure_code == "golden_corrupt"
    knowing = KeyFileSigner(tmp_path / "other/golden-signing.key", trusted=[signer.public_key])
    trusting = DirectoryGoldenStore(Cache(tmp_path), RECIPE, knowing)
    assert trusting.verify(GOLDEN) == ()
    assert trusting.usable(GOLDEN).golden_id == GOLDEN


def test_a_forged_golden_is_refused_although_all_its_digests_agree(
    store: DirectoryGoldenStore, tmp_path: Path
) -> None:
    """Who can write to the cache exchanges a file and its digests, and signs that with a key of their own."""
    folder, stranger = tmp_path / "goldens" / GOLDEN, signer_in(tmp_path / "stranger")
    _replace(folder / "kernel", b"a kernel with a back door")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["digests"]["kernel"] = file_digest(folder / "kernel")
    _replace(folder / "manifest.json", json.dumps(manifest).encode())
    statement = json.loads(json.dumps(store.provenance(GOLDEN).statement))
    for subject in statement["subject"]:
        if subject["name"].startswith(f"goldens/{GOLDEN}/"):
            subject["digest"]["sha256"] = file_digest(tmp_path / subject["name"])
    _replace(tmp_path / FILE, stranger.sign(json.dumps(statement).encode()))
    with pytest.raises(GoldenFailed) as refused:
        store.usable(GOLDEN)
    assert refused.value.failure_code == "golden_corrupt"


def test_a_layer_that_somebody_else_put_there_is_made_again(
    store: DirectoryGoldenStore, signer: KeyFileSigner, tmp_path: Path
) -> None:
    before = (tmp_path / "layers" / BASE.name / "provenance.json").read_bytes()
    _replace(tmp_path / "layers" / BASE.name / "provenance.json", signer_in(tmp_path / "x").sign(b"{}"))
    done: list[str] = []
    tiny_builder(tmp_path, signer).build(lambda step, *_: done.append(step))
    assert set(done) == {"base pack", "base unpack"}
    assert (tmp_path / "layers" / BASE.name / "provenance.json").read_bytes() != before
    assert store.verify(GOLDEN) == ()


def test_a_layer_is_stated_with_its_inputs_and_parent(signer: KeyFileSigner, tmp_path: Path) -> None:
    tiny_builder(tmp_path, signer).build(lambda *_: None)
    found = signer.read((tmp_path / "layers" / AGENT.name / "provenance.json").read_bytes()).statement
    assert {subject["name"] for subject in found["subject"]} == {
        f"layers/{AGENT.name}/{file}" for file in ("layer.sqfs", "rootfs.jsonl", "manifest.json")
    }
    assert found["predicate"]["buildDefinition"]["resolvedDependencies"] == [
        {"name": "agent/package/main.py", "digest": {"sha256": AGENT_FILE}},
        {"uri": f"urn:vestibule:{TOOLS.name}"},
    ]


def test_snapshots_are_stated_with_what_they_go_on_from(
    store: DirectoryGoldenStore, signer: KeyFileSigner, tmp_path: Path
) -> None:
    desktop = desktop_key(BASE.name)
    key = snapshot_key(GOLDEN, desktop.name)
    store_snapshot(tmp_path, "desktops", desktop, signer)
    store_snapshot(tmp_path, "snapshots", key, signer)
    assert store.verify(GOLDEN) == ()
    found = signer.read((tmp_path / "snapshots" / key.name / "provenance.json").read_bytes()).statement
    assert found["predicate"]["buildDefinition"]["resolvedDependencies"] == [
        {"name": "qemu", "digest": {"sha256": SHAPE.vmm}},
        {"name": f"layers/{AGENT.name}", "digest": {"sha256": "d2" * 32}},
        {"uri": f"urn:vestibule:{GOLDEN}"},
        {"uri": f"urn:vestibule:{desktop.name}"},
    ]
    (tmp_path / "desktops" / desktop.name / "provenance.json").unlink()
    (damage,) = store.verify(GOLDEN)
    assert isinstance(damage, Damage)
    assert (damage.product, damage.file) == (desktop.name, "provenance.json")


def test_the_report_gathers_what_is_written_down(store: DirectoryGoldenStore) -> None:
    report = store.report(GOLDEN)
    assert report.packages == {"debian": 2, "python": 1, "npm": 2}
    assert [product.kind for product in report.products] == ["base", "tools", "agent", "golden"]
    assert list(report.products[-1].steps) == ["kernel", "merge"]
    assert report.provenance.signature is Signature.HOLDS


def test_the_report_of_an_older_release_has_gaps(tmp_path: Path, signer: KeyFileSigner) -> None:
    tiny_builder(tmp_path, None).build(lambda *_: None)
    report = DirectoryGoldenStore(Cache(tmp_path), RECIPE, signer).report(GOLDEN)
    assert (report.packages, report.provenance.signature) == ({}, Signature.ABSENT)
    with pytest.raises(GoldenFailed, match="is missing"):
        require_readable(GOLDEN, report.provenance)


def test_a_layer_whose_manifest_cannot_be_read_is_a_gap_in_the_report(
    store: DirectoryGoldenStore, tmp_path: Path
) -> None:
    _replace(tmp_path / "layers" / BASE.name / "manifest.json", b"{")
    first, second, *_ = store.report(GOLDEN).products
    assert (first.kind, first.name, first.steps) == ("base", BASE.name, {})
    assert list(second.steps) == ["tools pack", "tools unpack"]
