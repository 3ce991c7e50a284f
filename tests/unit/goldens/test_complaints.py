"""Programs' own words, as they were printed, become a name, a cause and a next step."""

from __future__ import annotations

import pytest

from vestibule.drivers.goldens.complaints import known_complaint

PRINTED = [
    (
        "Building dependency tree...\nE: Unable to locate package chromuim\nE: mmdebstrap failed to run",
        "package_missing",
        "Debian's archive has no package chromuim",
    ),
    (
        "E: Package 'firmware-misc' has no installation candidate",
        "package_missing",
        "Debian's archive has no package firmware-misc",
    ),
    (
        "E: Failed to fetch http://mirror.test/debian/dists/trixie/InRelease  Could not resolve",
        "mirror_failed",
        "the Debian mirror does not give http://mirror.test/debian/dists/trixie/InRelease",
    ),
    (
        "E: Failed to fetch http://mirror.test/debian/InRelease  Connection failed [IP: ::1 80]",
        "mirror_failed",
        "the Debian mirror does not answer when it is asked for http://mirror.test/debian/InRelease",
    ),
    (
        "E: Failed to fetch http://mirror.test/a.deb  Could not connect to m:80, connection timed out",
        "mirror_failed",
        "the Debian mirror does not answer when it is asked for http://mirror.test/a.deb",
    ),
    (
        "npm error FetchError: request to https://registry.test/x/-/x-1.0.0.tgz failed, reason: connect",
        "registry_failed",
        "the npm registry does not give https://registry.test/x/-/x-1.0.0.tgz",
    ),
    (
        "E: The repository 'http://mirror.test/debian trixie Release' does not have a Release file.",
        "mirror_failed",
        "the Debian mirror does not have http://mirror.test/debian trixie",
    ),
    (
        "npm error code EUSAGE\nnpm error Invalid: lock file's x@1 misses x@2",
        "lock_mismatch",
        "images/tools/package.json and package-lock.json disagree: Invalid: lock file's x@1 misses x@2",
    ),
    (
        "npm error Missing: left-pad@1.3.0 from lock file",
        "lock_mismatch",
        "images/tools/package.json and package-lock.json disagree: Missing: left-pad@1.3.0 from lock file",
    ),
    (
        "unshare: no line in /etc/subuid: Success",
        "no_subordinate_ids",
        "an ordinary user needs subordinate ids to make Debian's users: no line in /etc/subuid: Success",
    ),
]


@pytest.mark.parametrize(("printed", "code", "cause"), PRINTED)
def test_a_known_complaint_is_named(printed: str, code: str, cause: str) -> None:
    complaint = known_complaint(printed)
    assert complaint is not None
    assert (complaint.code, complaint.cause) == (code, cause)
    assert complaint.remedy.endswith("vestibule golden build.")


def test_an_unknown_one_is_left_to_its_own_words() -> None:
    assert known_complaint("E: Sub-process /usr/bin/dpkg returned an error code (1)") is None
