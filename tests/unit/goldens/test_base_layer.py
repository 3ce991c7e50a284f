from __future__ import annotations

import dataclasses
import os
import shlex
from pathlib import Path

import pytest

from vestibule.drivers.goldens.base_layer import base_layer
from vestibule.drivers.goldens.build import Workshop
from vestibule.drivers.goldens.commands import Commands
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.resources import Resources

RECORDER = """#!/bin/sh
printf '%s\\0' "$@"
"""
"""In mmdebstrap's place: its archive is its own arguments."""


def _bootstrap_arguments(resources: Resources, folder: Path) -> list[str]:
    bootstrap = base_layer(read_spec(resources), debian_mirror="http://mirror.test").steps[0]
    bootstrap.act(Workshop(folder=folder, parents=[], commands=Commands(folder / "log")))
    return (folder / "layer.tar").read_text().split("\0")


def test_files_below_a_folder_with_a_space_are_copied_as_one_word(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaced = tmp_path / "my checkout's"
    spaced.mkdir()
    resources.images.rename(spaced / "images")
    (tmp_path / "bin").mkdir()
    recorder = tmp_path / "bin" / "mmdebstrap"
    recorder.write_text(RECORDER)
    recorder.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    arguments = _bootstrap_arguments(dataclasses.replace(resources, images=spaced / "images"), tmp_path)
    (hook,) = (word for word in arguments if word.startswith("--essential-hook=copy-in"))
    copied = str(spaced / "images/base/etc/initramfs-tools")
    assert shlex.split(hook)[1:] == [copied, "/etc"]
