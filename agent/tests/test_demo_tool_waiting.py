"""How the demo tool waits: for a provider that is slow, and between two polls."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Protocol

import pytest

TOOL = Path(__file__).resolve().parent.parent / "demo_tool" / "vestibule-demo"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool as a module; an import would leave compiled code beside it, in what a golden is made of."""
    module = ModuleType("demo_tool")
    monkeypatch.setitem(sys.modules, "demo_tool", module)
    exec(compile(TOOL.read_text(), str(TOOL), "exec"), module.__dict__)  # noqa: S102 - our own file
    return module


class Failure(Protocol):
    """The tool's own error."""

    exit_code: int
    name: str


def _caught(tool: ModuleType, act: Callable[[], object]) -> Failure:
    with pytest.raises(tool.LoginError) as caught:
        act()
    failure: Failure = caught.value
    return failure


def test_a_provider_that_never_answers_is_given_up(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "REQUEST_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/token"
        error = _caught(tool, lambda: tool.call(address))
    assert (error.exit_code, error.name) == (3, "timeout")
    assert f"{address} cannot be reached" in str(error)


@pytest.mark.parametrize(
    ("name", "wait_s"), [("authorization_pending", 5), ("slow_down", 10), ("timeout", 10)]
)
def test_what_is_not_the_last_answer_is_waited_for(tool: ModuleType, name: str, wait_s: int) -> None:
    assert tool.next_wait(5, tool.LoginError("fake", 1, name)) == wait_s


@pytest.mark.parametrize("name", ["access_denied", "expired_token", "invalid_grant", "server_error", ""])
def test_every_other_answer_ends_the_waiting(tool: ModuleType, name: str) -> None:
    error = tool.LoginError("fake", 1, name)
    assert _caught(tool, lambda: tool.next_wait(5, error)) is error


def test_without_an_interval_the_wait_is_five_seconds(tool: ModuleType) -> None:
    assert tool.seconds({}, "interval", 5) == 5


@pytest.mark.parametrize("value", ["soon", None, [], {}])
def test_an_interval_that_is_no_number_is_refused(tool: ModuleType, value: object) -> None:
    assert _caught(tool, lambda: tool.seconds({"interval": value}, "interval", 5)).exit_code == 3


def test_a_device_code_is_not_asked_for_after_its_life(tool: ModuleType) -> None:
    device = {"device_code": "fake", "expires_in": 0}
    assert _caught(tool, lambda: tool.polled({}, device)).name == "expired_token"
