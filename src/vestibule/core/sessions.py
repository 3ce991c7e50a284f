"""Sign-in sessions: the states, one transition table, and ``decide``.

::

    started → vm_created → ready → awaiting_user_auth → authenticating → completed
       └──────────┴─────────┴──────────────┴───────────────┴→ failed | timeout | cancelled

The four last states are final: nothing leaves them.  ``decide`` is pure; a service performs the
effects and feeds what comes of them back as events.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping

from vestibule.core.failures import FailureCode
from vestibule.core.ids import GoldenId


class SessionStatus(enum.StrEnum):
    """A sign-in session's states, in order of progress."""

    STARTED = "started"
    VM_CREATED = "vm_created"
    READY = "ready"
    AWAITING_USER_AUTH = "awaiting_user_auth"
    AUTHENTICATING = "authenticating"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


S = SessionStatus
FINAL = frozenset({S.COMPLETED, S.FAILED, S.TIMEOUT, S.CANCELLED})
_ENDINGS = frozenset({S.FAILED, S.TIMEOUT, S.CANCELLED})

TRANSITIONS: Mapping[SessionStatus, frozenset[SessionStatus]] = {
    S.STARTED: frozenset({S.VM_CREATED}) | _ENDINGS,
    S.VM_CREATED: frozenset({S.READY}) | _ENDINGS,
    S.READY: frozenset({S.AWAITING_USER_AUTH, S.AUTHENTICATING}) | _ENDINGS,
    S.AWAITING_USER_AUTH: frozenset({S.AUTHENTICATING}) | _ENDINGS,
    S.AUTHENTICATING: frozenset({S.COMPLETED}) | _ENDINGS,
    S.COMPLETED: frozenset(),
    S.FAILED: frozenset(),
    S.TIMEOUT: frozenset(),
    S.CANCELLED: frozenset(),
}


class Action(enum.StrEnum):
    """What a person may do with a session; the API returns those that are allowed now."""

    CANCEL = "cancel"
    VIEW = "view"
    OPEN_URL = "open_url"
    PASTE = "paste"
    HEARTBEAT = "heartbeat"
    SHARE = "share"
    RETRY = "retry"


_SHOWN = frozenset({S.READY, S.AWAITING_USER_AUTH, S.AUTHENTICATING})
_OPENING = frozenset({S.VM_CREATED})
"""A view may be opened: it shows something once the machine has confirmed itself, and nothing before."""


def allowed_actions(status: SessionStatus) -> tuple[Action, ...]:
    """The actions a page may offer in this state.

    A desktop is shown only once the agent has confirmed its build: an unconfirmed machine is nobody's.
    """
    if status in FINAL:
        return () if status is S.COMPLETED else (Action.RETRY,)
    always = (Action.CANCEL, Action.HEARTBEAT)
    if status in _OPENING:
        return (*always, Action.VIEW)
    if status not in _SHOWN:
        return always
    return (*always, Action.VIEW, Action.OPEN_URL, Action.PASTE, Action.SHARE)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a session failed; ``evidence`` maps a name to text."""

    code: str
    cause: str
    remedy: str
    evidence: Mapping[str, str] = dataclasses.field(default_factory=dict)
    golden_id: GoldenId | None = None
    """Where the session does not know of it yet: its machine was not started."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachineRunning:
    """The machine's process runs."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AgentConfirmed:
    """The agent has confirmed identity and build; desktop and browser are up."""

    agent_build: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class UrlSeen:
    """The tool's sign-in URL is known."""

    url: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class UserCodeSeen:
    """A device flow's user code is known."""

    code: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class CodeAsked:
    """The tool waits for the code that the sign-in page shows."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PageShown:
    """The title of the page in the machine's browser."""

    title: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredentialReady:
    """The agent has seen a valid credential."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredentialSealed:
    """The credential is encrypted and may be stored."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToolExited:
    """The tool's process ended."""

    exit_code: int
    screen: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class GraceOver:
    """A tool that ended well has left no credential for a while."""

    screen: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failed:
    """A stage could not be done."""

    failure: Failure


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeadlinePassed:
    """The person gave no sign of life for too long."""

    after_s: float
    """How long that was."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CancelAsked:
    """The person, or the controller's end, cancelled."""


SessionEvent = (
    MachineRunning
    | AgentConfirmed
    | UrlSeen
    | UserCodeSeen
    | CodeAsked
    | PageShown
    | CredentialReady
    | CredentialSealed
    | ToolExited
    | GraceOver
    | Failed
    | DeadlinePassed
    | CancelAsked
)


class Effect(enum.StrEnum):
    """What the service does after the decision is stored, in this order."""

    INTRODUCE = "introduce"
    START_LOGIN = "start_login"
    CLAIM_CREDENTIAL = "claim_credential"
    AWAIT_CREDENTIAL = "await_credential"
    DESTROY_MACHINE = "destroy_machine"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decision:
    """The next state (None: unchanged), columns to write with it, effects to perform after."""

    to: SessionStatus | None = None
    fields: Mapping[str, object] = dataclasses.field(default_factory=dict)
    effects: tuple[Effect, ...] = ()


NOTHING = Decision()


def decide(status: SessionStatus, event: SessionEvent) -> Decision:
    """What follows from an event in a state.  An event that comes too late decides nothing."""
    if status in FINAL:
        return NOTHING
    match event:
        case DeadlinePassed() if status is S.AUTHENTICATING:
            return NOTHING  # the person has done their part
        case Failed() | DeadlinePassed() | CancelAsked():
            return _ending(status, event)
        case ToolExited() | GraceOver():
            return _tool_ended(status, event)
        case PageShown() | UserCodeSeen() | CodeAsked():
            return Decision(fields=_learned(event))
        case _:
            return _progress(status, event)


