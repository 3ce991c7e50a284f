"""The shapes of the HTTP API.  The web client is generated from the OpenAPI document these make."""

from __future__ import annotations

import datetime as dt
import enum
import unicodedata
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from vestibule.core.machines import DriverName, Isolation, MachineStatus, MachineType, Warmth
from vestibule.core.provenance import Signature
from vestibule.core.providers import Flow
from vestibule.core.sessions import Action, SessionStatus


class Model(BaseModel):
    """Refuses unknown fields: a misspelt one must not be silently ignored."""

    model_config = ConfigDict(extra="forbid")


class Problem(Model):
    """The body of every error answer."""

    code: str = Field(description="Stable, snake_case; see docs/reference/failures.md.")
    cause: str = Field(description="What was attempted and what came of it.")
    remedy: str = Field(description="The next step.")


class Failure(Problem):
    """Why a session, a machine or a renewal failed."""

    stage: str | None = Field(
        description="What had been reached: a session's or a machine's state, a renewal's phase."
    )
    evidence: dict[str, str] = Field(
        default_factory=dict, description="Name → text, e.g. the terminal's screen."
    )
    retryable: bool = Field(
        description="Whether the same again may succeed without anybody mending something first."
    )
    golden_id: str | None = Field(description="Null when it failed before one was chosen.")
    agent_build: str | None = Field(description="Null when it failed before that was known.")


class StartSignIn(Model):
    """POST /api/vm/auth."""

    provider: str = Field(max_length=64)
    driver: DriverName | None = Field(default=None, description="Overrides the host's choice.")
    flow: Flow | None = Field(default=None, description="Overrides the provider's preferred one.")


class Stage(Model):
    """One step of the session's history."""

    status: SessionStatus
    at: dt.datetime


class Notice(Model):
    """Something the person should know that is not a failure (a page that cannot load)."""

    code: str
    text: str
    at: dt.datetime


class Session(Model):
    """A sign-in session, whole: every event carries this, so that a page needs no memory."""

    session_id: str
    user_id: str
    provider: str
    provider_title: str
    flow: Flow | None
    status: SessionStatus
    queue_place: int | None = Field(
        description="Where it waits for a machine, from 1; null when it does not wait."
    )
    queue_reason: str | None = Field(description="Why it waits: what the host lacks, in figures.")
    driver: DriverName | None
    isolation: Isolation | None
    browser_vm_id: str | None
    vm_id: str | None
    vm_ip: str | None
    vnc_url: str | None = Field(
        description="Absolute URL of the page that shows the desktop, on this origin."
    )
    vnc_websocket: str | None = Field(description="Path of the RFB WebSocket; needs a view ticket.")
    auth_url: str | None
    user_code: str | None
    code_asked: bool = Field(description="The tool waits for the code that the sign-in page shows.")
    page_title: str | None = Field(description="Title of the page that the machine's browser shows.")
    golden_id: str | None
    agent_build: str | None
    credential_id: str | None
    failure: Failure | None
    notices: list[Notice]
    stages: list[Stage]
    actions: list[Action] = Field(description="What is allowed now.")
    deadline_at: dt.datetime | None
    created_at: dt.datetime
    completed_at: dt.datetime | None
    first_frame_ms: int | None = Field(
        description="Milliseconds from the click on Connect to the desktop's first frame that is not black,"
        " as the person's browser measured them; null when none did."
    )
    watchers: int = Field(description="How many look on by a view link now.")


class SessionEvent(Model):
    """One server-sent event: ``event: session``, ``id: seq``, data this object."""

    seq: int
    session: Session


class StartedSignIn(Model):
    """The answer to POST /api/vm/auth, 201."""

    session_id: str
    status: Literal[SessionStatus.STARTED]
    session: Session


class FirstFrame(Model):
    """POST /api/auth/session/{id}/first-frame: what a browser measured."""

    milliseconds: int = Field(ge=1, le=600_000, description="From the click on Connect.")


class OpenUrl(Model):
    """POST /api/auth/session/{id}/open-url."""

    url: str = Field(max_length=8192)


