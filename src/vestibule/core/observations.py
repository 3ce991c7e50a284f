"""What was observed of a sign-in or a machine that failed, and how it is kept as evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from vestibule.core.console import Console
from vestibule.core.machines import DriverName, Exit, MachineMemory
from vestibule.core.pressure import Pressure
from vestibule.core.sessions import Failure

LONGEST = 16_384
"""Characters of one piece of evidence, of its end."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clues:
    """What a sign-in has heard of its tool and of the sites, before it failed."""

    tool_exit: int | None = None
    """Exit code of the tool, once it has ended."""
    tool_errors: Sequence[str] = ()
    """What the tool said that went wrong, oldest first."""
    refused_login: str | None = None
    """Why what the tool wrote is no login."""
    unreachable: Sequence[str] = ()
    """Sites that it may reach and that did not answer: a sentence each."""
    refused: Sequence[str] = ()
    """Sites that it may not reach: a sentence each."""
    unattended: bool = False
    """The tool ended while no controller ran."""
    page_known: bool = False
    """There was a sign-in address."""
    page_missed: str | None = None
    """Why the sign-in page itself could not be reached."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Observation:
    """Everything that is known; what could not be learnt is None or empty."""

    failure: Failure
    """As it was raised, or decided on."""
    driver: DriverName | None = None
    exit: Exit | None = None
    """How the machine ended by itself; None: it ran on, or nobody knows."""
    memory: MachineMemory | None = None
    began: Pressure | None = None
    """Of the host, when the machine was begun."""
    now: Pressure | None = None
    failing: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Check of the agent that fails now → what it found."""
    healthy: bool = False
    """The agent answers now, and no check fails."""
    console: Console = dataclasses.field(default_factory=Console)
    screen: str = ""
    """The tool's terminal."""
    picture: str | None = None
    """The file with a picture of the desktop."""
    clues: Clues = dataclasses.field(default_factory=Clues)


def evidence(seen: Observation) -> Mapping[str, str]:
    """Name → text of what is worth keeping, the failure's own first; not redacted yet."""
    found = {
        **dict(seen.failure.evidence),
        **_of_the_machine(seen),
        **_of_the_tool(seen),
    }
    return {name: text[-LONGEST:] for name, text in found.items() if text}


def _of_the_machine(seen: Observation) -> Mapping[str, str]:
    return {
        "exit": str(seen.exit) if seen.exit else "",
        "checks": "all are well" if seen.healthy else _listed(seen.failing),
        "console": seen.console.others,
        "agent_log": seen.console.agent_log,
        "machine_memory": _memory(seen.memory) if seen.memory else "",
        "host_pressure": str(seen.now) if seen.now else "",
        "screenshot": seen.picture or "",
    }


def _of_the_tool(seen: Observation) -> Mapping[str, str]:
    clues, own = seen.clues, seen.failure.evidence
    return {
        "screen": own.get("screen", "") or seen.screen,
        "tool_says": "\n".join(clues.tool_errors),
        "sites_unreachable": "\n".join(clues.unreachable),
        "sites_refused": "\n".join(clues.refused),
    }


def _listed(checks: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {detail}" for name, detail in checks.items())


def _memory(memory: MachineMemory) -> str:
    peak = f", at most {memory.peak_mib} MiB used" if memory.peak_mib is not None else ""
    return (
        f"limit {memory.limit_mib} MiB{peak}, {memory.limit_hits} times at the limit,"
        f" {memory.oom_kills} processes killed for want of memory"
    )
