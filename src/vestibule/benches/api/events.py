"""From a change to who follows it: a sign-in is cancelled, and its stream tells that it has ended.

The request is sent and not waited for: the event may come before the answer.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from vestibule.core.errors import Unavailable
from vestibule.core.sessions import SessionStatus

PROVIDER = "demo"
TIMEOUT_S = 60.0
_DATA = b"data: "


def time_events(port: int, token: str, count: int) -> list[float]:
    """In milliseconds, of so many changes in turn.  Raises Unavailable for an answer that is an error."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with contextlib.closing(_connection(port)) as caller:
        return [_time_one(port, caller, headers) for _ in range(count)]


def _time_one(port: int, caller: HTTPConnection, headers: Mapping[str, str]) -> float:
    caller.request("POST", "/api/vm/auth", json.dumps({"provider": PROVIDER}), dict(headers))
    session = f"/api/auth/session/{_answer(caller)['session_id']}"
    with _followed(port, f"{session}/events", headers) as events:
        next(events)
        begin = time.perf_counter()
        caller.request("POST", f"{session}/cancel", "", dict(headers))
        while next(events)["session"]["status"] != SessionStatus.CANCELLED:
            pass
        end = time.perf_counter()
    _answer(caller)
    return (end - begin) * 1000


def _connection(port: int) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)


def _answer(caller: HTTPConnection) -> dict[str, Any]:
    answer = caller.getresponse()
    body = answer.read()
    if not 200 <= answer.status < 300:
        raise Unavailable(
            f"The controller that is measured answered {answer.status}: {body.decode(errors='replace')}",
            remedy="Run vestibule doctor, then measure again.",
        )
    return dict(json.loads(body))


@contextlib.contextmanager
def _followed(port: int, path: str, headers: Mapping[str, str]) -> Iterator[Iterator[dict[str, Any]]]:
    with contextlib.closing(_connection(port)) as stream:
        stream.request("GET", path, headers=dict(headers))
        yield _events(stream.getresponse())


def _events(answer: HTTPResponse) -> Iterator[dict[str, Any]]:
    while line := answer.readline():
        if line.startswith(_DATA):
            yield json.loads(line.removeprefix(_DATA))
    raise Unavailable(
        "A stream of events ended too soon.", remedy="Run vestibule doctor, then measure again."
    )
