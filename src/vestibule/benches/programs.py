"""Processes of a bench's own: who measures must not be who is measured."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vestibule.core.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

STOP_TIMEOUT_S = 10.0


@contextlib.contextmanager
def program(module: str, *arguments: int) -> Iterator[subprocess.Popen[str]]:
    """One of the bench's own; it ends when its standard input does."""
    argv = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    await_end(process)


def await_end(process: subprocess.Popen[Any]) -> None:
    """Of one that was told to end; killed when it takes its time."""
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """The next that it says.  Raises Unavailable when it has ended instead."""
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise Unavailable(
            f"A process of the bench ended by itself (exit code {process.wait()}).",
            remedy="Read what it wrote just above, and measure again.",
        )
    return line


def give(process: subprocess.Popen[str], order: DataclassInstance) -> None:
    """Tell it what to do: one line of JSON."""
    assert process.stdin is not None  # noqa: S101 (a pipe)
    process.stdin.write(json.dumps(dataclasses.asdict(order)) + "\n")
    process.stdin.flush()
