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
   GET    /health              –                              200 or 503, :class:`Health`
   GET    /events?after=SEQ    –                              200, newline-delimited :class:`Event`,
                                                              replayed from SEQ, then live, no end
   POST   /login               :class:`LoginSpec`             202; 409 when one is running
   POST   /open-url            ``{"url": …}``                 202
   POST   /input               ``{"text": …, "enter": bool}`` 202, typed into the tool's terminal
   GET    /screen              –                              200 ``{"text": …}``, the terminal's screen
   POST   /credential/claim    –                              200 :class:`Credential`, once; then 410
   GET    /vnc                 ``Upgrade: rfb``               101, then the raw RFB stream
   ====== ==================== ============================== =======================================

   Errors are ``{"code": …, "cause": …}`` with a 4xx or 5xx status.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

from vestibule_desktop.messages import Message

CONTRACT = 2
"""Version of everything in this module; a mismatch is the failure ``agent_mismatch``."""

AGENT_PORT = 8080
MAX_CREDENTIAL_BYTES = 1_048_576


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


def _checks(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {**raw, "checks": [Check.from_mapping(item) for item in raw.get("checks", [])]}


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

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Self:
        """Build from a decoded object, the nested messages included."""
        return super().from_mapping(_checks(raw))


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
        return super().from_mapping(_checks(raw))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event(Message):
    """Something happened in the guest.

    ``type`` and the keys of ``data``:

    - ``login_started``      ``pid``
    - ``auth_url``           ``url``, ``source`` (opener, osc8, screen)
    - ``user_code``          ``code``
    - ``browser_opened``     ``url``
    - ``page``               ``title``: the browser window's title changed
    - ``credential_seen``    ``path``
    - ``credential_valid``   ``expires_at`` (ISO 8601 or null), ``account`` (text or null)
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
class CredentialSpec(Message):
    """Where the tool writes its credential, and what tells a login from a blank file."""

    path: str
    required: list[str]
    """Dotted paths into the JSON document that must hold a non-empty value."""
    expires_at: str | None = None
    """Dotted path to the expiry, or null."""
    expires_unit: str = "s"
    """"s" or "ms" since 1970, or "iso"."""
    account: str | None = None
    """Dotted path to a name to show (mail, login), or null."""


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
                "credential": CredentialSpec.from_mapping(raw.get("credential", {})),
                "files": [SeedFile.from_mapping(item) for item in raw.get("files", [])],
            }
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Credential(Message):
    """What the tool wrote: opaque bytes, handed over once."""

    path: str
    mode: int
    content: str
    """Base64."""
