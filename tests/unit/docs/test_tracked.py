"""Nothing tracked names the machine that it was written on: what is made here must work elsewhere."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[3]
EVERYBODYS = {
    *("registry.npmjs.org", "pypi.org", "files.pythonhosted.org"),
    *("deb.debian.org", "security.debian.org", "snapshot.debian.org"),
}
"""What the clients use where nobody configured them: no mark of a machine."""
OF_THE_GUEST = Path("/opt/vestibule")
"""A folder of the golden, which the code must name even if the checkout is there too."""

PIP_OPTIONS = re.compile(r"(?:index-url|extra-index-url|find-links|proxy|trusted-host)='(.*)'$", re.MULTILINE)


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        return ""  # a client that is not here has no configuration either
    return done.stdout


def _configured() -> Iterator[str]:
    """Where this machine's clients fetch from, as they say themselves: addresses and folders."""
    for values in PIP_OPTIONS.findall(_said("python3", "-m", "pip", "config", "list")):
        yield from values.replace("\\n", " ").split()
    yield from _said("scripts/node", "npm", "config", "get", "registry").split()
    yield from _said("apt-get", "indextargets", "--format", "$(SITE)").split()
    yield from (value for name, value in os.environ.items() if name.lower() in {"http_proxy", "https_proxy"})


def _marks() -> set[str]:
    """Hosts and folders that only this machine's files could have got from this machine."""
    found = {str(ROOT)} - {str(OF_THE_GUEST)}
    for place in _configured():
        parts = urlsplit(place)
        found.add(parts.hostname or parts.path)
    local = {"localhost", "127.0.0.1", "::1"}
    return {mark for mark in found - EVERYBODYS - local if len(mark.strip("/")) > 2}


def _tracked() -> Iterator[tuple[str, str]]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in names.decode().split("\0"):
        path = ROOT / name
        if path.is_file():
            content = path.read_bytes()
            if b"\0" not in content:
                yield name, content.decode(errors="replace")


def _naming(marks: set[str]) -> list[str]:
    if not marks:
        return []
    whole = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(marks)))})(?![\w.-])")
    return [f"{name}: {match[0]}" for name, text in _tracked() for match in whole.finditer(text)]


@pytest.fixture(scope="module")
def marks() -> set[str]:
    return _marks()


def test_no_tracked_file_names_this_machine(marks: set[str]) -> None:
    assert _naming(marks) == []


def test_a_name_that_is_there_is_found() -> None:
    found = _naming({"auth.openai.com"})  # as if somebody fetched packages there
    assert "tests/unit/test_providers.py: auth.openai.com" in found
    assert "tests/e2e/test_real_tools.py: auth.openai.com" in found, "within an address"
    assert _naming({"penai" + ".com"}) == [], "a part of a name is another"


def test_locks_and_scripts_choose_no_index() -> None:
    """Which index is asked is each machine's own affair."""
    for path in [*ROOT.glob("requirements/*.txt"), *ROOT.glob("scripts/*"), ROOT / "Makefile"]:
        text = path.read_text().replace("--no-emit-", "")
        assert not re.search(r"--(extra-)?index-url|--find-links", text), path.name
