"""Runs one tool's login on a terminal and writes down, with times, what it prints, opens and is told."""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from emulator import Emulator

from transcripts import OPENED, Moment

TICK_S = 0.05
PATIENCE_S = 40.0
AFTERWARDS_S = 0.6
"""How long to go on reading after the last thing that was waited for."""
KEYS = {
    "Enter": "\r",
    "Up": "\x1b[A",
    "Down": "\x1b[B",
    "Escape": "\x1b",
    "C-c": "\x03",
    "Tab": "\t",
    "Space": " ",
}


class TakeFailed(RuntimeError):
    """The tool did not show what was waited for; says what was on its screen."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """Wait until the screen matches ``when``, then type ``text`` (and Enter) and press ``keys``."""

    when: str
    text: str | None = None
    keys: tuple[str, ...] = ()


class Recording:
    """A running login."""

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], size: tuple[int, int], uid: int
    ) -> None:
        self.emulator = Emulator(*size)
        self.moments: list[Moment] = []
        self.exit_code: int | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._opened = 0
        self._start = time.monotonic()
        self._pid, self._fd = _spawn(argv, environment, size, uid)

    def run(self, steps: Sequence[Step], opened: Path) -> None:
        """Carry out the steps in order; after the last one, read a little longer."""
        for step in steps:
            self._wait(lambda pattern=step.when: bool(re.search(pattern, self.seen())), opened, step.when)  # type: ignore[misc]
            self._do(step)
        with contextlib.suppress(TakeFailed):
            self._wait(lambda: False, opened, "", patience_s=AFTERWARDS_S)

    def seen(self) -> str:
        """The screen's text, then the addresses opened, one a line."""
        opened = [moment.text for moment in self.moments if moment.kind == "m"]
        ended = [] if self.exit_code is None else [f"exit code {self.exit_code}"]
        return "\n".join([self.emulator.text(), *opened, *ended])

    def stop(self) -> None:
        """End the tool and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.close(self._fd)
        if self.exit_code is None:
            os.waitpid(self._pid, 0)

    def _do(self, step: Step) -> None:
        if step.text is not None:
            self._type(step.text)
            self._settle()
            self._type(KEYS["Enter"])
        for key in step.keys:
            self._type(KEYS.get(key, key))
            self._settle()

    def _settle(self) -> None:
        """Enter by itself, as the agent sends it: once the tool has taken the text in."""
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline and not self._read():
            pass

    def _type(self, text: str) -> None:
        self._note("i", text)
        os.write(self._fd, text.encode())

    def _wait(self, met: Callable[[], bool], opened: Path, what: str, patience_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + patience_s
        while not met():
            if time.monotonic() > deadline or self.exit_code is not None:
                raise TakeFailed(f"no {what!r} on the screen:\n{self.seen()}")
            self._read()
            self._look_at(opened)

    def _read(self) -> bool:
        if not select.select([self._fd], [], [], TICK_S)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # the tool has closed its terminal
            data = b""
        if data:
            self._show(self._decoder.decode(data))
        elif self.exit_code is None:
            self.exit_code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return True

    def _show(self, text: str) -> None:
        self._note("o", text)
        self.emulator.feed(text)
        for answer in self.emulator.answers:
            os.write(self._fd, answer.encode())
        self.emulator.answers.clear()

    def _look_at(self, opened: Path) -> None:
        urls = opened.read_text().splitlines()
        for url in urls[self._opened :]:
            self._note("m", OPENED + url)
        self._opened = len(urls)

    def _note(self, kind: str, text: str) -> None:
        self.moments.append(Moment(at_s=time.monotonic() - self._start, kind=kind, text=text))


def _spawn(
    argv: Sequence[str], environment: Mapping[str, str], size: tuple[int, int], uid: int
) -> tuple[int, int]:
    columns, rows = size
    pid, fd = pty.fork()
    if pid == 0:
        try:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.chdir(environment["HOME"])
            os.execvpe(argv[0], list(argv), dict(environment))  # noqa: S606 - no shell is wanted
        except OSError as error:
            os.write(2, f"{argv[0]}: {error}\n".encode())
        finally:
            os._exit(127)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return pid, fd
