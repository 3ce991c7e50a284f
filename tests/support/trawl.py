"""Searches everything that a run left behind for its secrets, in every form that one may have there."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Self
from urllib.parse import quote, quote_plus

from footprint import descendants

SHORTEST = 8
"""Bytes: what is shorter is found by chance."""


def forms(secret: bytes) -> Mapping[str, bytes]:
    """What a secret may look like → how that is called."""
    found = {
        "raw": secret,
        "hex": secret.hex().encode(),
        "HEX": secret.hex().upper().encode(),
        "url": quote(secret, safe="").encode(),
        "form": quote_plus(secret, safe="").encode(),
        "repr": repr(secret)[2:-1].encode(),
    }
    for shift in range(3):
        found[f"base64+{shift}"] = _within_base64(secret, shift)
        found[f"base64url+{shift}"] = base64.urlsafe_b64encode(base64.b64decode(found[f"base64+{shift}"]))
    with contextlib.suppress(UnicodeDecodeError):
        found["json"] = json.dumps(secret.decode())[1:-1].encode()
    return found


def _within_base64(secret: bytes, shift: int) -> bytes:
    """The characters that stand for it wherever it begins in what was encoded, its ends left off."""
    start = -shift % 3  # bytes of it that share a group with what comes before
    whole = secret[start : start + (len(secret) - start) // 3 * 3]
    return base64.b64encode(whole)


def _looks(name: str, secret: bytes) -> Iterable[tuple[str, bytes]]:
    assert len(secret) >= SHORTEST, name
    return forms(secret).items()


_BREAKS = re.compile(rb"\s|\\[nr]")


def _unbroken(content: bytes) -> bytes:
    """Without the line ends that a terminal or an encoder put into it, as they are or escaped."""
    return _BREAKS.sub(b"", content)


class Trawl:
    """What was written, by place."""

    def __init__(self) -> None:
        self._places: dict[str, bytes] = {}

    def add(self, place: str, content: bytes) -> None:
        """More of this place; what was there stays."""
        self._places[place] = self._places.get(place, b"") + b"\n" + content

    def add_folder(self, name: str, folder: Path) -> None:
        """Every file below it, as it is now, and every file's name."""
        for path in sorted(folder.rglob("*")):
            place = f"{name}/{path.relative_to(folder)}"
            self.add("file names", place.encode())
            if path.is_file() and not path.is_symlink():
                self.add(place, path.read_bytes())

    def add_process(self, pid: int, name: str) -> None:
        """Its arguments and its first environment."""
        for what in ("cmdline", "environ"):
            try:
                self.add(f"{name} {what}", Path(f"/proc/{pid}/{what}").read_bytes())
            except OSError:
                continue  # it has ended

    def found(self, secrets: Mapping[str, bytes]) -> AbstractSet[tuple[str, str]]:
        """Which secret is in which place."""
        return {(name, place) for name, place, _form in self.finds(secrets)}

    def finds(self, secrets: Mapping[str, bytes]) -> Iterator[tuple[str, str, str]]:
        """Secret, place and form."""
        looks = [(name, form, one) for name, secret in secrets.items() for form, one in _looks(name, secret)]
        for place, content in self._places.items():
            unbroken = _unbroken(content)
            for name, form, one in looks:
                if one in content or _unbroken(one) in unbroken:
                    yield name, place, form

    def __contains__(self, place: str) -> bool:
        return place in self._places


class ProcessWatch:
    """Looks at a process's descendants again and again, in a thread, until it is left."""

    def __init__(self, trawl: Trawl, pid: int) -> None:
        self._trawl, self._pid = trawl, pid
        self._seen: set[tuple[int, bytes]] = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def count(self) -> int:
        """How many different programs were seen."""
        return len(self._seen)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            for pid in descendants(self._pid):
                self._look(pid)

    def _look(self, pid: int) -> None:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return
        if (pid, command) not in self._seen:
            self._seen.add((pid, command))
            self._trawl.add_process(pid, "a child's")
