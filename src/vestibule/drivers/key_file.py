"""Secret keys in files of their own, outside the database, readable by their owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from vestibule.core.errors import SettingsInvalid
from vestibule.drivers.private_folder import flush_folder, make_private

KEY_BYTES = 32


def load_or_make(path: Path, random: Callable[[int], bytes]) -> bytes:
    """The KEY_BYTES bytes of the file; made with mode 0600 (its folders 0700) when it is not there.

    Raises SettingsInvalid ``key_file_invalid`` when others can read it, it has another length or cannot be
    opened: a key that someone else may know is not used, and a damaged one is never replaced.
    """
    try:
        _make(path, random)
        return _load(path)
    except OSError as error:
        raise _invalid(
            path, f"could not be opened: {error.strerror}", f"Mend {path}'s owner and mode."
        ) from error


def _make(path: Path, random: Callable[[int], bytes]) -> None:
    """Write aside, then link: a reader never sees half a key, and of two makers one wins for both."""
    if path.exists():
        return
    make_private(path.parent)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    try:
        descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(random(KEY_BYTES))
            file.flush()
            os.fsync(descriptor)
        _link(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _link(aside: Path, path: Path) -> None:
    try:
        os.link(aside, path)
    except FileExistsError:
        return  # another process was first; its key is the key
    flush_folder(path.parent)


def _load(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        key = file.read(KEY_BYTES + 1)
    if len(key) != KEY_BYTES:  # first: another file that a setting names must not be told to change its mode
        remedy = f"Restore {path} from a backup, or name the right file: a key is never replaced by itself."
        raise _invalid(path, f"is no key: it does not hold {KEY_BYTES} bytes", remedy)
    if mode & 0o077:
        raise _invalid(path, f"can be read by others (mode {mode:04o})", f"Run: chmod 600 {path}")
    return key


def _invalid(path: Path, problem: str, remedy: str) -> SettingsInvalid:
    return SettingsInvalid(f"The key file {path} {problem}.", remedy=remedy, code="key_file_invalid")
