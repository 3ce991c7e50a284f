"""Every error that a provider can name, by the endpoint and the specification that say so."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

AUTHORIZE = "/authorize"
TOKEN = "/token"  # noqa: S105 - a path
DEVICE_AUTHORIZATION = "/device_authorization"
USERINFO = "/userinfo"

_NAMES = {
    (AUTHORIZE, "RFC 6749, 4.1.2.1"): (
        "invalid_request unauthorized_client access_denied unsupported_response_type invalid_scope "
        "server_error temporarily_unavailable"
    ),
    (AUTHORIZE, "OpenID Connect Core, 3.1.2.6"): (
        "interaction_required login_required account_selection_required consent_required "
        "invalid_request_uri invalid_request_object request_not_supported request_uri_not_supported "
        "registration_not_supported"
    ),
    (TOKEN, "RFC 6749, 5.2"): (
        "invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type "
        "invalid_scope"
    ),
    (TOKEN, "RFC 8628, 3.5"): "authorization_pending slow_down access_denied expired_token",
    (DEVICE_AUTHORIZATION, "RFC 8628, 3.1"): (
        "invalid_request invalid_client unauthorized_client invalid_scope"
    ),
    (USERINFO, "RFC 6750, 3.1"): "invalid_request invalid_token insufficient_scope",
}
_STATUS = {
    "invalid_client": 401,
    "invalid_token": 401,
    "insufficient_scope": 403,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Registered:
    """An error that a specification defines for an endpoint."""

    path: str
    name: str
    source: str


def _registered() -> Iterator[Registered]:
    for (path, source), names in _NAMES.items():
        for name in names.split():
            yield Registered(path=path, name=name, source=source)


REGISTER: Mapping[tuple[str, str], Registered] = {(it.path, it.name): it for it in _registered()}
"""By path and name."""


class OAuthError(Exception):
    """A request that is answered with an error by its registered name."""

    def __init__(self, name: str, description: str, status: int | None = None) -> None:
        super().__init__(description)
        self.name = name
        self.description = description
        self.status = status or _STATUS.get(name, 400)

    @property
    def fields(self) -> dict[str, str]:
        """As the client gets it."""
        return {"error": self.name, "error_description": self.description}