class Paste(Model):
    """POST /api/auth/session/{id}/input: text typed into the tool, then Enter."""

    text: str = Field(min_length=1, max_length=16384)

    @field_validator("text")
    @classmethod
    def _one_line(cls, text: str) -> str:
        """Blanks around it are a slip of the copying hand; a control character would be a key of its own."""
        text = text.strip()
        if not text or any(unicodedata.category(letter) == "Cc" for letter in text):
            raise ValueError("one line without control characters is needed, and not of blanks alone")
        return text


class OAuthUrl(Model):
    """GET /api/auth/session/{id}/oauth-url."""

    session_id: str
    auth_url: str | None
    user_code: str | None


class CredentialState(enum.StrEnum):
    """What has become of a session's credential."""

    AWAITED = "awaited"
    SEALED = "sealed"
    NONE = "none"


class CredentialStatus(Model):
    """GET /api/auth/session/{id}/credentials/status; reading changes nothing."""

    session_id: str
    state: CredentialState
    credential_id: str | None


class ViewTicket(Model):
    """POST /api/vm/{vm_id}/view-ticket: goes in Sec-WebSocket-Protocol, once, within 30 s.

    The client offers the protocols ``binary`` and ``vestibule.ticket.<ticket>``; the server picks ``binary``.
    """

    ticket: str
    websocket: str = Field(description="The desktop's RFB stream.")
    terminal: str = Field(
        description="The tool's terminal (?columns=&rows=): binary messages are input and output, a text"
        ' message `{"columns": …, "rows": …}` is its size.'
    )
    copies: str = Field(description="Texts that are copied in the machine, as JSON (`number`, `text`).")
    expires_at: dt.datetime


class MachineGolden(Model):
    """What a machine was cloned from."""

    golden_id: str
    agent_build: str
    built_at: dt.datetime
    signed_by: str | None = Field(
        description="Key that its provenance names; null when that is missing or was changed."
    )
    signature: Signature = Field(description="What this host's key says of that.")


class Machine(Model):
    """A row of ``vms``."""

    vm_id: str
    session_id: str | None
    type: MachineType
    driver: DriverName
    isolation: Isolation
    status: MachineStatus
    paused: bool = Field(description="Nobody watches it: it stands still until somebody does.")
    warmth: Warmth | None = Field(
        description="How far a machine of the warm pool is; null once somebody has it, and of all others."
    )
    vm_ip: str
    golden_id: str
    agent_build: str | None
    host: str
    pid: int | None
    error_code: str | None = Field(description="As ``failure.code``.")
    error_cause: str | None = Field(description="As ``failure.cause``.")
    failure: Failure | None
    created_at: dt.datetime
    running_at: dt.datetime | None
    ended_at: dt.datetime | None
    golden: MachineGolden | None = Field(
        default=None, description="Null in lists, and when the golden is not on this host any more."
    )


class StartMachine(Model):
    """POST /api/vms: a machine without a sign-in, for a look or a measurement."""

    driver: DriverName | None = None


class User(Model):
    """Somebody who may sign in to the controller."""

    user_id: str
    name: str


class Me(User):
    """Who the caller is."""

    operator: bool = Field(description="Whether they run this controller: users and goldens are theirs.")


class SignIn(Model):
    """POST /api/sign-in: exchange a one-time link's token for a cookie."""

    token: str = Field(max_length=256)


class NewUser(Model):
    """POST /api/users."""

    name: str = Field(
        max_length=63, description="1 to 63 of a-z, 0-9, '.', '_', '@', '-'; first a letter or digit."
    )


class SignInLink(Model):
    """A one-time link for a user."""

    user: User
    url: str
    expires_at: dt.datetime


class NewToken(Model):
    """POST /api/tokens."""

    label: str = Field(min_length=1, max_length=64)


class ApiToken(Model):
    """An API token without its secret."""

    token_id: str
    label: str
    created_at: dt.datetime


class IssuedToken(ApiToken):
    """The one time that the secret is shown."""

    secret: str


class HostCheck(Model):
    """One line of ``doctor``."""

    name: str
    ok: bool
    detail: str
    fix: str | None
    needed: bool = Field(description="Whether machines cannot be run here without it.")


class Host(Model):
    """GET /api/host: how machines are run here, and why."""

    version: str
    driver: DriverName
    isolation: Isolation
    why: str
    golden_id: str
    golden_ready: bool
    checks: list[HostCheck]
