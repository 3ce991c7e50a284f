"""Keeps one service running: starts it again when it ends, ever more slowly, and counts."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from vestibule_desktop.processes import Children

FIRST_DELAY_S, LAST_DELAY_S = 0.2, 10.0
STEADY_S = 30.0
"""A service that ran this long starts afresh: its next end is a new trouble."""


class Supervisor:
    """One service; ``restarts`` counts its unwanted ends."""

    def __init__(
        self,
        name: str,
        children: Children,
        start: Callable[[], subprocess.Popen[bytes]],
        needs: Sequence[asyncio.Event] = (),
    ) -> None:
        self.name, self._children, self._start, self._needs = name, children, start, needs
        self.restarts = 0

    async def run(
        self,
        *,
        first: subprocess.Popen[bytes] | None = None,
        attend: Callable[[subprocess.Popen[bytes]], Awaitable[None]] | None = None,
    ) -> None:
        """Run for ever; ``first`` was started already, ``attend`` talks to each process while it lives."""
        delay_s = FIRST_DELAY_S
        while True:
            for need in self._needs:
                await need.wait()
            started = time.monotonic()
            code = await self._once(first, attend)
            first = None
            self.restarts += 1
            delay_s = (
                FIRST_DELAY_S if time.monotonic() - started > STEADY_S else min(delay_s * 2, LAST_DELAY_S)
            )
            report(f"{self.name} ended: {code}; restart {self.restarts} in {delay_s:g} s")
            await asyncio.sleep(delay_s)

    async def _once(
        self,
        process: subprocess.Popen[bytes] | None,
        attend: Callable[[subprocess.Popen[bytes]], Awaitable[None]] | None,
    ) -> str:
        try:
            process = process or self._start()
        except OSError as error:
            return str(error)
        ended = self._children.adopt(process)
        if attend is None:
            return f"exit code {await ended}"
        attending = asyncio.ensure_future(_attended(self.name, attend(process)))
        try:
            return f"exit code {await ended}"
        finally:
            attending.cancel()


async def _attended(name: str, work: Awaitable[None]) -> None:
    try:
        await work
    except* (OSError, EOFError) as errors:
        report(f"{name}: {told(errors)}")


def told(errors: BaseExceptionGroup[BaseException]) -> str:
    """What is inside of a group, in one line, each text once."""
    texts = [
        told(error) if isinstance(error, BaseExceptionGroup) else str(error) or type(error).__name__
        for error in errors.exceptions
    ]
    return "; ".join(dict.fromkeys(texts))


def report(text: str, speaker: str = "vestibule-desktop") -> None:
    """A line of the machine's log: standard error, which is the journal or the machine's console."""
    print(f"{speaker}: {text}", file=sys.stderr, flush=True)  # noqa: T201


def announce(text: str, speaker: str = "vestibule-desktop") -> None:
    """A line that the host waits for: root writes it on the machine's console, too, past the journal."""
    report(text, speaker)
    if os.geteuid() == 0:
        _print_on_console(f"{speaker}: {text}")


def _print_on_console(line: str) -> None:
    try:
        fd = os.open("/dev/console", os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        report(f"/dev/console: {error}")
        return
    with os.fdopen(fd, "w") as console:
        console.write(f"\r\n{line}\r\n")
