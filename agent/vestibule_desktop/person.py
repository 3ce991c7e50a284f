"""Who runs the desktop and the tool: the unprivileged user of the guest, or simply ourselves."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

PERSON_UID = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Person:
    """A uid and gid to start programs and own files as; ``switch`` where the agent is root."""

    uid: int
    gid: int
    switch: bool

    @classmethod
    def current(cls) -> Person:
        """Root starts programs as uid 1000; anyone else as themselves."""
        if os.geteuid() == 0:
            return cls(uid=PERSON_UID, gid=PERSON_UID, switch=True)
        return cls(uid=os.geteuid(), gid=os.getegid(), switch=False)

    def own(self, path: Path) -> None:
        """Make the person the owner of a path; a symlink is not followed."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def make_folder(self, path: Path, mode: int = 0o755) -> None:
        """Make a folder and its missing parents, all owned by the person."""
        if path.is_dir():
            return
        self.make_folder(path.parent, 0o755)
        path.mkdir(mode=mode, exist_ok=True)
        self.own(path)
