"""Master keys that the operator gives: their form, and that what they came from is empty afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vestibule import vaults
from vestibule.core.errors import SettingsInvalid
from vestibule.drivers.master_keys import GivenKeyRing, LocalKey
from vestibule.settings import KEY_VARIABLE, KeySource, Settings

A, B = "a" * 64, "0123456789abcdef" * 4


def _ids(*keys: str) -> list[str]:
    return [LocalKey(bytes.fromhex(key), os.urandom).key_id for key in keys]


@pytest.mark.parametrize("text", [f"{A} {B}", f"{A}\n{B}\n", f"  {A.upper()}\t{B}"])
def test_keys_are_given_newest_first_with_blanks_or_lines_between(text: str) -> None:
    ring = GivenKeyRing.parse(text, "by a test", os.urandom)
    assert [key.key_id for key in ring.keys] == _ids(A, B)


@pytest.mark.parametrize(
    "text", ["", "  \n", A[:-1], f"{A}0", f"{A},{B}", "secret", f"{A} {B[:-1]}", f"{A} {A.upper()}", "ü" * 64]
)
def test_what_is_no_key_is_refused_with_how_to_make_one_and_is_not_repeated(text: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        GivenKeyRing.parse(text, "by a test", os.urandom)
    assert refused.value.failure_code == "vault_key_invalid"
    assert "openssl rand -hex 32" in refused.value.remedy
    assert not any(word in refused.value.cause for word in text.split())


@pytest.fixture
def _variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, A)


@pytest.mark.usefixtures("_variable")
def test_the_variable_is_gone_once_it_was_read_and_no_child_inherits_it() -> None:
    ring = vaults.given_keys(Settings(vault_key_source=KeySource.ENV))
    assert ring is not None
    assert [key.key_id for key in ring.keys] == _ids(A)
    assert A not in subprocess.run(["env"], capture_output=True, text=True, check=True).stdout


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(SettingsInvalid, match=f"no master key in {KEY_VARIABLE}"):
        vaults.given_keys(Settings(vault_key_source=KeySource.ENV))


@pytest.mark.usefixtures("_variable")
def test_a_variable_that_nobody_asks_for_is_refused_and_gone() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        vaults.given_keys(Settings())
    assert A not in refused.value.cause
    assert KEY_VARIABLE not in os.environ


def test_the_key_file_is_not_looked_at_here() -> None:
    assert vaults.given_keys(Settings()) is None


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Path]:
    """A file that becomes this process's standard input."""
    before, path = os.dup(0), tmp_path / "keys"
    path.write_text(f"{A}\n{B}\n")
    with path.open() as stream:
        os.dup2(stream.fileno(), 0)
    yield path
    os.dup2(before, 0)
    os.close(before)


@pytest.mark.usefixtures("given")
def test_standard_input_is_empty_once_it_was_read_for_children_too() -> None:
    ring = vaults.given_keys(Settings(vault_key_source=KeySource.STDIN))
    assert ring is not None
    assert [key.key_id for key in ring.keys] == _ids(A, B)
    rewound = "import os, sys; os.lseek(0, 0, 0); sys.stdout.write(sys.stdin.read())"
    child = subprocess.run([sys.executable, "-c", rewound], capture_output=True, text=True, check=True)
    assert child.stdout == ""


def test_a_terminal_is_not_read() -> None:
    """Nobody types 64 digits, and they would be on the screen."""
    before = os.dup(0)
    master, slave = os.openpty()
    os.dup2(slave, 0)
    try:
        with pytest.raises(SettingsInvalid, match="is a terminal"):
            vaults.given_keys(Settings(vault_key_source=KeySource.STDIN))
    finally:
        os.dup2(before, 0)
        for descriptor in (before, master, slave):
            os.close(descriptor)


def test_a_closed_standard_input_is_named() -> None:
    before = os.dup(0)
    os.close(0)
    try:
        with pytest.raises(SettingsInvalid, match="cannot be read"):
            vaults.given_keys(Settings(vault_key_source=KeySource.STDIN))
    finally:
        os.dup2(before, 0)
        os.close(before)
