"""The second layer of Debian packages: installed on the first, and never in its stead."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from recorder import record_calls_of, recorded

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.browser_layer import BELOW, WHOLE, browser_layer
from vestibule.drivers.goldens.build import Workshop
from vestibule.drivers.goldens.commands import Commands
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.resources import Resources

STANZA = "Package: {}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\n\n"


def _workshop(folder: Path) -> Workshop:
    return Workshop(folder=folder, parents={}, commands=Commands(folder / "log"))


def _root(file: Path, packages: dict[str, str]) -> None:
    status = "".join(STANZA.format(*package) for package in packages.items()).encode()
    with tarfile.open(file, "w") as archive:
        info = tarfile.TarInfo("./var/lib/dpkg/status")
        info.size = len(status)
        archive.addfile(info, io.BytesIO(status))


def test_packages_are_installed_in_the_root_that_is_there(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_calls_of("mmdebstrap", tmp_path, monkeypatch)
    install = browser_layer(read_spec(resources), "http://mirror.test").steps[1]
    install.act(_workshop(tmp_path))
    arguments = recorded(tmp_path / WHOLE)
    assert "--variant=custom" in arguments
    assert not any(word.startswith("--include=") for word in arguments)
    setup, customize = (
        [word for word in arguments if word.startswith(f"--{name}-hook=")] for name in ("setup", "customize")
    )
    assert str(tmp_path / BELOW) in setup[-1]
    assert "--no-remove" in customize[0]
    assert customize[0].split(" install ")[1].split() == list(read_spec(resources).browser.packages)


@pytest.mark.parametrize(("whole", "now"), [({"libc6": "2", "xterm": "1"}, "2"), ({"xterm": "1"}, "removed")])
def test_a_package_of_the_base_that_must_change_is_named(
    resources: Resources, tmp_path: Path, whole: dict[str, str], now: str
) -> None:
    _root(tmp_path / BELOW, {"libc6": "1"})
    _root(tmp_path / WHOLE, whole)
    with pytest.raises(GoldenFailed, match=f"need libc6 {now}, but the base layer has 1,") as failure:
        browser_layer(read_spec(resources), None).steps[2].act(_workshop(tmp_path))
    assert failure.value.failure_code == "base_outdated"
    assert failure.value.remedy.startswith("Raise serial in images/base.toml")


def test_the_two_whole_roots_go(resources: Resources, tmp_path: Path) -> None:
    _root(tmp_path / BELOW, {"libc6": "1"})
    _root(tmp_path / WHOLE, {"libc6": "1", "xterm": "1"})
    browser_layer(read_spec(resources), None).steps[2].act(_workshop(tmp_path))
    assert {path.name for path in tmp_path.glob("*.tar")} == {"layer.tar"}
    with tarfile.open(tmp_path / "layer.tar") as archive:
        assert "./var/lib/dpkg/status" in archive.getnames()
