"""Every failure has one exit code, however it reached the command line."""

import pytest

from vestibule.cli.exit_codes import MEANING, ExitCode, exit_code
from vestibule.client import ControllerUnreachable, SessionEnded, error_for_answer
from vestibule.core import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.BadInput, 2),
        (errors.SettingsInvalid, 2),
        (errors.NotSignedIn, 3),
        (errors.Absent, 4),
        (errors.Conflict, 5),
        (errors.HostUnfit, 6),
        (errors.PortTaken, 6),
        (errors.DiskFull, 6),
        (errors.GoldenFailed, 7),
        (errors.MachineFailed, 8),
        (SessionEnded, 9),
        (ControllerUnreachable, 69),
        (errors.VestibuleError, 1),
    ],
)
def test_each_kind_of_failure_has_its_number(kind: type[errors.VestibuleError], code: int) -> None:
    assert exit_code(kind("cause", remedy="remedy")) == code


def test_numbers_are_distinct_and_explained() -> None:
    assert len({code.value for code in ExitCode}) == len(ExitCode)
    assert set(MEANING) == set(ExitCode)


@pytest.mark.parametrize(
    ("status", "code", "number"),
    [
        (401, "not_signed_in", 3),
        (404, "absent", 4),
        (409, "session_open", 5),
        (422, "bad_input", 2),
        (503, "host_saturated", 6),
        (503, "golden_failed", 7),
        (502, "agent_mismatch", 8),
        (500, "internal", 1),
    ],
)
def test_an_answer_of_the_controller_keeps_code_and_number(status: int, code: str, number: int) -> None:
    error = error_for_answer(status, code, "cause", "remedy")
    assert (error.failure_code, exit_code(error)) == (code, number)
