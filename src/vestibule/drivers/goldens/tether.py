"""Programs that end with the builder, and with them whatever they have started.

A signal at its parent's death reaches a direct child alone; a namespace's processes all end with its first.

::

    builder ─▶ setpriv ─▶ unshare ─▶ sh, first process of a pid namespace ─▶ the program ─▶ …
       └── dies ──kills──▶ └──kills──▶ └──────────────────kills───────────────────────────┘

A builder that dies before both signals are asked for would be outlived.  So the first process says through a
socket that they are, and runs nothing until the builder has answered.
"""

from __future__ import annotations

import enum
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_TETHER = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
)
# Not `exec`: signals that a first process has no handler for do nothing, and a program may count on them.
_FIRST_PROCESS = ("sh", "-c", 'stdin=$1; shift; echo >&0 && read -r _ || exit 126; "$@" <"$stdin"; exit $?')


class Users(enum.Enum):
    """Whose ids there are inside; a user who is not root needs a user namespace to have the others."""

    OWN = (*_TETHER, "--user", "--map-current-user")
    ROOT = (*_TETHER, "--user", "--map-root-user")
    """Root, who is the builder, and nobody else."""
    # To map others' ids, unshare has a child wait for it; killed meanwhile, it would leave that child behind.
    # So the signal is asked for after that, which takes milliseconds and ends by itself.
    ALL = ("unshare", "--user", "--map-root-user", "--map-auto", *_TETHER)
    """Root, who is the builder, and those that /etc/subuid and /etc/subgid give to the builder."""

    @property
    def tether(self) -> tuple[str, ...]:
        """The command line before the first process's; root has everybody's ids as it is."""
        return _TETHER if os.geteuid() == 0 else self.value


def run_tethered(
    argv: Sequence[str],
    *,
    users: Users,
    stdin: Path,
    stdout: IO[bytes],
    stderr: IO[bytes],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> int:
    """Run a program to its end; its exit code, as a shell tells it.

    Mounts that it makes are its own and end with it.
    """
    tether = [*users.tether, *_FIRST_PROCESS, "build", str(stdin.absolute())]
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(
                [*tether, *argv], cwd=cwd, env=env, stdin=theirs.fileno(), stdout=stdout, stderr=stderr
            )
        return _let_run(process, ours)


def _let_run(process: subprocess.Popen[bytes], first_process: socket.socket) -> int:
    with process:
        try:
            if first_process.recv(1):
                first_process.sendall(b"\n")
            return process.wait()
        except BaseException:  # an interrupted builder ends its program before it goes
            process.kill()
            raise
