"""A session's server-sent events, for tests that wait on a state."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

PATIENCE_S = 180.0
FINAL = {"completed", "failed", "timeout", "cancelled"}


def follow(client: httpx.Client, session_id: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Read events until a session fits, or is final; the last one seen.  Gives up after PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    path = f"/api/auth/session/{session_id}/events"
    session: dict[str, Any] = {}
    with client.stream("GET", path, timeout=300) as answer:
        for line in answer.iter_lines():  # a comment every 15 s, if nothing else
            assert time.monotonic() < deadline, session
            if line.startswith("data: "):
                session = json.loads(line.removeprefix("data: "))["session"]
                if until(session) or session["status"] in FINAL:
                    return session
    return session


def start(client: httpx.Client, provider: str, **more: str) -> str:
    """Start a sign-in; its id."""
    answer = client.post("/api/vm/auth", json={"provider": provider, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["session_id"])
