"""The one definition of what controller and agent say to each other.

Both import this module: the controller from its wheel, the agent from the golden.  It has no I/O.  What is
said before there is an agent stands in ``vestibule_desktop/messages.py``.

Two conversations:

1. **Hand-over**, once per machine, over a byte channel that only host and guest share (a virtio-serial
   port in a VM, an inherited socket in a container).  One JSON object per line::

       host  → agent   Handover
       agent → host    HandoverReply        (what *ready* means)

2. **HTTP** on port 8080, every request with ``Authorization: Bearer <Handover.token>``:

   ====== ==================== ============================== =======================================
   method path                 request body                   answer
   ====== ==================== ============================== =======================================
   GET    /livez               –                              200: it answers, and looks at nothing
   GET    /health              –                              200 or 503, :class:`Health`
   GET    /events?after=SEQ    –                              200, newline-delimited :class:`Event`,
                                                              replayed from SEQ, then live, no end
   POST   /login               :class:`LoginSpec`             202; 409 when one is running
   POST   /open-url            ``{"url": …}``                 202 at once, then ``browser_opened``
   POST   /input               ``{"text": …, "enter": bool}`` 202, typed into the tool's terminal
   GET    /screen              –                              200 ``{"text": …}``, the terminal's screen
   POST   /credential/claim    –                              200 :class:`Credential`, once; then 410
   GET    /vnc                 ``Upgrade: rfb``               101, then the raw RFB stream
   GET    /terminal            ``Upgrade: terminal``,         101, then raw bytes down and the frames of
          ?columns=&rows=      the size in characters         ``terminal_frames.py`` up
   PUT    /clipboard           UTF-8, MAX_CLIPBOARD_BYTES     202, once every paste gives it
   GET    /clipboard?after=NO  –                              200, newline-delimited :class:`Copied`, the
                                                              last one above NO, then live, no end;
                                                              without NO only what comes
   GET    /files               –                              200 :class:`DownloadsList`
   PUT    /files?name=&quota=  the file, with its length      201 :class:`DownloadsFile`; 507 when full
   GET    /files?file=ID       –                              200, the file, with its length
   ====== ==================== ============================== =======================================

   Errors are ``{"code": …, "cause": …}`` with a 4xx or 5xx status.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from vestibule_desktop.messages import Message, ProtocolError

CONTRACT = 4
"""Version of everything in this module; a mismatch is the failure ``agent_mismatch``."""

AGENT_PORT = 8080
MAX_CREDENTIAL_BYTES = 1_048_576
"""Of all files of a credential together."""
MAX_CLIPBOARD_BYTES = 1_048_576
"""Of a text in UTF-8, either way."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Handover(Message):
    """Who the machine is from now on.  Applied in this order: clock, entropy, the rest."""

    contract: int
    vm_id: str
    session_id: str | None
    token: str
    time_ns: int
    """Wall clock of the host, nanoseconds since 1970."""
    entropy: str
    """64 fresh random bytes of the host, base64."""
    hostname: str
    address: str
    """The machine's own address with its prefix length, e.g. ``192.168.100.7/24``."""
    gateway: str
    """Where the egress proxy is, as seen from the machine's network, on ``messages.PROXY_PORT``."""
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    patience_s: float = 20.0
    """How long the agent waits for a desktop that is still starting, before it answers what is missing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check(Message):
    """One thing that was really looked at: desktop, browser, vnc, clock, random."""

    name: str
    ok: bool
    detail: str


M = TypeVar("M", bound=Message)


def _each(kind: type[M], raw: Mapping[str, Any], name: str) -> list[M]:
    """The nested messages of a list.  Raises ProtocolError."""
    items = raw.get(name, [])
    if not isinstance(items, list):
        raise ProtocolError(f"{name}: a list was expected")
    return [_nested(kind, item) for item in items]


def _nested(kind: type[M], raw: object) -> M:
    if not isinstance(raw, dict):
        raise ProtocolError(f"{kind.__name__}: an object was expected, not {type(raw).__name__}")
    return kind.from_mapping(raw)


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandoverReply(Message):
    """The agent's confirmation: identity applied, build named, checks made."""

    contract: int
    vm_id: str
    build_id: str
    """SHA-256 over ``files``."""
    random_sample: str
    """32 bytes of the guest's /dev/urandom after reseeding, hex: two clones never agree."""
    checks: list[Check]
    files: dict[str, str] = dataclasses.field(default_factory=dict)
    """Path → SHA-256 of the files of agent and desktop, read from the guest's disk at the agent's start."""
    pending: list[str] = dataclasses.field(default_factory=list)
    """Checks that nobody who looks at the desktop waits for, and that are not made yet: ``/health`` tells."""

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Self:
        """Build from a decoded object, the nested messages included."""
        return super().from_mapping({**raw, "checks": _each(Check, raw, "checks")})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Health(Message):
    """``status`` is "ok" only when every check is; ``timestamp`` is ISO 8601, UTC."""

    status: str
    timestamp: str
    contract: int
    build_id: str
    vm_id: str | None
    checks: list[Check]

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Self:
        """Build from a decoded object, the nested messages included."""
        return super().from_mapping({**raw, "checks": _each(Check, raw, "checks")})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event(Message):
    """Something happened in the guest.

    ``type`` and the keys of ``data``:

    - ``login_started``      ``pid``
    - ``prompt_answered``    ``when``, ``keys``: a question before the sign-in was answered
    - ``auth_url``           ``url``, ``source`` (opener, osc8, screen)
    - ``other_url``          ``url``, ``source``: an address that is not the sign-in's, a few at most
    - ``user_code``          ``code``
    - ``code_asked``         the tool waits for the code that the person brings from the page
    - ``tool_waits``         ``screen``: still, and it may be asking something: there is no sign-in address
      yet, or the screen is another than that on which the tool began to wait for the sign-in
    - ``tool_error``         ``text``: the tool's own refusal, each time that it appears
    - ``browser_opened``     ``url``
    - ``page``               ``title``: the browser window's title changed
    - ``credential_seen``    ``path``
    - ``credential_valid``   ``expires_at`` (ISO 8601 or null), ``account`` (text or null), ``unverified``
      (null, or why the tool itself could not say whether it is a login)
    - ``credential_invalid`` ``path``, ``cause``
    - ``tool_exited``        ``exit_code``, ``screen``
    """

    seq: int
    at: str
    type: str
    data: dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeedFile(Message):
    """A file that must be there before the tool starts (settings, accepted terms)."""

    path: str
    content: str
    mode: int = 0o600


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prompt(Message):
    """A question that the tool asks before its sign-in, and its answer: exactly one of the three."""

    when: str
    """Regular expression on the screen's text."""
    choose: str | None = None
    """Regular expression of the menu's line to move to, then Enter."""
    text: str | None = None
    """What to type, then Enter."""
    press: list[str] = dataclasses.field(default_factory=list)
    """Keys, as tmux names them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredentialFileSpec(Message):
    """One file of a credential, and where in it things are said.

    What a path is depends on ``format``: "json", dotted names, on whose way a JSON Web Token is looked into;
    "text", a regular expression whose one group is the value.  Of "binary" nothing is read.
    """

    path: str
    format: str = "json"
    optional: bool = False
    """Taken along when it is there; it makes no login."""
    mode: int = 0o600
    required: list[str] = dataclasses.field(default_factory=list)
    """Paths that must hold a non-empty value."""
    expires_at: str | None = None
    """Path of the access token's expiry: of two versions, the later one is newer."""
    login_expires_at: str | None = None
    """Path of the moment after which it cannot be refreshed any more."""
    expires_unit: str = "s"
    """"s" or "ms" since 1970, or "iso"."""
    account: str | None = None
    """Path of a name to show (mail, login)."""
    scopes: str | None = None
    """Path of what it allows: a list, or a text with spaces or commas."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verification(Message):
    """A command of the tool that, as a fresh process, tells a login from none."""

    command: list[str]
    expect: str | None = None
    """Regular expression on its output; its exit code must be 0 besides."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredentialSpec(Message):
    """What the tool writes when it is signed in, and what tells a login from a blank file."""

    files: list[CredentialFileSpec]
    verify: Verification | None = None

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Self:
        """Build from a decoded object, the nested messages included."""
        verify = raw.get("verify")
        return super().from_mapping(
            {
                **raw,
                "files": _each(CredentialFileSpec, raw, "files"),
                "verify": None if verify is None else _nested(Verification, verify),
            }
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoginSpec(Message):
    """How to run one tool's login.  ``~`` in paths is the home of the guest's user."""

    provider: str
    command: list[str]
    url_pattern: str
    """Regular expression a sign-in URL must match from its start."""
    credential: CredentialSpec
    user_code_pattern: str | None = None
    """Regular expression whose first group is the user code of a device flow."""
    code_prompt: str | None = None
    """Regular expression of the tool's question for the code that the sign-in page shows."""
    error_patterns: list[str] = dataclasses.field(default_factory=list)
    """Regular expressions of the tool's own refusals; the first group, or all of it, is told."""
    prompts: list[Prompt] = dataclasses.field(default_factory=list)
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    files: list[SeedFile] = dataclasses.field(default_factory=list)
    open_browser: bool = True
    """Open the URL in the guest's browser as soon as it is known."""

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Self:
        """Build from a decoded object, the nested messages included."""
        return super().from_mapping(
            {
                **raw,
                "credential": _nested(CredentialSpec, raw.get("credential", {})),
                "prompts": _each(Prompt, raw, "prompts"),
                "files": _each(SeedFile, raw, "files"),
            }
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredentialFile(Message):
    """One file of a credential: opaque bytes."""

    path: str
    mode: int
    content: str
    """Base64."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Credential(Message):
    """What the tool wrote, handed over once: the declared files that are there, in declared order."""

    files: list[CredentialFile]

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Self:
        """Build from a decoded object, the nested messages included."""
        return super().from_mapping({**raw, "files": _each(CredentialFile, raw, "files")})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Copied(Message):
    """A text that was copied in the guest; a secret, as whatever a person types."""

    number: int
    """Counts the copies."""
    text: str | None = dataclasses.field(repr=False)
    """None when it was longer than MAX_CLIPBOARD_BYTES."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DownloadsFile(Message):
    """A plain file in the person's Downloads."""

    file: str
    """Its name's bytes in base64 for URLs, unpadded: a name need not be text."""
    name: str
    """To be shown; bytes that are no UTF-8 are escaped."""
    size: int
    """Bytes."""
    modified_at: str
    """ISO 8601, UTC."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DownloadsList(Message):
    """What is in Downloads, the newest first."""

    files: list[DownloadsFile]

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Self:
        """Build from a decoded object, the nested messages included."""
        return super().from_mapping({**raw, "files": _each(DownloadsFile, raw, "files")})
