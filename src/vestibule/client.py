"""The controller as a program sees it: JSON over HTTP, every failure a VestibuleError."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, Self
from urllib.parse import quote

import httpx

from vestibule.core import errors
from vestibule.core.errors import BadInput, VestibuleError

Row = Mapping[str, Any]
"""One object of the API's JSON."""

CONTROLLER_S = 30.0
"""What an answer may take besides the machine that it waits for."""

_BY_STATUS: dict[int, type[errors.VestibuleError]] = {
    400: errors.BadInput,
    401: errors.NotSignedIn,
    403: errors.NotSignedIn,
    404: errors.Absent,
    405: errors.BadInput,
    409: errors.Conflict,
    413: errors.BadInput,
    422: errors.BadInput,
    502: errors.MachineFailed,
    503: errors.Unavailable,
}


def segment(name: str) -> str:
    """A name or an id that somebody gave, as one segment of an address, whatever is in it."""
    return quote(name, safe="").replace(".", "%2E")


class ControllerUnreachable(errors.Unavailable):
    """Nothing answers at the controller's address."""

    code = "controller_unreachable"


class SessionEnded(errors.Conflict):
    """A sign-in that was waited for ended without a credential, and not by a failure."""

    code = "session_ended"


class Controller:
    """A connection for one command; use it as a context manager."""

    def __init__(
        self,
        url: str,
        token: str,
        transport: httpx.BaseTransport | None = None,
        *,
        timeout_s: float = CONTROLLER_S,
    ) -> None:
        self.url = url
        self.token = token
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout_s,
            transport=transport,
            trust_env=False,  # a proxy for the internet must not get between two programs of one host
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.close()

    def get(self, path: str) -> Row:
        """The object that GET answers."""
        return _row(self._call("GET", path))

    def get_list(self, path: str) -> Sequence[Row]:
        """The objects that GET answers."""
        return [_checked(item) for item in self._call("GET", path).json()]

    def post(self, path: str, body: Row | None = None) -> Row:
        """The object that POST with a JSON body answers."""
        return _row(self._call("POST", path, body))

    def delete(self, path: str) -> Row:
        """The object that DELETE answers, as it is afterwards; empty where it answers none."""
        return _row(self._call("DELETE", path))

    def events(self, path: str) -> Generator[Row]:
        """The data of server-sent events, decoded, until the controller ends the stream."""
        timeout = httpx.Timeout(CONTROLLER_S, read=None)
        try:
            with self._http.stream("GET", path, timeout=timeout) as answer:
                if answer.is_error:
                    answer.read()
                    raise _failure(answer)
                yield from _data(answer.iter_lines())
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _call(self, method: str, path: str, body: Row | None = None) -> httpx.Response:
        if path.endswith("/") or "//" in path:
            raise BadInput("an id or name is empty", remedy="Name it; the list command shows what there is.")
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if answer.is_error:
            raise _failure(answer)
        return answer

    def _unreachable(self, error: httpx.TransportError) -> ControllerUnreachable:
        return ControllerUnreachable(
            f"the controller at {self.url} does not answer ({type(error).__name__}: {error})",
            remedy="Start it with vestibule up, or name another address with --url.",
        )


def error_for_answer(status: int, code: str, cause: str, remedy: str) -> errors.VestibuleError:
    """The failure that an answer of the controller tells of."""
    kind = _BY_STATUS.get(status, errors.VestibuleError)
    if code == errors.GoldenFailed.code:
        kind = errors.GoldenFailed
    return kind(cause, remedy=remedy, code=code)


def _row(answer: httpx.Response) -> Row:
    return _checked(answer.json() if answer.content else {})


def _checked(value: object) -> Row:
    if not isinstance(value, dict):
        raise VestibuleError(
            f"an object was expected from the controller, not {type(value).__name__}",
            remedy="Use a command line and a controller of the same version.",
            code="not_a_controller",
        )
    return value


def _failure(answer: httpx.Response) -> VestibuleError:
    try:
        problem = answer.json()
        return error_for_answer(answer.status_code, problem["code"], problem["cause"], problem["remedy"])
    except (ValueError, KeyError, TypeError):
        return VestibuleError(
            f"{answer.request.url} answered {answer.status_code} in a form that no controller uses",
            remedy="Check that the address is a Vestibule controller's (--url).",
            code="not_a_controller",
        )


def _data(lines: Iterator[str]) -> Iterator[Row]:
    """Server-sent events, WHATWG HTML § 9.2.6: ``data`` lines up to an empty line make one event."""
    parts: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            parts.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and parts:
            yield _checked(json.loads("\n".join(parts)))
            parts = []
