"""Asks the tool itself, as a fresh process, whether what it wrote is a login.

A file that looks right may be one that the tool refuses.  But a tool that gives no answer says nothing about
the file: then the file's own shape decides, and the person is told.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import Callable, Sequence

from vestibule_agent.documents import InvalidCredentialError
from vestibule_agent.protocol import Verification
from vestibule_desktop.processes import Children

VERIFY_S = 20.0
"""Emulated machines start a Node.js tool in ten seconds."""
MAX_OUTPUT_BYTES = 65_536
NOT_STARTED = frozenset({126, 127})
"""Exit codes of a program that could not be run (POSIX, 2.8.2)."""


class NoAnswerError(Exception):
    """The tool could not say; the text is one sentence without its output, which may hold secrets."""


class Verifier:
    """Runs verification commands; ``start`` starts one as the person, its output to a descriptor."""

    def __init__(
        self, children: Children, start: Callable[[Sequence[str], int], subprocess.Popen[bytes]]
    ) -> None:
        self._children, self._start = children, start

    async def ask(self, verification: Verification) -> None:
        """Return when the tool knows itself signed in.  Raises InvalidCredentialError, NoAnswerError."""
        name = " ".join(verification.command)
        # Memory, not a file: the agent may be root, and the tool could put a link in a file's place.
        with os.fdopen(os.memfd_create("verification"), "w+b") as output:
            code = await self._run(verification.command, name, output.fileno())
            output.seek(0)
            said = output.read(MAX_OUTPUT_BYTES).decode(errors="replace")
        if code < 0 or code in NOT_STARTED:
            raise NoAnswerError(f"{name} could not be run (exit code {code})")
        if code != 0:
            raise InvalidCredentialError(f"{name} says that it is no login (exit code {code})")
        if verification.expect and not re.search(verification.expect, said):
            raise InvalidCredentialError(f"{name} does not say that it is a login")

    async def _run(self, command: Sequence[str], name: str, output: int) -> int:
        try:
            process = self._start(command, output)
        except OSError as error:
            raise NoAnswerError(f"{name} could not be started: {error.strerror}") from error
        ended = self._children.adopt(process)
        try:
            async with asyncio.timeout(VERIFY_S):
                return await asyncio.shield(ended)
        except TimeoutError as error:
            raise NoAnswerError(f"{name} gave no answer within {VERIFY_S:g} s") from error
        finally:
            if not ended.done():
                os.killpg(process.pid, signal.SIGKILL)
