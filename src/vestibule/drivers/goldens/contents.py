"""Which packages a golden holds: read from its layers' roots and its recipe, for SBOM and provenance."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from packageurl import PackageURL

from vestibule.core.goldens import Recipe, canonical
from vestibule.drivers.goldens.packages import STATUS, read_installed

_MODULES = "node_modules/"
_VERSION_DIGITS = 12


@dataclasses.dataclass(frozen=True, kw_only=True)
class Package:
    """One package in the machine."""

    purl: PackageURL
    digests: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Algorithm as in-toto spells it ("sha256", "sha512") → hex, of the archive that it came in."""
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Path → SHA-256, for packages that are no archive."""


def read_contents(
    recipe: Recipe, roots: Mapping[str, Path], debian_digests: Mapping[str, str]
) -> Sequence[Package]:
    """All packages, each once, sorted by their purl.

    ``roots``: kind → unpacked layer, bottom first; ``debian_digests``: Debian package → SHA-256 of its
    archive.  Debian's ``python3-*`` are Debian packages.
    """
    found = [*_debian(roots, debian_digests), *_guest_packages(recipe)]
    for layer in recipe.layers:
        if layer.kind == "tools" and layer.kind in roots:
            folder = roots[layer.kind] / str(layer.inputs["spec"]["folder"]).lstrip("/")
            found += _npm(folder)
    by_purl = {package.purl.to_string(): package for package in found}
    return [by_purl[purl] for purl in sorted(by_purl)]


def _debian(roots: Mapping[str, Path], digests: Mapping[str, str]) -> Iterator[Package]:
    """By the topmost layer's dpkg database: it tells of those below too."""
    databases = [root / STATUS for root in roots.values() if (root / STATUS).is_file()]
    if not databases:
        return
    for package in read_installed(databases[-1].read_text()):
        purl = PackageURL("deb", "debian", package.name, package.version, {"arch": package.architecture})
        yield Package(purl=purl, digests={"sha256": digests[package.name]})


def _npm(folder: Path) -> Iterator[Package]:
    """Of the lock file, what this platform got: the rest of it is for others."""
    lock = json.loads((folder / "package-lock.json").read_text())
    for path, entry in lock["packages"].items():
        if path and (folder / path / "package.json").is_file():
            group, _, name = path.rpartition(_MODULES)[2].rpartition("/")
            purl = PackageURL("npm", group or None, name, entry["version"])
            yield Package(purl=purl, digests=integrity_digests(entry.get("integrity", "")))


def integrity_digests(integrity: str) -> dict[str, str]:
    """Subresource Integrity, as npm locks it ("sha512-<base64> …") → algorithm → hex."""
    pairs = (value.partition("-") for value in integrity.split())
    return {algorithm: base64.b64decode(digest).hex() for algorithm, _, digest in pairs}


def _guest_packages(recipe: Recipe) -> Iterator[Package]:
    """Our own two: not of any registry, so that their version is what they hold."""
    for layer in recipe.layers:
        files = layer.inputs.get("package")
        if isinstance(files, Mapping):
            name = PurePosixPath(layer.inputs["spec"]["package"]).name
            digest = hashlib.sha256(canonical(dict(files))).hexdigest()
            purl = PackageURL("generic", None, name, digest[:_VERSION_DIGITS])
            yield Package(purl=purl, digests={"sha256": digest}, files=files)
