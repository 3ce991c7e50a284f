"""The rules of diagnosis, each a small function from what was observed to a more specific finding, or None.

They are asked in the order of ``RULES``: what ended the machine before what the machine did not do, the
machine before the tool, the tool before the person.  A failure that names its own cause already (a golden
that is damaged, a disk that is full, an agent of another build) is none that a rule looks at.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence

from vestibule.core.failures import FailureCode
from vestibule.core.machines import DriverName, Exit
from vestibule.core.observations import Observation
from vestibule.core.pressure import shortage

CHECK_CODES: Mapping[str, FailureCode] = {
    "desktop": FailureCode.DESKTOP_ABSENT,
    "browser": FailureCode.BROWSER_ABSENT,
    "vnc": FailureCode.VNC_ABSENT,
    "clock": FailureCode.CLOCK_WRONG,
    "random": FailureCode.RANDOMNESS_UNCONFIRMED,
    "address": FailureCode.ADDRESS_UNSET,
}
"""Failed check of the agent → failure code."""

CRASHES = 2
"""Ends of a browser that make one that crashes: the first may be a person's doing."""
_KILLED = 128 + 9
"""Exit code of a program that a signal 9 ended, as shells and our jails tell it."""
_SERVICES = {"desktop": "xvnc", "vnc": "xvnc", "browser": "chromium"}
"""Check → the desktop's service that it needs most."""
_ABSENT = frozenset({FailureCode.BROWSER_ABSENT, FailureCode.DESKTOP_ABSENT, FailureCode.VNC_ABSENT})
_SILENT = frozenset({FailureCode.AGENT_UNREACHABLE, FailureCode.NO_IDENTITY_ACK})
_ENDED = _SILENT | {FailureCode.MACHINE_EXITED, FailureCode.QEMU_FAILED, FailureCode.VMM_CRASHED}
_FRUITLESS = frozenset({FailureCode.LOGIN_TIMEOUT, FailureCode.TOOL_EXITED, FailureCode.URL_NOT_SEEN})
"""The tool or the person came to nothing; why is open."""
_NO_ROOM = re.compile(r"ENOSPC|no space left on device", re.IGNORECASE)
_KERNEL_KILLED = re.compile(r"Out of memory: Killed process \d+ \((?P<name>[^)]{1,40})\)")
_BAD_DISK = re.compile(r"SQUASHFS error.{0,160}|I/O error, dev vd.{0,160}")
_DENIED = re.compile(
    r"access[_ ]denied|permission denied by (?:the )?user|consent (?:was )?denied|request was denied"
    r"|(?:authori[sz]ation|login|sign-?in) (?:was |request )?(?:denied|declined|rejected)",
    re.IGNORECASE,
)
_NO_NETWORK = re.compile(
    r"\b(?:403|407|502|503|504)\b|network|proxy|connect|fetch failed|getaddrinfo|dial tcp|ENOTFOUND|ETIMEDOUT"
    r"|EAI_AGAIN|time[d ]?out|unreachable|resolve|offline",
    re.IGNORECASE,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule found: a failure's code and its cause, in a sentence or two."""

    code: FailureCode
    cause: str
    remedy: str | None = None
    """None: the catalogue's."""


Rule = Callable[[Observation], Finding | None]


def broker_gone(seen: Observation) -> Finding | None:
    """The broker ended: no machine lives without it."""
    if seen.exit is None or not seen.exit.broker_lost or seen.failure.code not in _ENDED:
        return None
    return Finding(
        code=FailureCode.BROKER_GONE,
        cause="The broker, the process that holds this host's machines, ended, and the machine with it.",
    )


def host_out_of_memory(seen: Observation) -> Finding | None:
    """The host was short of memory, and the machine was not at its own limit."""
    own = seen.memory is not None and seen.memory.exhausted and seen.memory.limit_hits > 0
    return None if own else _host_lacks(seen, FailureCode.HOST_OUT_OF_MEMORY)


def guest_out_of_memory(seen: Observation) -> Finding | None:
    """The machine was at its own limit, and something in it was killed for that."""
    killed = _killed_in_machine(seen)
    stopped = seen.failure.code in _ENDED | _ABSENT or _tool_killed(seen)
    if killed is None or not (stopped or (seen.failing and seen.failure.code in _FRUITLESS)):
        return None
    return Finding(
        code=FailureCode.GUEST_OUT_OF_MEMORY,
        cause=f"The machine ran out of its own memory: {killed}.",
    )


def golden_corrupt(seen: Observation) -> Finding | None:
    """A virtual machine's kernel could not read its disk."""
    said = _BAD_DISK.search(seen.console.others) if seen.driver is DriverName.QEMU else None
    if said is None or seen.failure.code not in _ENDED | _ABSENT | _FRUITLESS:
        return None
    return Finding(
        code=FailureCode.GOLDEN_CORRUPT,
        cause=f"The machine could not read its golden's disk: its kernel says {said[0].strip()!r}.",
    )


def vmm_crashed(seen: Observation) -> Finding | None:
    """QEMU ended, and not because its guest had switched itself off."""
    if seen.driver is not DriverName.QEMU or seen.exit is None or seen.failure.code not in _ENDED:
        return None
    if seen.exit.signal is None and seen.exit.code == 0:
        return None
    return Finding(
        code=FailureCode.VMM_CRASHED,
        cause=f"QEMU, which ran the machine, ended by itself ({_told(seen.exit)}).",
    )


def guest_disk_full(seen: Observation) -> Finding | None:
    """Somebody in the machine says that there is no room left."""
    texts = (seen.screen, seen.console.agent_log, *seen.clues.tool_errors, *seen.failing.values())
    said = next((line for text in texts for line in text.splitlines() if _NO_ROOM.search(line)), None)
    if said is None or seen.failure.code not in _ENDED | _ABSENT | _FRUITLESS:
        return None
    return Finding(
        code=FailureCode.GUEST_DISK_FULL,
        cause=f"The machine's own disk is full: {_quoted(said)}.",
    )


def machine_exited(seen: Observation) -> Finding | None:
    """The machine ended, and nothing tells more."""
    if seen.exit is None or seen.failure.code not in _ENDED:
        return None
    return Finding(
        code=FailureCode.MACHINE_EXITED,
        cause=f"The machine ended by itself ({_told(seen.exit)}).",
    )


def host_saturated(seen: Observation) -> Finding | None:
    """The host had too much to do for an agent to answer in time."""
    return _host_lacks(seen, FailureCode.HOST_SATURATED)


def display_crashed(seen: Observation) -> Finding | None:
    """The X server has been started again and again: without it nothing else of the desktop stays."""
    ends = seen.console.ends.get("xvnc")
    if ends is None or ends.count < CRASHES:
        return None
    if seen.failure.code not in _ABSENT and not any(_fails(seen, check) for check in _SERVICES):
        return None
    return Finding(
        code=FailureCode.DESKTOP_ABSENT,
        cause=f"The machine's X server ended {ends.count} times, the last time with {ends.how}.",
    )


def browser_crashed(seen: Observation) -> Finding | None:
    """The browser has been started again and again, and is not there."""
    ends = seen.console.ends.get("chromium")
    if ends is None or ends.count < CRASHES or not ends.how.startswith("exit code"):
        return None
    if seen.failure.code != FailureCode.BROWSER_ABSENT and not _fails(seen, "browser"):
        return None
    return Finding(
        code=FailureCode.BROWSER_CRASHED,
        cause=f"The machine's browser crashed {ends.count} times, the last time with {ends.how}.",
    )


def failed_check(seen: Observation) -> Finding | None:
    """A check of the agent that fails now, or failed when it was asked first."""
    for name, code in CHECK_CODES.items():
        if seen.failure.code == code:
            return Finding(code=code, cause=f"{seen.failure.cause}{_ends_of(seen, name)}")
        if _fails(seen, name):
            cause = f"{seen.failure.cause} The machine's {name} check fails: {seen.failing[name]}."
            return Finding(code=code, cause=f"{cause}{_ends_of(seen, name)}")
    return None


def login_denied(seen: Observation) -> Finding | None:
    """The tool says that the person, or an organisation's rule, said no."""
    texts = (*seen.clues.tool_errors, seen.screen)
    said = next((line for text in texts for line in text.splitlines() if _DENIED.search(line)), None)
    if said is None or seen.failure.code not in _FRUITLESS:
        return None
    return Finding(
        code=FailureCode.LOGIN_DENIED,
        cause=f"The sign-in was denied. The tool says: {_quoted(said)}.",
    )


def credential_invalid(seen: Observation) -> Finding | None:
    """The tool did write something, which is no login."""
    if seen.clues.refused_login is None or seen.failure.code != FailureCode.TOOL_EXITED:
        return None
    return Finding(
        code=FailureCode.CREDENTIAL_INVALID,
        cause=f"The tool ended, and what it wrote is no login: {seen.clues.refused_login}.",
    )


def controller_away(seen: Observation) -> Finding | None:
    """The tool ended while its controller was being replaced: what it asked of the network got no answer."""
    if not seen.clues.unattended or seen.failure.code != FailureCode.TOOL_EXITED:
        return None
    return Finding(
        code=FailureCode.CONTROLLER_RESTARTED,
        cause=f"{seen.failure.cause} No controller ran at that moment, and a machine has no network then.",
    )


def egress_unreachable(seen: Observation) -> Finding | None:
    """A site that is allowed did not answer, and the sign-in got no further."""
    missed = _missed(seen, seen.clues.unreachable)
    if not missed:
        return None
    return Finding(
        code=FailureCode.EGRESS_UNREACHABLE,
        cause=f"{seen.failure.cause} A site that it needs was out of reach: {_counted(missed)}",
    )


def egress_refused(seen: Observation) -> Finding | None:
    """A site that is not allowed was asked for, and page or tool show that it was needed."""
    missed = _missed(seen, seen.clues.refused)
    if not missed or not (seen.clues.page_known or _NO_NETWORK.search(seen.screen)):
        return None
    return Finding(
        code=FailureCode.EGRESS_REFUSED,
        cause=f"{seen.failure.cause} It asked for a site that it may not reach: {_counted(missed)}",
    )


def sites_missed(seen: Observation) -> Finding | None:
    """Sites were refused before there was a page, and nothing says whether that mattered."""
    if seen.failure.code not in _FRUITLESS or seen.clues.page_known or not seen.clues.refused:
        return None
    cause = f"{seen.failure.cause} It asked for sites that it did not get: see the evidence."
    return Finding(code=FailureCode(seen.failure.code), cause=cause, remedy=seen.failure.remedy)


RULES: tuple[Rule, ...] = (
    broker_gone,
    host_out_of_memory,
    guest_out_of_memory,
    golden_corrupt,
    vmm_crashed,
    guest_disk_full,
    machine_exited,
    host_saturated,
    display_crashed,
    browser_crashed,
    failed_check,
    login_denied,
    credential_invalid,
    controller_away,
    egress_unreachable,
    egress_refused,
    sites_missed,
)


def _host_lacks(seen: Observation, code: FailureCode) -> Finding | None:
    if seen.began is None or seen.now is None:
        return None
    lack = shortage(seen.failure.code, seen.began, seen.now)
    if lack is None or lack.code != code:
        return None
    what, percent = (
        ("memory", seen.now.memory) if code == FailureCode.HOST_OUT_OF_MEMORY else ("processor", seen.now.cpu)
    )
    measured = f" Its {what} pressure was {percent:.0f} %." if percent else ""
    return Finding(
        code=code,
        cause=f"{seen.failure.cause.rstrip('.')}, while the host {lack.what}.{measured}",
    )


def _missed(seen: Observation, sites: Sequence[str]) -> Sequence[str]:
    """Of these sites, those that stopped a sign-in: all before there was a page, then its own."""
    clues = seen.clues
    if seen.failure.code in _FRUITLESS and not clues.page_known:
        return sites
    if seen.failure.code == FailureCode.LOGIN_TIMEOUT:
        return [site for site in sites if site == clues.page_missed]
    return []


def _killed_in_machine(seen: Observation) -> str | None:
    if seen.memory is not None and seen.memory.exhausted:
        return (
            f"at its limit of {seen.memory.limit_mib} MiB the kernel killed {seen.memory.oom_kills}"
            " of its processes"
        )
    named = _KERNEL_KILLED.search(seen.console.others) if seen.driver is DriverName.QEMU else None
    return f"its kernel killed {named['name']}" if named else None


def _tool_killed(seen: Observation) -> bool:
    return seen.failure.code == FailureCode.TOOL_EXITED and seen.clues.tool_exit in {_KILLED, -9}


def _fails(seen: Observation, check: str) -> bool:
    return seen.failure.code in _FRUITLESS and check in seen.failing


def _ends_of(seen: Observation, check: str) -> str:
    name = _SERVICES.get(check, "")
    ends = seen.console.ends.get(name)
    return f" {name} ended {ends.count} times, the last time: {ends.how}." if ends else ""


def _told(exit_: Exit) -> str:
    if exit_.code is not None and exit_.code > 128:
        return f"{exit_}: signal {exit_.code - 128} ended its first program"
    return str(exit_)


def _quoted(line: str) -> str:
    return repr(" ".join(line.split())[:200])


def _counted(sentences: Sequence[str]) -> str:
    more = len(sentences) - 1
    return sentences[0] + (f" (And {more} more: see the evidence.)" if more else "")
