"""What dpkg has installed, held against the index: every package has a digest, or the build fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.build import Workshop
from vestibule.drivers.goldens.commands import Commands
from vestibule.drivers.goldens.debian import record_packages
from vestibule.drivers.goldens.packages import DebianPackage, read_index, read_installed

STATUS = """\
Package: less
Status: install ok installed
Architecture: amd64
Version: 668-1
Description: a pager
 SHA256: of something else

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
INDEX = """\
Package: less
Version: 643-1
Architecture: amd64
SHA256: 00ff

Package: less
Version: 668-1
Architecture: amd64
SHA256: abcd

Package: less
Status: install ok installed
Version: 668-1
Architecture: amd64
"""
LESS = DebianPackage("less", "668-1", "amd64")


def _workshop(folder: Path, index: str) -> Workshop:
    (folder / "index").write_text(index)
    return Workshop(folder=folder, parents={}, commands=Commands(folder / "log"))


def test_what_is_removed_is_not_installed() -> None:
    assert read_installed(STATUS) == [LESS]


def test_each_version_has_its_digest() -> None:
    assert read_index(INDEX) == {DebianPackage("less", "643-1", "amd64"): "00ff", LESS: "abcd"}


def test_versions_and_digests_go_into_the_manifest_and_the_index_goes(tmp_path: Path) -> None:
    shop = _workshop(tmp_path, INDEX)
    record_packages(shop, read_installed(STATUS))
    assert shop.details == {"packages": {"less": "668-1"}, "package_digests": {"less": "abcd"}}
    assert not (tmp_path / "index").exists()


def test_a_package_of_which_the_index_has_no_digest_fails_by_name(tmp_path: Path) -> None:
    shop = _workshop(tmp_path, INDEX.replace("abcd", "").replace("SHA256: \n", ""))
    with pytest.raises(GoldenFailed, match=r"less 668-1 was installed, but .* no SHA-256") as failure:
        record_packages(shop, [LESS])
    assert failure.value.failure_code == "digest_missing"
    assert "debian_mirror" in failure.value.remedy
