"""Host programs run by a build: what they print goes to one log; a failure quotes the lines that matter."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from vestibule.core.errors import DiskFull, GoldenFailed, HostUnfit, VestibuleError

_TELLING = re.compile(
    r"^(E: |npm error|dpkg: error|fatal|error)|\b(cannot|can't|failed|invalid)\b", re.IGNORECASE
)
_FULL = re.compile(r"No space left on device|ENOSPC", re.IGNORECASE)
_FULL_BELOW_BYTES = 1 << 20
"""On a disk this full a program fails for want of room, and its own words no longer reach the log."""
_QUOTED_LINES = 8
_NOT_FOUND = 127

FOLLOW_PARENT = ("setpriv", "--pdeathsig", "TERM")
"""Prefix of an argv: a process that ends with the one that started it."""


def reaped(argv: Sequence[str]) -> list[str]:
    """The argv that runs ``argv`` so that a build which is killed takes it along, and all that came of it."""
    return [sys.executable, "-I", "-S", str(_REAPER), str(os.getpid()), *argv]


_REAPER = Path(__file__).with_name("reaper.py")


def disk_full(where: Path) -> DiskFull:
    """The failure of a build that found no room."""
    return DiskFull(
        f"no room left on the disk that holds {where} ({_free_bytes(where) >> 20} MiB free)",
        remedy="Free about 8 GiB there, or set cache_dir to a folder on a larger disk; then build again.",
    )


def _free_bytes(where: Path) -> int:
    disk = os.statvfs(where)
    return disk.f_bavail * disk.f_frsize


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
        """Run a program to its end; ``env`` is its whole environment, ours when None.

        Raises GoldenFailed, DiskFull, or HostUnfit when it is not installed.
        """
        with contextlib.ExitStack() as files:
            log = files.enter_context(self.log.open("ab"))
            log.write(f"\n== {' '.join(argv)[:2000]}\n".encode())
            log.flush()
            begin = log.tell()
            code = subprocess.run(
                reaped(argv),
                cwd=cwd,
                env=env,
                stdin=files.enter_context((stdin or Path(os.devnull)).open("rb")),
                stdout=files.enter_context(stdout.open("wb")) if stdout else log,
                stderr=log,
                check=False,
            ).returncode
        if code != 0:
            raise self._failure(argv[0], code, begin)

    def _failure(self, program: str, code: int, begin: int) -> VestibuleError:
        with self.log.open("rb") as log:
            log.seek(begin)
            text = log.read().decode(errors="replace")
        if _FULL.search(text) or _free_bytes(self.log.parent) < _FULL_BELOW_BYTES:
            return disk_full(self.log.parent)
        if code == _NOT_FOUND:
            return _missing(telling_lines(text))
        return GoldenFailed(
            f"{program} ended with exit code {code}: {telling_lines(text) or 'it printed nothing'}",
            remedy=f"Read {self.log}, mend the cause, then run: vestibule golden build.",
            log=str(self.log),
        )


def _missing(complaint: str) -> HostUnfit:
    return HostUnfit(
        f"a program that a build needs is not installed: {complaint}",
        remedy="Install what a build needs: apt install bubblewrap mmdebstrap squashfs-tools"
        " debian-archive-keyring.",
    )
