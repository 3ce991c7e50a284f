from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path

import pytest
from recorder import record_calls_of, recorded

from vestibule.drivers.goldens.base_layer import base_layer
from vestibule.drivers.goldens.build import Workshop
from vestibule.drivers.goldens.commands import Commands
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.resources import Resources

MIRROR = "http://mirror.test"


@pytest.fixture(autouse=True)
def mmdebstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record_calls_of("mmdebstrap", tmp_path, monkeypatch)


def _bootstrap_arguments(resources: Resources, folder: Path) -> list[str]:
    bootstrap = base_layer(read_spec(resources), debian_mirror=MIRROR).steps[0]
    bootstrap.act(Workshop(folder=folder, parents={}, commands=Commands(folder / "log")))
    return recorded(folder / "layer.tar")


def test_files_below_a_folder_with_a_space_are_copied_as_one_word(
    resources: Resources, tmp_path: Path
) -> None:
    spaced = tmp_path / "my checkout's"
    spaced.mkdir()
    resources.images.rename(spaced / "images")
    arguments = _bootstrap_arguments(dataclasses.replace(resources, images=spaced / "images"), tmp_path)
    (hook,) = (word for word in arguments if word.startswith("--essential-hook=copy-in"))
    copied = str(spaced / "images/base/etc/initramfs-tools")
    assert shlex.split(hook)[1:] == [copied, "/etc"]


def test_the_index_is_kept_before_apts_lists_are_cleaned_away(resources: Resources, tmp_path: Path) -> None:
    hooks = [
        word for word in _bootstrap_arguments(resources, tmp_path) if word.startswith("--customize-hook=")
    ]
    assert "apt-cache show" in hooks[-2]
    assert hooks[-1].endswith((resources.images / "base/clean").read_text())


def test_the_browsers_packages_are_not_among_its_own(resources: Resources, tmp_path: Path) -> None:
    arguments = _bootstrap_arguments(resources, tmp_path)
    (include,) = (word for word in arguments if word.startswith("--include="))
    assert "linux-image-amd64" in include
    assert "chromium" not in include


def test_the_mirror_is_asked_before_apt_reads_its_lists(resources: Resources, tmp_path: Path) -> None:
    (hook,) = (word for word in _bootstrap_arguments(resources, tmp_path) if word.startswith("--setup-hook="))
    assert f"download-file {MIRROR}/dists/trixie/InRelease" in hook


def test_apts_configuration_is_there_for_as_long_as_apt_runs(resources: Resources, tmp_path: Path) -> None:
    """mmdebstrap has it in the new root's /tmp; without it, apt empties the lists of the host that builds."""
    assert "--skip=cleanup/apt" in _bootstrap_arguments(resources, tmp_path)
    script = (resources.images / "base/clean").read_text()
    assert "$root/tmp" not in script.replace('"', "")


def test_apt_gives_a_silent_mirror_up_after_two_tries_of_seconds(
    resources: Resources, tmp_path: Path
) -> None:
    arguments = _bootstrap_arguments(resources, tmp_path)
    options = {word.removeprefix("--aptopt=") for word in arguments if word.startswith("--aptopt=")}
    assert options >= {'Acquire::http::Timeout "15"', 'Acquire::https::Timeout "15"', 'Acquire::Retries "1"'}
