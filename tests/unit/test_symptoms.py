"""Every rule of diagnosis: when it speaks, when it does not, and before which other ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from vestibule.core import console
from vestibule.core.diagnosis import diagnose, failure_of
from vestibule.core.machines import DriverName, Exit, MachineMemory
from vestibule.core.observations import Clues, Observation
from vestibule.core.pressure import Pressure
from vestibule.core.sessions import Failure
from vestibule.core.symptoms import CHECK_CODES, RULES

CALM = Pressure(reclaims=5, oom_kills=2, stalled_s=1.0, load=0.5)
STARVED = dataclasses.replace(CALM, reclaims=9, oom_kills=3, memory=83.0)
BUSY = dataclasses.replace(CALM, load=9.0, cpu=97.0)
OWN_LIMIT = MachineMemory(oom_kills=3, limit_hits=40, limit_mib=1536, peak_mib=1536)
BY_THE_HOST = MachineMemory(oom_kills=3, limit_hits=0, limit_mib=1536)
AT_ITS_PEAK = MachineMemory(oom_kills=1, limit_hits=0, limit_mib=1536, peak_mib=1535)
KILLED = Exit(code=None, signal=9)
CRASHING = "\n".join(
    f"vestibule-desktop: chromium ended: exit code -11; restart {count} in 0.4 s" for count in (1, 2, 3)
)
MISSING = "vestibule-desktop: chromium ended: [Errno 2] No such file or directory; restart 7 in 10 s"
NO_X = "vestibule-desktop: xvnc ended: exit code -9; restart 5 in 10 s"
SITE = "a.test:443 did not answer: the host has no internet, or the site is down."
OTHER = "b.test:443 is not one of the sites that this tool's sign-in needs."
NO_ROOM = "Error: ENOSPC: no space left on device, write"


def see(code: str, **seen: Any) -> Observation:
    failure = Failure(code=code, cause="It came to nothing.", remedy="Look.", evidence=seen.pop("own", {}))
    text = seen.pop("console", "")
    clues = {name: seen.pop(name) for name in tuple(seen) if name in CLUES}
    known: dict[str, Any] = {"failure": failure, "began": CALM, "now": CALM, "driver": DriverName.CONTAINER}
    known |= {**seen, "console": console.read(text), "clues": Clues(**clues)}
    return Observation(**known)


CLUES = {field.name for field in dataclasses.fields(Clues)}
QEMU = {"driver": DriverName.QEMU}

CASES: Mapping[str, tuple[Observation, str, str]] = {
    "broker_gone": (
        see("agent_unreachable", exit=Exit(code=None, signal=9, broker_lost=True)),
        "broker_gone",
        "The broker",
    ),
    "host_out_of_memory": (
        see("machine_exited", exit=KILLED, now=STARVED, memory=BY_THE_HOST),
        "host_out_of_memory",
        "killed 1 processes. Its memory pressure was 83 %",
    ),
    "guest_out_of_memory": (
        see("machine_exited", exit=KILLED, memory=OWN_LIMIT),
        "guest_out_of_memory",
        "at its limit of 1536 MiB the kernel killed 3",
    ),
    "guest_out_of_memory, where the kernel counts no hits": (
        see("machine_exited", exit=KILLED, memory=AT_ITS_PEAK),
        "guest_out_of_memory",
        "1536 MiB",
    ),
    "guest_out_of_memory, of a tool": (
        see("tool_exited", tool_exit=137, memory=OWN_LIMIT),
        "guest_out_of_memory",
        "1536 MiB",
    ),
    "guest_out_of_memory, of a browser": (
        see("login_timeout", failing={"browser": "nothing within 2 s"}, memory=OWN_LIMIT),
        "guest_out_of_memory",
        "1536 MiB",
    ),
    "guest_out_of_memory, by a guest's own kernel": (
        see("agent_unreachable", console="Out of memory: Killed process 412 (chromium) total-vm", **QEMU),
        "guest_out_of_memory",
        "killed chromium",
    ),
    "golden_corrupt": (
        see("browser_absent", console="SQUASHFS error: zlib decompression failed", **QEMU),
        "golden_corrupt",
        "decompression failed",
    ),
    "vmm_crashed": (
        see("agent_unreachable", exit=Exit(code=137, signal=None), **QEMU),
        "vmm_crashed",
        "signal 9",
    ),
    "vmm_crashed, by itself": (
        see("machine_exited", exit=Exit(code=1, signal=None), **QEMU),
        "vmm_crashed",
        "exit code 1",
    ),
    "machine_exited, of a guest that switched off": (
        see("machine_exited", exit=Exit(code=0, signal=None), **QEMU),
        "machine_exited",
        "exit code 0",
    ),
    "machine_exited": (see("agent_unreachable", exit=KILLED), "machine_exited", "signal 9"),
    "guest_disk_full": (see("tool_exited", screen=f"$ tool\n{NO_ROOM}\n"), "guest_disk_full", "ENOSPC"),
    "guest_disk_full, of an agent": (
        see(
            "machine_exited",
            exit=Exit(code=1, signal=None),
            console="vestibule-agent: OSError: [Errno 28] No space left on device",
        ),
        "guest_disk_full",
        "No space left",
    ),
    "host_saturated": (
        see("no_identity_ack", now=BUSY),
        "host_saturated",
        "9 tasks for each processor. Its processor pressure was 97 %",
    ),
    "browser_crashed": (
        see("browser_absent", console=CRASHING),
        "browser_crashed",
        "3 times, the last time with",
    ),
    "browser_crashed, later": (
        see("login_timeout", failing={"browser": "nothing"}, console=CRASHING),
        "browser_crashed",
        "exit code -11",
    ),
    "browser_absent, never there": (
        see("browser_absent", console=MISSING),
        "browser_absent",
        "chromium ended 7 times, the last time: [Errno 2] No such file",
    ),
    "desktop_absent": (
        see("url_not_seen", failing={"desktop": "went away"}),
        "desktop_absent",
        "The machine's desktop check fails: went away.",
    ),
    "desktop_absent, again and again": (
        see("url_not_seen", failing={"browser": "not yet"}, console=f"{CRASHING}\n{NO_X}"),
        "desktop_absent",
        "X server ended 5 times, the last time with exit code -9",
    ),
    "login_denied": (see("tool_exited", screen="x\nerror: access_denied\n"), "login_denied", "access_denied"),
    "login_denied, told by the agent": (
        see("login_timeout", tool_errors=("Login was declined",), page_known=True),
        "login_denied",
        "Login was declined",
    ),
    "credential_invalid": (
        see("tool_exited", refused_login="no token in it"),
        "credential_invalid",
        "no token in it",
    ),
    "controller_restarted": (
        see("tool_exited", tool_exit=3, unattended=True),
        "controller_restarted",
        "No controller ran at that moment",
    ),
    "controller_restarted, and the tool was told no": (
        see("tool_exited", unattended=True, tool_errors=("access_denied",)),
        "login_denied",
        "access_denied",
    ),
    "egress_unreachable": (see("tool_exited", unreachable=(SITE,)), "egress_unreachable", "a.test:443"),
    "egress_unreachable, the page": (
        see("login_timeout", unreachable=(SITE,), page_known=True, page_missed=SITE),
        "egress_unreachable",
        "a.test:443",
    ),
    "egress_refused": (
        see("tool_exited", refused=(OTHER,), screen="connect ECONNREFUSED"),
        "egress_refused",
        "b.test",
    ),
    "egress_refused, the page": (
        see("login_timeout", refused=(OTHER,), page_known=True, page_missed=OTHER),
        "egress_refused",
        "b.test",
    ),
    "sites that nobody missed": (see("tool_exited", refused=(OTHER,)), "tool_exited", "see the evidence"),
}


@pytest.mark.parametrize(("seen", "code", "said"), CASES.values(), ids=CASES)
def test_the_most_specific_code_is_found(seen: Observation, code: str, said: str) -> None:
    failure = diagnose(seen)
    assert failure.code == code
    assert said in failure.cause
    assert failure.remedy
    if code != seen.failure.code:
        assert failure.evidence["first_seen_as"] == f"{seen.failure.code}: {seen.failure.cause}"


def test_every_rule_has_a_case_in_which_it_speaks_first() -> None:
    first = {next(rule.__name__ for rule in RULES if rule(seen) is not None) for seen, _, _ in CASES.values()}
    assert first == {rule.__name__ for rule in RULES}


ORDER = [
    ("broker_gone", {"exit": Exit(code=None, signal=9, broker_lost=True), "now": STARVED}),
    ("host_out_of_memory", {"exit": KILLED, "now": STARVED, "memory": BY_THE_HOST, **QEMU}),
    ("host_out_of_memory", {"exit": KILLED, "now": STARVED, "memory": AT_ITS_PEAK}),
    ("guest_out_of_memory", {"exit": KILLED, "now": STARVED, "memory": OWN_LIMIT}),
    ("guest_out_of_memory", {"exit": KILLED, "memory": OWN_LIMIT, **QEMU}),
    ("golden_corrupt", {"exit": KILLED, "console": "I/O error, dev vda, sector 8", **QEMU}),
    ("vmm_crashed", {"exit": KILLED, "console": f"vestibule-agent: {NO_ROOM}", **QEMU}),
    ("guest_disk_full", {"exit": KILLED, "console": f"vestibule-agent: {NO_ROOM}"}),
    ("machine_exited", {"exit": KILLED, "now": BUSY}),
]


@pytest.mark.parametrize(("code", "seen"), ORDER)
def test_what_ended_a_machine_is_told_before_what_followed(code: str, seen: Mapping[str, Any]) -> None:
    assert diagnose(see("agent_unreachable", **seen)).code == code


LATER = [
    ("guest_disk_full", {"screen": f"{NO_ROOM}\naccess_denied", "unreachable": (SITE,)}),
    ("browser_crashed", {"failing": {"browser": "gone"}, "console": CRASHING, "unreachable": (SITE,)}),
    ("desktop_absent", {"failing": {"vnc": "gone", "desktop": "gone"}, "screen": "access_denied"}),
    ("login_denied", {"screen": "access_denied", "refused_login": "no token", "unreachable": (SITE,)}),
    ("credential_invalid", {"refused_login": "no token", "unreachable": (SITE,)}),
    ("controller_restarted", {"unattended": True, "unreachable": (SITE,)}),
    ("egress_unreachable", {"unreachable": (SITE,), "refused": (OTHER,), "screen": "network"}),
]


@pytest.mark.parametrize(("code", "seen"), LATER)
def test_the_machine_is_told_before_the_tool_and_the_tool_before_its_sites(
    code: str, seen: Mapping[str, Any]
) -> None:
    assert diagnose(see("tool_exited", **seen)).code == code


EVERYTHING = {
    "exit": KILLED,
    "now": dataclasses.replace(STARVED, load=9.0),
    "memory": OWN_LIMIT,
    "screen": f"{NO_ROOM}\naccess_denied network",
    "failing": dict.fromkeys(CHECK_CODES, "gone"),
    "console": f"{CRASHING}\nSQUASHFS error",
    "refused_login": "no token",
    "unreachable": (SITE,),
    "refused": (OTHER,),
}


@pytest.mark.parametrize(
    "code",
    ["agent_mismatch", "golden_absent", "disk_full", "tool_missing", "controller_restarted", "userns_off"],
)
def test_a_failure_that_names_its_cause_is_left_as_it_is(code: str) -> None:
    failure = diagnose(see(code, **EVERYTHING, **QEMU))
    assert (failure.code, failure.cause) == (code, "It came to nothing.")


@pytest.mark.parametrize("code", ["tool_exited", "url_not_seen", "login_timeout", "agent_unreachable"])
def test_without_anything_observed_the_failure_stays_as_it_was_raised(code: str) -> None:
    bare = Observation(failure=Failure(code=code, cause="It came to nothing.", remedy="Look."))
    assert diagnose(bare) == bare.failure


@pytest.mark.parametrize("code", ["tool_exited", "url_not_seen"])
def test_a_site_missed_after_the_page_was_there_explains_no_end_of_the_tool(code: str) -> None:
    seen = see(code, unreachable=(SITE,), page_known=True, page_missed=SITE)
    assert diagnose(seen).code == code


def test_one_end_of_the_browser_is_no_crash() -> None:
    assert diagnose(see("browser_absent", console=CRASHING.splitlines()[0])).code == "browser_absent"


def test_a_container_cannot_forge_its_host_s_kernel() -> None:
    forged = see("tool_exited", console="SQUASHFS error\nOut of memory: Killed process 1 (x)", tool_exit=137)
    assert diagnose(forged).code == "tool_exited"


def test_all_that_was_observed_is_evidence() -> None:
    found = diagnose(
        see("tool_exited", own={"detail": "own"}, picture="x.png", tool_errors=("no",), **EVERYTHING)
    )
    assert set(found.evidence) == {
        *(
            "detail",
            "exit",
            "checks",
            "console",
            "agent_log",
            "machine_memory",
            "host_pressure",
            "screenshot",
        ),
        *("screen", "tool_says", "sites_unreachable", "sites_refused", "first_seen_as"),
    }
    assert found.evidence["host_pressure"].startswith("memory 83 %, processor 0 %, disk 0 %")
    assert "at most 1536 MiB used, 40 times at the limit" in found.evidence["machine_memory"]


def test_lines_of_the_agent_are_told_apart() -> None:
    read = console.read(
        f"\x1b[32mkernel\x1b[0m\r\n{NO_X}\nXvnc TigerVNC\n[ 5.1] python3[9]: vestibule-agent: up\n"
    )
    assert read.others == "kernel\nXvnc TigerVNC"
    assert read.agent_log == f"{NO_X}\n[ 5.1] python3[9]: vestibule-agent: up"
    assert (read.ends["xvnc"].count, read.ends["xvnc"].how) == (5, "exit code -9")


def test_a_full_disk_of_the_host_is_named_wherever_it_is_met() -> None:
    assert failure_of(OSError(28, "No space left on device")).code == "disk_full"
    assert failure_of(OSError(5, "Input/output error")).code == "internal"
