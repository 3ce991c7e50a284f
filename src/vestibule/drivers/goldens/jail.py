"""Where a build runs programs that it did not write: a machine's own root, and nothing of the host.

A golden's tools, and what their packages run when they are installed, are strangers' code.  In the jail they
see a root folder read-only, an empty environment, no network and no other process; a build run by root gives
up root first, so no file of the host is theirs by its owner.

::

    build ─▶ setpriv (only as root: becomes the machines' user) ─▶ env -i ─▶ bwrap ─▶ the program, uid 1000
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from vestibule.core.machines import UNOWNED_ID
from vestibule.drivers.machines.programs import find_bwrap
from vestibule.drivers.net.client import identity_for

WRITABLE = Path("/mnt")
"""Where the one folder that may be written to is, inside."""

_PERSON = "1000"
_TOOLS = "/opt/vestibule/tools/node_modules/.bin"
_HOME = "/tmp"  # noqa: S108 - the jail's own, not the host's


@dataclasses.dataclass(frozen=True, kw_only=True)
class Jail:
    """Whom its programs are on the host when root builds: the machines' user and group."""

    uid: int = UNOWNED_ID
    gid: int = UNOWNED_ID

    def argv(
        self, argv: Sequence[str], *, rootfs: Path, writable: Path | None = None, cwd: Path = Path("/")
    ) -> list[str]:
        """The command line that runs ``argv`` inside ``rootfs``; ``cwd`` is a path in there.

        Raises HostUnfit without bubblewrap, SettingsInvalid when somebody owns the machines' uid.
        """
        return [
            *self._as_nobody(),
            # bwrap is the first process in there: its own environment could be read in /proc/1/environ.
            *("env", "-i", find_bwrap()),
            *("--unshare-all", "--unshare-user", "--uid", _PERSON, "--gid", _PERSON),
            *("--cap-drop", "ALL", "--new-session", "--die-with-parent"),
            *("--ro-bind", str(rootfs.resolve()), "/"),
            *("--dev", "/dev", "--proc", "/proc", "--tmpfs", _HOME),
            *(("--bind", str(writable.resolve()), str(WRITABLE)) if writable else ()),
            *("--setenv", "HOME", _HOME, "--setenv", "PATH", f"{_TOOLS}:/usr/bin:/bin"),
            *("--setenv", "LANG", "C.UTF-8", "--chdir", str(cwd), "--"),
            *argv,
        ]

    def handed_over(self, folder: Path) -> list[str]:
        """The command line that gives a tree to whom the jail's programs are.  Raises SettingsInvalid."""
        identity = identity_for(self.uid, self.gid)
        if identity is None:
            return ["true"]
        return ["chown", "--recursive", "--no-dereference", f"{identity.uid}:{identity.gid}", str(folder)]

    def _as_nobody(self) -> list[str]:
        identity = identity_for(self.uid, self.gid)
        if identity is None:
            return []
        return ["setpriv", f"--reuid={identity.uid}", f"--regid={identity.gid}", "--clear-groups"]
