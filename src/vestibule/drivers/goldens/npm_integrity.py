"""npm says which bytes it wanted and which it got, and not of which package: the lock file knows.

Around the step, not in it: what only words a failure must not rename the layer.
"""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.build import Build, BuildStep, Workshop

_WANTED = re.compile(r"[Ii]ntegrity checksum failed .*?wanted (sha\d+-\S+)")


def naming_packages(build: Build, lock: Path) -> Build:
    """The same build; where npm got other bytes than the locked ones, the failure names the package."""
    first, *rest = build.steps

    def act(shop: Workshop) -> None:
        try:
            first.act(shop)
        except GoldenFailed as error:
            raise _named(error, lock) from error

    return dataclasses.replace(build, steps=(BuildStep(name=first.name, act=act), *rest))


def _named(error: GoldenFailed, lock: Path) -> GoldenFailed:
    wanted = _WANTED.search(error.cause)
    if wanted is None:
        return error
    package = _package_of(wanted[1], lock)
    return GoldenFailed(
        f"npm got other bytes of {package} than {lock.name} locks: {error.cause}",
        remedy=f"Do not use these bytes. Find out who changed the package or {lock}; lock it anew only then.",
        code="integrity_mismatch",
        **error.evidence,
    )


def _package_of(integrity: str, lock: Path) -> str:
    packages = json.loads(lock.read_text())["packages"]
    found = (path for path, package in packages.items() if package.get("integrity") == integrity)
    return next(found, "a package").rpartition("node_modules/")[2]
