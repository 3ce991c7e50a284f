"""Host programs run by a build: everything they print goes to one log; a failure quotes the lines that matter."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from vestibule.core.errors import DiskFull, GoldenFailed, HostUnfit, VestibuleError

_TELLING = re.compile(
    r"^(E: |W: Failed|npm error|dpkg: error|FATAL|fatal|ERROR|error)|\b(cannot|can't|failed)\b", re.IGNORECASE
)
_FULL = re.compile(r"No space left on device|ENOSPC", re.IGNORECASE)
_QUOTED_LINES = 8

FOLLOW_PARENT = ("setpriv", "--pdeathsig", "TERM")
"""Prefix of every argv: a build that is killed takes its programs along."""


def disk_full(where: Path) -> DiskFull:
    """The failure of a build that found no room."""
    free_mib = os.statvfs(where).f_bavail * os.statvfs(where).f_frsize >> 20
    return DiskFull(
        f"no room left on the disk that holds {where} ({free_mib} MiB free)",
        remedy="Free about 8 GiB there, or set cache_dir to a folder on a larger disk; then build again.",
    )


def telling_lines(text: str) -> str:
    """The last lines that say why a program failed, else simply the last lines."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if _TELLING.search(line)]
    return "\n".join((telling or lines)[-_QUOTED_LINES:])


class Commands:
    """Runs programs for the steps of one build.  Lives as long as the build."""

    def __init__(self, log: Path) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)

    def note(self, text: str) -> None:
        """Write a line of our own to the log."""
        with self.log.open("a") as out:
            out.write(f"== {text}\n")

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: Path | None = None,
        stdout: Path | None = None,
    ) -> None:
        """Run a program to its end.  Raises GoldenFailed, DiskFull, or HostUnfit when it is not installed."""
        with self.log.open("ab") as log:
            log.write(f"\n== {' '.join(argv)[:2000]}\n".encode())
            log.flush()
            begin = log.tell()
            code = _execute([*FOLLOW_PARENT, *argv], cwd, env, stdin, stdout, log)
        if code != 0:
            raise self._failure(argv[0], code, begin)

    def _failure(self, program: str, code: int, begin: int) -> VestibuleError:
        with self.log.open("rb") as log:
            log.seek(begin)
            text = log.read().decode(errors="replace")
        if _FULL.search(text):
            return disk_full(self.log.parent)
        if code == 127:
            return _missing(program)
        return GoldenFailed(
            f"{program} ended with exit code {code}: {telling_lines(text) or 'it printed nothing'}",
            remedy=f"Read {self.log}, mend the cause, then run: vestibule golden build.",
            log=str(self.log),
        )


def _missing(program: str) -> HostUnfit:
    return HostUnfit(
        f"the program {program} is not installed",
        remedy="Install what a build needs: apt install mmdebstrap squashfs-tools debian-archive-keyring.",
    )


def _execute(
    argv: Sequence[str],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    stdin: Path | None,
    stdout: Path | None,
    log: IO[bytes],
) -> int:
    with (
        (stdin or Path(os.devnull)).open("rb") as source,
        stdout.open("wb") if stdout else os.fdopen(os.dup(log.fileno()), "wb") as sink,
    ):
        try:
            return subprocess.run(
                argv,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=source,
                stdout=sink,
                stderr=log,
                check=False,
            ).returncode
        except FileNotFoundError as error:
            raise _missing(argv[0]) from error
