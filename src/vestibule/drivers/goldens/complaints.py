"""What programs of a build complain of, told so that a tired operator knows what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Complaint(NamedTuple):
    """A failure's own words; the programs' follow them in the cause."""

    code: str
    cause: str
    remedy: str


_AGAIN = "then run: vestibule golden build."
_KNOWN: Mapping[re.Pattern[str], Complaint] = {
    re.compile(
        r"^E: (?:Unable to locate package (\S+)|Package '(\S+)' has no installation candidate)", re.MULTILINE
    ): Complaint(
        code="package_missing",
        cause="Debian's archive has no package {}",
        remedy="Correct its name in images/base.toml or agent/debian-packages.txt, or name a suite or"
        f" component in images/base.toml that has it; {_AGAIN}",
    ),
    re.compile(
        r"^E: Failed to fetch (\S+)\s+(?:Connection failed|Connection timed out|.*\btimed out)", re.MULTILINE
    ): Complaint(
        code="mirror_failed",
        cause="the Debian mirror does not answer when it is asked for {}",
        remedy="The mirror, or a proxy before it, is down: wait until it is up again, or set debian_mirror to"
        f" another one; {_AGAIN}",
    ),
    re.compile(r"^E: Failed to fetch (\S+)", re.MULTILINE): Complaint(
        code="mirror_failed",
        cause="the Debian mirror does not give {}",
        remedy="See that this host reaches the mirror (apt update; a proxy too), or set debian_mirror to"
        f" another one; {_AGAIN}",
    ),
    re.compile(
        r"^E: The repository '(\S+ \S+) Release' does not have a Release file", re.MULTILINE
    ): Complaint(
        code="mirror_failed",
        cause="the Debian mirror does not have {}",
        remedy="Set debian_mirror to a mirror that has this suite, or name another suite in"
        f" images/base.toml; {_AGAIN}",
    ),
    re.compile(r"^npm error ((?:Invalid|Missing): .*lock file.*)", re.MULTILINE): Complaint(
        code="lock_mismatch",
        cause="images/tools/package.json and package-lock.json disagree: {}",
        remedy=f"In images/tools run: npm install --package-lock-only; {_AGAIN}",
    ),
    re.compile(r"^npm error .*\brequest to (\S+) failed", re.MULTILINE): Complaint(
        code="registry_failed",
        cause="the npm registry does not give {}",
        remedy=f"See that this host reaches it (npm ping; npm_config_registry and a proxy too); {_AGAIN}",
    ),
    re.compile(r"^unshare: (.*\bsub[ug]id\b.*|.*\bnew[ug]idmap\b.*)", re.MULTILINE): Complaint(
        code="no_subordinate_ids",
        cause="an ordinary user needs subordinate ids to make Debian's users: {}",
        remedy="As root: apt install uidmap, and usermod --add-subuids 100000-165535"
        f" --add-subgids 100000-165535 USER; {_AGAIN}",
    ),
}


def known_complaint(text: str) -> Complaint | None:
    """The first that is known in what a program printed."""
    for pattern, complaint in _KNOWN.items():
        if found := pattern.search(text):
            named = next(filter(None, found.groups()))
            return complaint._replace(cause=complaint.cause.format(named))
    return None
