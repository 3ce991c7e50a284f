"""HTTP status of every failure, in one place; every error answer is a Problem."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from vestibule.api.schemas import Problem
from vestibule.core import errors
from vestibule.core.admission import HOST_SATURATED

log = structlog.get_logger()

STATUS: dict[type[errors.VestibuleError], int] = {
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.Refused: 400,
    errors.Absent: 404,
    errors.Conflict: 409,
    errors.Unavailable: 503,
    errors.GoldenFailed: 503,
    errors.MachineFailed: 502,
    errors.VestibuleError: 500,
}
"""The first entry on the error's own line of ancestors decides."""

HTTP_CODES = {404: "absent", 405: "method_not_allowed", 413: "too_large"}
"""Failure code of what the framework itself refuses."""

RETRY_AFTER_S = {HOST_SATURATED: 5}
"""Failure code of what is worth another try → after how many seconds (RFC 9110, section 10.2.3)."""

RESPONSES: dict[int | str, dict[str, Any]] = {"4XX": {"model": Problem}, "5XX": {"model": Problem}}
"""What every route may answer besides its own, for the OpenAPI document."""

MAX_QUOTED = 200
"""Characters of a request that an error answer repeats."""


def status_of(error: errors.VestibuleError) -> int:
    """The HTTP status that tells a client what to do about this error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def answer(status: int, problem: Problem) -> JSONResponse:
    """An error answer."""
    soon = RETRY_AFTER_S.get(problem.code)
    headers = {"Retry-After": str(soon)} if soon else None
    return JSONResponse(problem.model_dump(), status_code=status, headers=headers)


def install(app: FastAPI) -> None:
    """Make every error of the app a Problem."""
    app.add_exception_handler(errors.VestibuleError, _named)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


async def _named(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.VestibuleError)  # noqa: S101  registered for this type alone
    problem = Problem(code=error.failure_code, cause=error.cause, remedy=error.remedy)
    return answer(status_of(error), problem)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this type alone
    first = error.errors()[0]
    where = _quoted(".".join(str(part) for part in first["loc"]))
    problem = Problem(
        code="bad_input",
        cause=f"The request is not of the documented form: {where}: {first['msg']}.",
        remedy="Compare it with /api/openapi.json and send it again.",
    )
    return answer(422, problem)


def _quoted(sent: str) -> str:
    """What a client sent, short, and encodable whatever it is (JSON can hold half a surrogate pair)."""
    return sent[:MAX_QUOTED].encode(errors="backslashreplace").decode()


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this type alone
    problem = Problem(
        code=HTTP_CODES.get(error.status_code, "refused"),
        cause=f"{error.detail}.",
        remedy="Compare address and method with /api/openapi.json.",
    )
    return answer(error.status_code, problem)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("Unforeseen error", path=request.url.path, exc_info=error)
    problem = Problem(
        code="internal",
        cause=f"An unforeseen {type(error).__name__} occurred in the controller.",
        remedy="Read the controller's log at this time and report it as a bug.",
    )
    return answer(500, problem)
