"""Failures of a sign-in under way: of its machine, its tool, its provider and its person."""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.core.failures.codes import FailureCode as Code
from vestibule.core.failures.meaning import FailureMeaning, Fault, lasting, passing

_MACHINE, _TOOL, _PROVIDER, _PERSON = Fault.MACHINE, Fault.TOOL, Fault.PROVIDER, Fault.PERSON
_CONSOLE = "Try again; if it repeats, read the evidence (console, agent log)."

OF_SIGN_INS: Mapping[Code, FailureMeaning] = {
    Code.AGENT_REFUSED: passing(_MACHINE, "The machine's agent could not do what it was asked.", _CONSOLE),
    Code.AGENT_UNREACHABLE: passing(
        _MACHINE, "The machine runs, but its agent does not answer any more.", _CONSOLE
    ),
    Code.BROWSER_CRASHED: passing(
        _MACHINE, "The browser in the machine ended and did not come back.", _CONSOLE
    ),
    Code.CLIPBOARD_UNAVAILABLE: passing(
        _MACHINE, "The desktop in the machine, whose clipboard it would be, is not there.", _CONSOLE
    ),
    Code.DOWNLOADS_UNUSABLE: passing(
        _MACHINE,
        "The folder Downloads in the machine cannot be used: it may be something else by now.",
        "Put right in the machine what took its place, or start a new session.",
    ),
    Code.GUEST_DISK_FULL: passing(
        _MACHINE,
        "The machine's own disk, which is memory, is full.",
        "Try again; if it repeats, give machines more memory (machine_mem_mib).",
    ),
    Code.GUEST_OUT_OF_MEMORY: passing(
        _MACHINE,
        "The machine used up the memory that it may have.",
        "Try again; if it repeats, give machines more memory (machine_mem_mib).",
    ),
    Code.MACHINE_EXITED: passing(_MACHINE, "The machine ended by itself.", _CONSOLE),
    Code.MACHINE_FAILED: passing(_MACHINE, "The machine did not do what it is for.", _CONSOLE),
    Code.NO_IDENTITY_ACK: passing(
        _MACHINE, "The machine runs, but its agent did not confirm who it is.", _CONSOLE
    ),
    Code.QEMU_FAILED: passing(
        _MACHINE,
        "QEMU refused or did not finish what a machine needs to start.",
        "Read the console in the evidence; check the host with vestibule doctor.",
    ),
    Code.TERMINAL_UNAVAILABLE: passing(
        _MACHINE, "The terminal in the machine that the tool runs in is broken.", _CONSOLE
    ),
    Code.VMM_CRASHED: passing(
        _MACHINE,
        "QEMU, which ran the machine, ended by a signal or an error of its own.",
        "Try again; if it repeats, read the console in the evidence and check the host's QEMU.",
    ),
    Code.VNC_UNAVAILABLE: passing(_MACHINE, "The machine's screen does not answer.", _CONSOLE),
    Code.CREDENTIAL_INVALID: passing(
        _TOOL,
        "What the tool wrote, or was written back, is no login of this provider.",
        "Sign in again; if it comes back, correct [credential] in the provider file.",
    ),
    Code.TOOL_EXITED: passing(
        _TOOL,
        "The tool ended before there was a credential.",
        "Read the tool's last screen in the evidence, then try again.",
    ),
    Code.URL_NOT_SEEN: passing(
        _TOOL,
        "The tool showed no sign-in address in time.",
        "Read the tool's screen in the evidence: it may be asking something, or be another version.",
    ),
    Code.EGRESS_REFUSED: lasting(
        _PROVIDER,
        "The sign-in needs a site that its provider file does not allow.",
        "Add the site that is named to [egress] in the provider file, if it belongs there.",
    ),
    Code.LOGIN_DENIED: passing(
        _PROVIDER,
        "The provider refused the sign-in.",
        "Sign in again with an account that may use this tool; the tool's screen says more.",
    ),
    Code.PROVIDER_DIFFERS: lasting(
        _PROVIDER,
        "The real tool does not do what its provider file says.",
        "Read the details, and correct the provider file: docs/guides/providers.md.",
    ),
    Code.PROVIDER_INVALID: lasting(
        _PROVIDER,
        "A provider file cannot be read, or is not of its form.",
        "Correct the file and the key that are named, then restart the controller.",
    ),
    Code.TRIAL_FAILED: lasting(
        _PROVIDER,
        "A trial of a provider file ended without what was to be seen.",
        "Read the tool's screen in the details, and correct the provider file.",
    ),
    Code.LOGIN_TIMEOUT: passing(
        _PERSON,
        "Nobody was seen at the sign-in until its deadline.",
        "Start again, and keep the page open while you sign in.",
    ),
    Code.SESSION_ENDED: passing(
        _PERSON,
        "A sign-in that was waited for was cancelled, or ran out of time.",
        "Start again: vestibule connect.",
    ),
}
