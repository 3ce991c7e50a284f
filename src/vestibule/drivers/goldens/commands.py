"""Host programs run by a build: what they print goes to one log; a failure quotes the lines that matter."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from vestibule.core.errors import DiskFull, GoldenFailed, HostUnfit, VestibuleError
from vestibule.drivers.goldens.complaints import known_complaint
from vestibule.drivers.goldens.tether import Users, run_tethered

_TELLING = re.compile(
    r"^(E: |npm error|dpkg: error|fatal|error)|\b(cannot|can't|failed|invalid)\b", re.IGNORECASE
)
_FULL = re.compile(r"No space left on device|ENOSPC", re.IGNORECASE)
_FULL_BELOW_BYTES = 1 << 20
"""On a disk this full a program fails for want of room, and its own words no longer reach the log."""
_QUOTED_LINES = 8
_NOT_FOUND = 127


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

    def __init__(self, log: Path, tmp: Path | None = None) -> None:
        """``tmp``: an existing folder for the programs' temporary files; the host's own when None."""
        self.log = log
        self._tmp = {} if tmp is None else {"TMPDIR": str(tmp)}
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
        users: Users = Users.OWN,
    ) -> None:
        """Run a program to its end; ``env`` is its whole environment, ours when None.

        A build that is killed takes it along, and all that it started.

        Raises GoldenFailed, DiskFull, or HostUnfit when it is not installed.
        """
        with contextlib.ExitStack() as files:
            log = files.enter_context(self.log.open("ab"))
            log.write(f"\n== {' '.join(argv)[:2000]}\n".encode())
            log.flush()
            begin = log.tell()
            code = run_tethered(
                argv,
                users=users,
                cwd=cwd,
                env={**(os.environ if env is None else env), **self._tmp},
                stdin=stdin or Path(os.devnull),
                stdout=files.enter_context(stdout.open("wb")) if stdout else log,
                stderr=log,
            )
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
        said = f"{program} ended with exit code {code}: {telling_lines(text) or 'it printed nothing'}"
        log_file = str(self.log)
        if known := known_complaint(text):
            cause = f"{known.cause}: {said}"
            return GoldenFailed(cause, remedy=known.remedy, code=known.code, log=log_file)
        remedy = f"Read {log_file}, mend the cause, then run: vestibule golden build."
        return GoldenFailed(said, remedy=remedy, log=log_file)


def _missing(complaint: str) -> HostUnfit:
    return HostUnfit(
        f"a program that a build needs is not installed: {complaint}",
        remedy="Install what a build needs: apt install bubblewrap mmdebstrap squashfs-tools"
        " debian-archive-keyring.",
    )
