"""The controller as the command line sees it: JSON over HTTP, every failure a VestibuleError."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Self

import httpx
import typer

from vestibule.cli.exit_codes import ControllerUnreachable, error_for_answer
from vestibule.cli.output import Row
from vestibule.core.errors import BadInput, NotSignedIn, VestibuleError
from vestibule.core.machines import DriverName
from vestibule.settings import TOKEN_VARIABLE, URL_VARIABLE, Settings, load

CONTROLLER_S = 30.0
"""What an answer may take besides the machine that it waits for."""

_LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (told apart, not bound)
"""Addresses that mean "every one of this host" → one that a program of this host can call."""

Url = Annotated[
    str | None,
    typer.Option("--url", envvar=URL_VARIABLE, help="Address of the controller.", show_default=False),
]


def token_path(settings: Settings) -> Path:
    """Where the controller leaves a token for its operator's command line (mode 0600)."""
    return settings.state_dir / "cli-token"


def default_url(settings: Settings) -> str:
    """Where a program of this host reaches a controller with these settings."""
    host = _LOOPBACK.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def patience_s(settings: Settings) -> float:
    """How long an answer may take: some wait for a machine to start, and its agent to confirm."""
    return CONTROLLER_S + max(
        settings.start_timeout_s(driver) + settings.confirm_timeout_s(driver) for driver in DriverName
    )


def _token(settings: Settings) -> str:
    if given := os.environ.get(TOKEN_VARIABLE):
        return _header_safe(given)
    path = token_path(settings)
    try:
        return path.read_text().strip()
    except FileNotFoundError as error:
        raise NotSignedIn(
            f"there is no API token: {TOKEN_VARIABLE} is not set and {path} does not exist",
            remedy="Start the controller once on this host (vestibule up), or set "
            f"{TOKEN_VARIABLE} to a token made with: vestibule token create LABEL.",
        ) from error
    except PermissionError as error:
        raise NotSignedIn(
            f"{path} belongs to another user of this host",
            remedy=f"Ask for a token of your own and set {TOKEN_VARIABLE} to it.",
        ) from error


def _header_safe(token: str) -> str:
    if token.isascii() and token.isprintable():
        return token
    raise NotSignedIn(
        f"{TOKEN_VARIABLE} holds something that is no API token: tokens are plain ASCII",
        remedy=f"Set {TOKEN_VARIABLE} to a token made with: vestibule token create LABEL.",
    )


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


def connect(url: str | None) -> Controller:
    """The controller at ``url``, else at the address of this host's settings."""
    settings = load()
    return Controller(url or default_url(settings), _token(settings), timeout_s=patience_s(settings))


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
