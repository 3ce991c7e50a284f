"""Exit codes: what a script may rely on.  This is the only place where a failure becomes a number."""

from __future__ import annotations

import enum
import sys

from vestibule.client import ControllerUnreachable, SessionEnded
from vestibule.core import errors


class ExitCode(enum.IntEnum):
    """A command's exit code; the docstring of each member is its row in the reference."""

    OK = 0
    INTERNAL = 1
    BAD_INPUT = 2
    NOT_SIGNED_IN = 3
    ABSENT = 4
    CONFLICT = 5
    UNAVAILABLE = 6
    GOLDEN_FAILED = 7
    MACHINE_FAILED = 8
    SESSION_ENDED = 9
    UNREACHABLE = 69
    INTERRUPTED = 130


MEANING = {
    ExitCode.OK: "It was done.",
    ExitCode.INTERNAL: "An unforeseen error: a defect; the log has the details.",
    ExitCode.BAD_INPUT: "The command, an option or a setting is wrong.",
    ExitCode.NOT_SIGNED_IN: "No valid API token was found.",
    ExitCode.ABSENT: "There is no such thing, or it is someone else's.",
    ExitCode.CONFLICT: "The present state does not allow it.",
    ExitCode.UNAVAILABLE: "The host lacks something; `vestibule doctor` says what.",
    ExitCode.GOLDEN_FAILED: "A golden could not be built or is not usable.",
    ExitCode.MACHINE_FAILED: "A machine did not start or stopped by itself, or a sign-in failed.",
    ExitCode.SESSION_ENDED: "A sign-in that was waited for ran out of time or was cancelled.",
    ExitCode.UNREACHABLE: "The controller does not answer.",
    ExitCode.INTERRUPTED: "Ctrl-C.",
}

_BY_ERROR: dict[type[errors.VestibuleError], ExitCode] = {
    errors.NotSignedIn: ExitCode.NOT_SIGNED_IN,
    errors.Refused: ExitCode.BAD_INPUT,
    errors.Absent: ExitCode.ABSENT,
    errors.Conflict: ExitCode.CONFLICT,
    errors.Unavailable: ExitCode.UNAVAILABLE,
    errors.GoldenFailed: ExitCode.GOLDEN_FAILED,
    errors.MachineFailed: ExitCode.MACHINE_FAILED,
    errors.VestibuleError: ExitCode.INTERNAL,
}


def exit_code(error: errors.VestibuleError) -> ExitCode:
    """The number for a failure."""
    if isinstance(error, ControllerUnreachable):
        return ExitCode.UNREACHABLE
    if isinstance(error, SessionEnded):
        return ExitCode.SESSION_ENDED
    return next(_BY_ERROR[kind] for kind in type(error).__mro__ if kind in _BY_ERROR)


def reference_table() -> str:
    """The exit codes as a Markdown table (docs/reference/exit-codes.md)."""
    rows = [f"| {code.value} | {code.name.lower()} | {MEANING[code]} |" for code in ExitCode]
    return "\n".join(["| exit code | name | meaning |", "|---|---|---|", *rows]) + "\n"


def main() -> None:
    """Print the reference table."""
    sys.stdout.write(reference_table())


if __name__ == "__main__":
    main()
