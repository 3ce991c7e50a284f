"""The controller as the command line sees it: JSON over HTTP, every failure a VestibuleError."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from vestibule.client import CONTROLLER_S, Controller
from vestibule.core.errors import NotSignedIn
from vestibule.core.machines import DriverName
from vestibule.settings import TOKEN_VARIABLE, URL_VARIABLE, Settings, load

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


def connect(url: str | None) -> Controller:
    """The controller at ``url``, else at the address of this host's settings."""
    settings = load()
    return Controller(url or default_url(settings), _token(settings), timeout_s=patience_s(settings))
