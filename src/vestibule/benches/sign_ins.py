"""Measures a running controller the way its users meet it: over HTTP and its server-sent events."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator

from vestibule.client import Controller, Row, SessionEnded
from vestibule.core.machines import DriverName
from vestibule.core.percentiles import Percentiles
from vestibule.core.sessions import FINAL, SessionStatus

PROVIDER = "demo"
PAGE_TITLE = "Sign in"
"""How the title of the demo provider's page begins."""

Note = Callable[[str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SignInTimes:
    """What ``vestibule bench sign-in -o json`` prints."""

    ready_s: Percentiles
    page_s: Percentiles
    sign_ins: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnswerTimes:
    """What ``vestibule bench answers -o json`` prints."""

    answer_ms: Percentiles
    requests: int
    machines: int


def measure_sign_ins(
    controller: Controller, sign_ins: int, driver: DriverName | None, note: Note
) -> SignInTimes:
    """Start demo sign-ins in turn; each ends once its page is shown.  Raises SessionEnded when one fails."""
    ready, page = [], []
    for number in range(1, sign_ins + 1):
        begin = time.monotonic()
        with _started(controller, driver) as session_id:
            ready.append(_seconds_until(controller, session_id, begin, _is_ready))
            page.append(_seconds_until(controller, session_id, begin, _shows_page))
        note(f"sign-in {number}: agent confirmed {ready[-1]:.2f} s, page shown {page[-1]:.2f} s")
    return SignInTimes(ready_s=Percentiles.of(ready), page_s=Percentiles.of(page), sign_ins=sign_ins)


def measure_answers(
    controller: Controller, requests: int, machines: int, driver: DriverName | None, note: Note
) -> AnswerTimes:
    """Start demo sign-ins in turn while ``machines`` run; each is cancelled as soon as it was answered."""
    times = []
    with contextlib.ExitStack() as stack:
        for number in range(1, machines + 1):
            vm_id = controller.post("/api/vms", {"driver": driver})["vm_id"]
            stack.callback(controller.delete, f"/api/vms/{vm_id}")
            note(f"machine {number} runs")
        for _ in range(requests):
            begin = time.monotonic()
            with _started(controller, driver):
                times.append((time.monotonic() - begin) * 1000)
    return AnswerTimes(answer_ms=Percentiles.of(times, digits=1), requests=requests, machines=machines)


@contextlib.contextmanager
def _started(controller: Controller, driver: DriverName | None) -> Iterator[str]:
    session_id = str(controller.post("/api/vm/auth", {"provider": PROVIDER, "driver": driver})["session_id"])
    try:
        yield session_id
    finally:
        controller.post(f"/api/auth/session/{session_id}/cancel")


def _seconds_until(
    controller: Controller, session_id: str, begin: float, reached: Callable[[Row], bool]
) -> float:
    for event in controller.events(f"/api/auth/session/{session_id}/events"):
        session = event["session"]
        if reached(session):
            return time.monotonic() - begin
        if session["status"] in FINAL:
            raise _ended(session)
    raise _ended({"status": "cut off", "failure": None})


def _is_ready(session: Row) -> bool:
    return SessionStatus.READY in {stage["status"] for stage in session["stages"]}


def _shows_page(session: Row) -> bool:
    return str(session["page_title"] or "").startswith(PAGE_TITLE)


def _ended(session: Row) -> SessionEnded:
    failure = session["failure"] or {"cause": "no failure was given"}
    return SessionEnded(
        f"a measured sign-in ended as {session['status']}: {failure['cause']}",
        remedy="Run vestibule doctor, then measure again.",
    )
