"""Debian packages: which are installed in a root, and what the archive's signed index says of each.

::

    var/lib/dpkg/status                  ─▶ installed ─┐
    apt's lists, while they are there    ─▶ digests   ─┴▶ a layer's manifest ─▶ SBOM, statement
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

STATUS = Path("var/lib/dpkg/status")
"""In a root: what dpkg has installed there."""
_INSTALLED = "install ok installed"


@dataclasses.dataclass(frozen=True)
class DebianPackage:
    """One version of a package."""

    name: str
    version: str
    architecture: str


def read_installed(status: str) -> list[DebianPackage]:
    """The packages that a dpkg database tells are installed, in its order."""
    return [_package(fields) for fields in _stanzas(status) if fields.get("Status") == _INSTALLED]


def read_index(text: str) -> dict[DebianPackage, str]:
    """Package → SHA-256 of its archive; apt shows installed packages without one too."""
    return {_package(fields): fields["SHA256"] for fields in _stanzas(text) if "SHA256" in fields}


def _stanzas(text: str) -> Iterator[Mapping[str, str]]:
    """Deb822: fields that go on over several lines are not asked for."""
    for stanza in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] != " ")
        if "Package" in fields:
            yield fields


def _package(fields: Mapping[str, str]) -> DebianPackage:
    return DebianPackage(fields["Package"], fields["Version"], fields["Architecture"])


def versions_of(packages: Iterable[DebianPackage]) -> dict[str, str]:
    """Name → version."""
    return {package.name: package.version for package in packages}
