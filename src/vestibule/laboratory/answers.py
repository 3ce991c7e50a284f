"""What programs get from the laboratory: JSON that nobody may keep."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vestibule.laboratory.errors import OAuthError

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def json_answer(document: Mapping[str, object]) -> Response:
    """A document."""
    return JSONResponse(dict(document), headers=_NO_STORE)


def error_answer(error: OAuthError, request: Request) -> Response:
    """An error; a client that used HTTP authentication is told which kind failed (RFC 6749, 5.2)."""
    headers = dict(_NO_STORE)
    if error.name == "invalid_client" and "authorization" in request.headers:
        headers["WWW-Authenticate"] = 'Basic realm="demo"'
    return JSONResponse(error.fields, status_code=error.status, headers=headers)


def bearer_error(error: OAuthError | None) -> Response:
    """A resource's refusal; one without an error asks for a token (RFC 6750, 3)."""
    challenge = 'Bearer realm="demo"'
    if error is None:
        return Response(status_code=401, headers={"WWW-Authenticate": challenge})
    headers = {"WWW-Authenticate": f'{challenge}, error="{error.name}"', **_NO_STORE}
    return JSONResponse(error.fields, status_code=error.status, headers=headers)
