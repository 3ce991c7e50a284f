"""What a laboratory does of its own accord: given when it is built, so nobody who uses one can ask for it."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping

from vestibule.laboratory.errors import REGISTER, OAuthError

CODE_GRANT = "authorization_code"
REFRESH_GRANT = "refresh_token"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES = frozenset({CODE_GRANT, REFRESH_GRANT, DEVICE_GRANT})


class Broken(enum.StrEnum):
    """An answer that is no provider's: what proxies, outages and bugs make of one."""

    NOT_JSON = "not-json"
    TRUNCATED = "truncated"
    NOT_AN_OBJECT = "not-an-object"
    EMPTY = "empty"
    HTML_502 = "html-502"
    HTML_503 = "html-503"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lives:
    """How long things last, in seconds."""

    request_s: float = 900
    code_s: float = 60
    pasted_code_s: float = 600
    """A person carries it; ten minutes is the most that is advised (RFC 6749, 4.1.2)."""
    device_s: float = 900
    access_s: int = 3600
    refresh_s: int = 30 * 24 * 3600


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """The plain one, without arguments, is an ordinary provider; mappings are by an endpoint's path."""

    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """The endpoint answers this error, in the way it answers errors, whatever it is asked."""
    broken: Mapping[str, Broken] = dataclasses.field(default_factory=dict)
    delays_s: Mapping[str, float] = dataclasses.field(default_factory=dict)
    deny: bool = False
    """Consent that the person gives is denied all the same, as by an organisation's policy."""
    wrong_state: bool = False
    """The browser comes back with another state than the client sent (RFC 6749, 10.12)."""
    wrong_issuer: bool = False
    """The browser comes back as if from another provider: a mix-up (RFC 9207)."""
    slow_downs: int = 0
    """The first polls of a device code that are told to slow down, however seldom they come."""
    interval_s: int = 5
    grant_types: frozenset[str] = GRANT_TYPES
    """What the client is registered for."""
    lives: Lives = dataclasses.field(default_factory=Lives)

    def __post_init__(self) -> None:
        unknown = [f"{path} {name}" for path, name in self.errors.items() if (path, name) not in REGISTER]
        if unknown:
            raise ValueError(f"no specification has such an error there: {', '.join(unknown)}")

    def spoil(self, path: str) -> None:
        """Raise OAuthError when this endpoint is to answer one."""
        if name := self.errors.get(path):
            raise OAuthError(name, f"the laboratory's scenario answers {name}")

    def authorize(self, grant_type: str) -> None:
        """Raise OAuthError when the client is not registered for it."""
        if grant_type not in self.grant_types:
            raise OAuthError("unauthorized_client", f"the client is not registered for {grant_type}")
