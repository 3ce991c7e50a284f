"""What any master key promises, and any place that master keys come from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from key_service import KeyService

from vestibule.core.errors import Conflict
from vestibule.drivers.master_keys import FileKeyRing, GivenKeyRing, LocalKey
from vestibule.services.vault_ports import KeyRing, MasterKey

SECRET = b"a data key, visibly fake"
A, B = "a" * 64, "b" * 64


@pytest.fixture(params=["local", "service"])
def make(request: pytest.FixtureRequest) -> Callable[[], MasterKey]:
    """Makes another key each time."""
    return KeyService if request.param == "service" else lambda: LocalKey(os.urandom(32), os.urandom)


def test_what_is_wrapped_unwraps_in_its_context(make: Callable[[], MasterKey]) -> None:
    key = make()
    assert key.unwrap(key.wrap(SECRET, context=b"c-1"), context=b"c-1") == SECRET


def test_what_is_wrapped_does_not_show_the_secret(make: Callable[[], MasterKey]) -> None:
    assert SECRET not in make().wrap(SECRET, context=b"c-1")


def test_another_context_another_key_and_a_changed_byte_unwrap_nothing(
    make: Callable[[], MasterKey],
) -> None:
    key = make()
    wrapped = key.wrap(SECRET, context=b"c-1")
    assert key.unwrap(wrapped, context=b"c-2") is None
    assert make().unwrap(wrapped, context=b"c-1") is None
    changed = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    assert key.unwrap(changed, context=b"c-1") is None


@pytest.mark.parametrize("rubbish", [b"", b"x", b"x" * 11, b"x" * 12, b"x" * 60])
def test_rubbish_unwraps_to_nothing(make: Callable[[], MasterKey], rubbish: bytes) -> None:
    assert make().unwrap(rubbish, context=b"c-1") is None


def test_keys_have_names_of_their_own(make: Callable[[], MasterKey]) -> None:
    assert make().key_id != make().key_id


Reopen = Callable[[], KeyRing]


@pytest.fixture(params=["file", "given"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Reopen:
    """The ring as a controller finds it that is started now, where another key can be had."""
    if request.param == "given":
        return lambda: GivenKeyRing.parse(f"{A} {B}", "by a test", os.urandom)
    path = tmp_path / "vault.key"
    FileKeyRing(path, os.urandom).prepare()
    return lambda: FileKeyRing(path, os.urandom)


def _ids(ring: KeyRing) -> list[str]:
    return [key.key_id for key in ring.keys]


def test_a_prepared_key_is_the_newest_and_the_one_before_is_kept(reopen: Reopen) -> None:
    ring = reopen()
    before = _ids(ring)[-1]
    prepared = ring.prepare()
    assert _ids(ring) == [prepared.key_id, before]


def test_preparing_again_is_the_same_key_after_a_restart_too(reopen: Reopen) -> None:
    ring = reopen()
    prepared = ring.prepare().key_id
    assert (ring.prepare().key_id, reopen().prepare().key_id) == (prepared, prepared)


def test_settling_leaves_the_newest_alone(reopen: Reopen) -> None:
    ring = reopen()
    prepared = ring.prepare()
    for _ in range(2):
        ring.settle()
        assert _ids(ring) == [prepared.key_id]


def test_an_empty_file_ring_makes_its_first_key_only_when_it_is_asked_to(tmp_path: Path) -> None:
    ring = FileKeyRing(tmp_path / "state/vault.key", os.urandom)
    assert (ring.keys, list(tmp_path.iterdir())) == ((), [])
    first = ring.prepare()
    assert _ids(FileKeyRing(tmp_path / "state/vault.key", os.urandom)) == [first.key_id]


def test_a_settled_file_ring_has_one_file_of_mode_0600(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    FileKeyRing(path, os.urandom).prepare()
    ring = FileKeyRing(path, os.urandom)
    ring.prepare()
    ring.settle()
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "under both names"])
def test_a_next_key_that_is_the_only_one_is_rotated_like_any_other(tmp_path: Path, *, beside: bool) -> None:
    """The file was lost, or a copy of it was put in its place."""
    path = tmp_path / "vault.key"
    only = FileKeyRing(path, os.urandom).prepare().key_id
    path.rename(tmp_path / "vault.key.next")
    if beside:
        shutil.copy(tmp_path / "vault.key.next", path)
    ring = FileKeyRing(path, os.urandom)
    assert _ids(ring) == [only]
    prepared = ring.prepare().key_id
    assert prepared != only
    assert _ids(ring) == _ids(FileKeyRing(path, os.urandom)) == [prepared, only]
    ring.settle()
    assert _ids(FileKeyRing(path, os.urandom)) == [prepared]
    assert list(tmp_path.iterdir()) == [path]


def test_a_ring_that_is_only_read_leaves_the_files_as_they_are(tmp_path: Path) -> None:
    """A backup of the lost one can still be put under its name without replacing the next."""
    following = tmp_path / "vault.key.next"
    FileKeyRing(following, os.urandom).prepare()
    assert len(FileKeyRing(tmp_path / "vault.key", os.urandom).keys) == 1
    assert list(tmp_path.iterdir()) == [following]


def test_one_given_key_cannot_be_exchanged_without_another() -> None:
    with pytest.raises(Conflict) as refused:
        GivenKeyRing.parse(A, "by a test", os.urandom).prepare()
    assert refused.value.failure_code == "vault_key_not_given"