def _learned(event: PageShown | UserCodeSeen | CodeAsked) -> Mapping[str, object]:
    match event:
        case PageShown(title=title):
            return {"page_title": title}
        case UserCodeSeen(code=code):
            return {"user_code": code}
        case CodeAsked():
            return {"code_asked": True}


def _ending(status: SessionStatus, event: Failed | DeadlinePassed | CancelAsked) -> Decision:
    match event:
        case Failed(failure=failure):
            return _ended(S.FAILED, status, failure)
        case DeadlinePassed(after_s=after_s):
            return _ended(S.TIMEOUT, status, _no_sign_of_life(after_s))
        case CancelAsked():
            return Decision(to=S.CANCELLED, effects=(Effect.DESTROY_MACHINE,))


def failure_in(decision: Decision) -> Failure | None:
    """The failure that a decision is about to store; None when it ends nothing, or ends it well."""
    if decision.to not in {S.FAILED, S.TIMEOUT}:
        return None
    fields = decision.fields
    evidence = fields["error_evidence"]
    return Failure(
        code=str(fields["error_code"]),
        cause=str(fields["error_cause"]),
        remedy=str(fields["error_remedy"]),
        evidence=evidence if isinstance(evidence, dict) else {},
    )


def with_failure(decision: Decision, failure: Failure) -> Decision:
    """The same end, better explained; a deadline that passed for more than an absence is a failure."""
    to = S.TIMEOUT if failure.code == FailureCode.LOGIN_TIMEOUT else S.FAILED
    told = {
        "error_code": failure.code,
        "error_cause": failure.cause,
        "error_remedy": failure.remedy,
        "error_evidence": dict(failure.evidence),
    }
    return dataclasses.replace(decision, to=to, fields={**decision.fields, **told})


def _progress(status: SessionStatus, event: SessionEvent) -> Decision:
    match status, event:
        case S.STARTED, MachineRunning():
            return Decision(to=S.VM_CREATED, effects=(Effect.INTRODUCE,))
        case S.VM_CREATED, AgentConfirmed(agent_build=build):
            return Decision(to=S.READY, fields={"agent_build": build}, effects=(Effect.START_LOGIN,))
        case ((S.READY | S.AWAITING_USER_AUTH), UrlSeen(url=url)):
            # After a refused code a tool may begin anew, with another address.
            to = S.AWAITING_USER_AUTH if status is S.READY else None
            return Decision(to=to, fields={"auth_url": url})
        case ((S.READY | S.AWAITING_USER_AUTH), CredentialReady()):
            return Decision(to=S.AUTHENTICATING, effects=(Effect.CLAIM_CREDENTIAL,))
        case S.AUTHENTICATING, CredentialSealed():
            # Stored in the same transaction, and only then destroyed.
            return Decision(to=S.COMPLETED, effects=(Effect.DESTROY_MACHINE,))
        case _:
            return NOTHING


def _tool_ended(status: SessionStatus, event: ToolExited | GraceOver) -> Decision:
    if status not in {S.READY, S.AWAITING_USER_AUTH}:
        return NOTHING  # a tool ends once its credential is written
    if isinstance(event, ToolExited) and event.exit_code == 0:
        return Decision(effects=(Effect.AWAIT_CREDENTIAL,))
    return _ended(S.FAILED, status, _tool_failure(event))


def _tool_failure(event: ToolExited | GraceOver) -> Failure:
    evidence = {"screen": event.screen}
    if isinstance(event, GraceOver):
        return Failure(
            code="tool_exited",
            cause="The tool ended without an error and left no credential.",
            remedy="Read the tool's last screen in the evidence, then try again.",
            evidence=evidence,
        )
    if event.exit_code == _NOT_FOUND:
        return Failure(
            code="tool_missing",
            cause="The tool's command is not in this golden.",
            remedy="Rebuild the golden (vestibule golden build) and check the provider's package.",
            evidence=evidence,
        )
    return Failure(
        code="tool_exited",
        cause=f"The tool ended with {_how(event.exit_code)} before a credential was there"
        f"{_last_words(event.screen)}.",
        remedy="Read the tool's last screen in the evidence, then try again.",
        evidence=evidence,
    )


def _how(exit_code: int) -> str:
    """A negative one is the signal that ended the process, as Python's subprocess tells it."""
    return f"exit code {exit_code}" if exit_code >= 0 else f"signal {-exit_code}"


def _last_words(screen: str) -> str:
    lines = [line.strip() for line in screen.splitlines()]
    last = next((line for line in reversed(lines) if line), "").rstrip(".")
    return f"; the last that it said: {last[:MAX_WORDS]}" if last else ""


MAX_WORDS = 120
"""Characters of a tool's last line that a cause has; the evidence has the screen."""
_NOT_FOUND = 127
"""Exit code of a shell whose command does not exist (POSIX, section 2.8.2)."""


def _no_sign_of_life(after_s: float) -> Failure:
    return Failure(
        code=FailureCode.LOGIN_TIMEOUT,
        cause=f"Nobody was seen at this sign-in for {after_s:g} s.",
        remedy="Start again, and keep the page open while you sign in.",
    )


WHY = ("error_code", "error_stage", "error_cause")
"""Fields of a failure that the log names; evidence may be long, and is kept with the session."""


def _ended(to: SessionStatus, stage: SessionStatus, failure: Failure) -> Decision:
    fields: dict[str, object] = {
        "error_code": failure.code,
        "error_cause": failure.cause,
        "error_remedy": failure.remedy,
        "error_stage": stage,
        "error_evidence": dict(failure.evidence),
    }
    if failure.golden_id is not None:
        fields["golden_id"] = failure.golden_id
    return Decision(to=to, fields=fields, effects=(Effect.DESTROY_MACHINE,))
