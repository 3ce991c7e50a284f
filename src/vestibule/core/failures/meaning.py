"""What there is to know of a failure code, whichever failure carries it."""

from __future__ import annotations

import dataclasses
import enum


class Fault(enum.StrEnum):
    """Whose a failure is: who can keep it from coming again."""

    HOST = "host"
    BUILD = "build"
    GOLDEN = "golden"
    MACHINE = "machine"
    TOOL = "tool"
    PROVIDER = "provider"
    PERSON = "person"
    REQUEST = "request"
    CONTROLLER = "controller"


FAULTS = {
    Fault.HOST: "The host is short of something, cannot run machines, or is set up wrongly.",
    Fault.BUILD: "A golden could not be made, tried or kept; machines that run are not touched.",
    Fault.GOLDEN: "What a golden holds is wrong; such failures count against it.",
    Fault.MACHINE: "A machine ended, fell silent or broke by itself. Nobody can tell it from a golden that"
    " makes its machines do so: it counts against the golden, unless the host was short of something, which"
    " has codes of its own.",
    Fault.TOOL: "The tool did not do what its provider file expects.",
    Fault.PROVIDER: "The provider refused, or the file that describes it is wrong.",
    Fault.PERSON: "Nobody was there, or somebody ended it.",
    Fault.REQUEST: "What was asked for is wrong, is not there, or comes at the wrong time.",
    Fault.CONTROLLER: "Vestibule itself.",
}
"""Each in a sentence or two, in the order of the reference."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FailureMeaning:
    """Of one code."""

    fault: Fault
    meaning: str
    """One sentence: what has happened."""
    remedy: str
    """One sentence: the next step, where the failure itself has none that is closer."""
    retryable: bool
    """Whether the same again may succeed without anybody mending something first."""


def passing(fault: Fault, meaning: str, remedy: str) -> FailureMeaning:
    """Of a failure that may not come again: trying again is worth it."""
    return FailureMeaning(fault=fault, meaning=meaning, remedy=remedy, retryable=True)


def lasting(fault: Fault, meaning: str, remedy: str) -> FailureMeaning:
    """Of a failure that comes again until somebody mends something."""
    return FailureMeaning(fault=fault, meaning=meaning, remedy=remedy, retryable=False)
