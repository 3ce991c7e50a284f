"""What somebody may get wrong in the inputs, put to the real programs: each is named, with the next step."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.base_layer import base_layer
from vestibule.drivers.goldens.build import Build, Workshop
from vestibule.drivers.goldens.commands import Commands
from vestibule.drivers.goldens.compose import tools_build
from vestibule.drivers.goldens.recipe import GoldenSpec, read_spec
from vestibule.resources import find_resources

pytestmark = pytest.mark.golden

NOBODY_THERE = "http://127.0.0.1:9/debian"
"""Port 9 of this host: nothing listens there."""


@pytest.fixture
def spec() -> GoldenSpec:
    return read_spec(find_resources())


def _refused(build: Build, folder: Path) -> GoldenFailed:
    """What the layer's first step, which runs the real program, is refused with."""
    (folder / "work").mkdir()
    shop = Workshop(folder=folder / "work", parents={}, commands=Commands(folder / "log"))
    with pytest.raises(GoldenFailed) as refused:
        build.steps[0].act(shop)
    assert refused.value.evidence["log"] == str(folder / "log")
    return refused.value


def test_a_debian_package_that_there_is_not_is_named(spec: GoldenSpec, tmp_path: Path) -> None:
    base = dataclasses.replace(spec.base, packages=("no-such-package-here",))
    refused = _refused(base_layer(dataclasses.replace(spec, base=base), None), tmp_path)
    assert refused.failure_code == "package_missing"
    assert refused.cause.startswith("Debian's archive has no package no-such-package-here: ")
    assert "images/base.toml" in refused.remedy


def test_a_mirror_that_is_down_is_named(spec: GoldenSpec, tmp_path: Path) -> None:
    refused = _refused(base_layer(spec, NOBODY_THERE), tmp_path)
    assert refused.failure_code == "mirror_failed"
    assert refused.cause.startswith(f"the Debian mirror does not give {NOBODY_THERE}/")
    assert "debian_mirror" in refused.remedy
    assert "refused" in refused.cause.lower() or "could not connect" in refused.cause.lower()


@pytest.fixture
def silent_mirror() -> Iterator[socket.socket]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def _connections(server: socket.socket) -> int:
    """How many were made to it."""
    server.setblocking(False)
    for count in itertools.count():
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return count
    raise AssertionError("unreachable")


def test_a_mirror_that_never_answers_is_named_and_asked_for_one_file_only(
    spec: GoldenSpec, tmp_path: Path, silent_mirror: socket.socket
) -> None:
    """About a minute: four connections, each given up after the seconds that apt is told."""
    mirror = f"http://127.0.0.1:{silent_mirror.getsockname()[1]}/debian"
    refused = _refused(base_layer(spec, mirror), tmp_path)
    assert _connections(silent_mirror) <= 4
    assert refused.failure_code == "mirror_failed"
    asked = f"{mirror}/dists/{spec.base.suite}/InRelease"
    assert refused.cause.startswith(f"the Debian mirror does not answer when it is asked for {asked}: ")
    assert "is down" in refused.remedy
    assert "debian_mirror" in refused.remedy


def test_pins_that_the_lock_file_does_not_have_are_named(tmp_path: Path) -> None:
    real = find_resources()
    images = Path(shutil.copytree(real.images, tmp_path / "images"))
    lock = images / "tools/package-lock.json"
    document = json.loads(lock.read_text())
    document["packages"]["node_modules/@openai/codex"]["version"] = "0.0.999"
    lock.write_text(json.dumps(document))
    refused = _refused(tools_build(read_spec(dataclasses.replace(real, images=images))), tmp_path)
    assert refused.failure_code == "lock_mismatch"
    assert "lock file's @openai/codex@0.0.999 does not satisfy @openai/codex@" in refused.cause
    assert "npm install --package-lock-only" in refused.remedy


def _other_bytes(lock: Path) -> str:
    """Give one package that this platform gets the integrity of other bytes; its name."""
    document = json.loads(lock.read_text())
    name = "node_modules/@openai/codex"
    document["packages"][name]["integrity"] = "sha512-" + "A" * 86 + "=="
    lock.write_text(json.dumps(document))
    return name.removeprefix("node_modules/")


def test_a_package_of_other_bytes_than_the_locked_ones_is_named(tmp_path: Path) -> None:
    real = find_resources()
    images = Path(shutil.copytree(real.images, tmp_path / "images"))
    package = _other_bytes(images / "tools/package-lock.json")
    spec = read_spec(dataclasses.replace(real, images=images))
    refused = _refused(tools_build(spec), tmp_path)
    assert refused.failure_code == "integrity_mismatch"
    assert refused.cause.startswith(f"npm got other bytes of {package} than package-lock.json locks")
