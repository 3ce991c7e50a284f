"""What is in a golden: Debian's packages, npm's and our own, the same bytes for the same golden."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.model.bom import Bom
from tiny_golden import AGENT_FILE, DEBIAN_DIGESTS, GOLDEN, RECIPE, signer_in, tiny_builder

from vestibule.core.errors import Absent
from vestibule.core.goldens import canonical
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.contents import integrity_digests
from vestibule.drivers.goldens.store import DirectoryGoldenStore

AGENT_DIGEST = hashlib.sha256(canonical({"main.py": AGENT_FILE})).hexdigest()


def _sbom(root: Path) -> dict[str, Any]:
    tiny_builder(root, signer_in(root / "state")).build(lambda *_: None)
    document: dict[str, Any] = json.loads(DirectoryGoldenStore(Cache(root), RECIPE).sbom(GOLDEN))
    return document


@pytest.fixture
def sbom(tmp_path: Path) -> dict[str, Any]:
    return _sbom(tmp_path)


def test_every_installed_package_is_listed_once_in_order(sbom: dict[str, Any]) -> None:
    assert [component["purl"] for component in sbom["components"]] == [
        "pkg:deb/debian/bash@1:5.2%2Bb1?arch=amd64",
        "pkg:deb/debian/python3-h11@0.14.0-1?arch=all",
        f"pkg:generic/vestibule_agent@{AGENT_DIGEST[:12]}",
        "pkg:npm/%40org/tool@1.2.3",
        "pkg:npm/dep@4.0.0",
    ]


def test_packages_of_debian_have_the_digests_of_the_archives_index(sbom: dict[str, Any]) -> None:
    bash = next(found for found in sbom["components"] if found["name"] == "bash")
    assert bash["hashes"] == [{"alg": "SHA-256", "content": DEBIAN_DIGESTS["bash"]}]


def test_packages_of_npm_have_the_lock_files_digests(sbom: dict[str, Any]) -> None:
    tool = next(found for found in sbom["components"] if found["name"] == "tool")
    assert tool["hashes"] == [{"alg": "SHA-512", "content": "abcdef123456"}]


def test_our_own_package_lists_its_files(sbom: dict[str, Any]) -> None:
    own = next(found for found in sbom["components"] if found["name"] == "vestibule_agent")
    assert own["hashes"] == [{"alg": "SHA-256", "content": AGENT_DIGEST}]
    (file,) = own["components"]
    assert (file["name"], file["hashes"][0]["content"]) == ("main.py", AGENT_FILE)


def test_the_same_golden_has_the_same_bytes_and_no_time(tmp_path: Path, sbom: dict[str, Any]) -> None:
    again = tmp_path / "again"
    _sbom(again)
    path = Path("goldens") / GOLDEN / "sbom.json"
    assert (tmp_path / path).read_bytes() == (again / path).read_bytes()
    assert "timestamp" not in sbom["metadata"]


def test_the_library_reads_what_it_wrote(sbom: dict[str, Any]) -> None:
    bom = Bom.from_json(sbom)  # type: ignore[attr-defined]
    assert str(bom.serial_number) == sbom["serialNumber"].removeprefix("urn:uuid:")
    assert len(bom.components) == 5


def test_what_npm_locks_is_read_by_algorithm() -> None:
    assert integrity_digests("sha1-q80= sha512-EjQ=") == {"sha1": "abcd", "sha512": "1234"}
    assert integrity_digests("") == {}


def test_a_golden_of_an_older_release_has_none(tmp_path: Path) -> None:
    tiny_builder(tmp_path, None).build(lambda *_: None)
    store = DirectoryGoldenStore(Cache(tmp_path), RECIPE)
    with pytest.raises(Absent) as absent:
        store.sbom(GOLDEN)
    assert absent.value.failure_code == "sbom_absent"
    assert "verify --discard" in absent.value.remedy
