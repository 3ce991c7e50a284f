"""Runs a soak over HTTP: warm up, take stock, sign in many times, wait for quiet, take stock again.

Each of the workers is a user of its own with a person of its own, and goes through the demo's flows in turn.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Protocol, Self

from vestibule.client import Controller, Row
from vestibule.core.errors import GoldenFailed, MachineFailed, VestibuleError
from vestibule.core.machines import DriverName
from vestibule.core.providers import Flow
from vestibule.core.sessions import FINAL, SessionStatus
from vestibule.core.soak import (
    Comparison,
    Ending,
    Figures,
    SoakResult,
    Stock,
    compare,
    count_failures,
    median_of,
)

PROVIDER = "demo"
WARM_UPS = 2
"""Sign-ins of each worker that are not counted: modules are loaded, the broker started."""
QUIET_S = 30.0
"""So long machines may take to be gone when the last sign-in has ended."""
_LOOK_S = 0.5
_NEWS_EVERY = 10

Note = Callable[[str], None]


class Person(Protocol):
    """Who signs in at the demo's provider."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(self, *_exception: object) -> None:
        """End."""
        ...

    def returned_to(self, address: str) -> str:
        """Allow; where the sign-in page sends the browser."""
        ...

    def code(self, address: str) -> str:
        """Allow; the code that is shown."""
        ...

    def type_code(self, user_code: str) -> None:
        """Type a device's code, and allow."""
        ...


class Soaked(Protocol):
    """The controller that is soaked."""

    url: str
    token: str

    def add_user(self, name: str) -> str:
        """A user's API token."""
        ...

    def person(self) -> Person:
        """Somebody for one thread."""
        ...

    def stock(self) -> Stock:
        """What it has of the host."""
        ...


def await_golden(soaked: Soaked, note: Note) -> None:
    """Return once a golden is promoted there: one that was tried is at once.  Raises GoldenFailed."""
    told = False
    with Controller(soaked.url, soaked.token) as controller:
        for state in controller.events("/api/goldens/events"):
            if state.get("promoted"):
                return
            renewal = state.get("renewal") or {}
            if renewal.get("outcome"):
                break
            if not told:
                note("a golden is made and tried first")
                told = True
    raise GoldenFailed(
        "There is no golden that machines could be started from.",
        remedy="Build one (vestibule golden build), then soak again.",
        code="golden_absent",
    )


class Soak:
    """One soak of one controller."""

    def __init__(self, soaked: Soaked, driver: DriverName, at_once: int, note: Note) -> None:
        self._soaked = soaked
        self._driver = driver
        self._at_once = at_once
        self._note = note

    def run(self, sign_ins: int) -> SoakResult:
        """Sign in so often.  Raises MachineFailed when it does not even warm up."""
        workers = [self._soaked.add_user(f"soak-{number}") for number in range(self._at_once)]
        self._warm_up(workers)
        before = self._soaked.stock()
        self._note(f"before: {_figures(before)}")
        begin = time.monotonic()
        endings = list(self._told(self._endings(workers, sign_ins), sign_ins))
        seconds = time.monotonic() - begin
        after = self._quiet(before)
        self._note(f"after: {_figures(after)}")
        return self._result(endings, before, after, seconds)

    def _warm_up(self, workers: Sequence[str]) -> None:
        self._note("warming up")
        endings = list(self._endings(workers, WARM_UPS * len(workers)))
        for ending in endings:
            if ending.completed_s is None:
                raise MachineFailed(
                    f"A first sign-in was not completed: {ending.cause}",
                    remedy="Run vestibule doctor; try one by hand: vestibule connect demo --wait.",
                    code=ending.code,
                )
        self._still()

    def _endings(self, workers: Sequence[str], sign_ins: int) -> Iterator[Ending]:
        """So many sign-ins, as they end; the flows take turns."""
        idle: SimpleQueue[str] = SimpleQueue()
        for token in workers:
            idle.put(token)

        def one(flow: Flow) -> Ending:
            token = idle.get()
            try:
                return self._sign_in(token, flow)
            finally:
                idle.put(token)

        flows = itertools.islice(itertools.cycle(Flow), sign_ins)
        with ThreadPoolExecutor(len(workers)) as pool:
            yield from pool.map(one, flows)

    def _sign_in(self, token: str, flow: Flow) -> Ending:
        begin = time.monotonic()
        try:
            with Controller(self._soaked.url, token) as controller, self._soaked.person() as person:
                body = {"provider": PROVIDER, "driver": self._driver, "flow": flow}
                session_id = str(controller.post("/api/vm/auth", body)["session_id"])
                return _followed(controller, session_id, person, begin)
        except VestibuleError as error:
            return Ending(code=error.failure_code, cause=error.cause)

    def _told(self, endings: Iterable[Ending], sign_ins: int) -> Iterator[Ending]:
        failed = 0
        for number, ending in enumerate(endings, start=1):
            failed += ending.completed_s is None
            if ending.completed_s is None:
                self._note(f"sign-in {number}: {ending.code}: {ending.cause}")
            if number % _NEWS_EVERY == 0:
                self._note(f"{number} of {sign_ins}, {failed} failed; {_figures(self._soaked.stock())}")
            yield ending

    def _quiet(self, before: Stock) -> Stock:
        """The stock once it is as before, or when that was waited for long enough."""
        deadline = time.monotonic() + QUIET_S
        while compare(before, after := self._soaked.stock()).names and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        return after

    def _still(self) -> None:
        """Return when the last machines are gone: no process has come or gone for a while."""
        deadline, last = time.monotonic() + QUIET_S, self._soaked.stock()
        while time.monotonic() < deadline:
            time.sleep(_LOOK_S * 4)
            now = self._soaked.stock()
            if now.processes == last.processes and not compare(last, now).names:
                return
            last = now

    def _result(self, endings: Sequence[Ending], before: Stock, after: Stock, seconds: float) -> SoakResult:
        found: Comparison = compare(before, after)
        failures, causes = count_failures(endings)
        completed = sum(ending.completed_s is not None for ending in endings)
        return SoakResult(
            sessions=len(endings),
            completed=completed,
            failed=len(endings) - completed,
            leaked=found.leaked,
            rss_growth_mb=found.rss_growth_mb,
            failures=failures,
            causes=causes,
            left_behind=found.names,
            ready_s=median_of([ending.ready_s for ending in endings]),
            completed_s=median_of([ending.completed_s for ending in endings]),
            before=Figures.of(before),
            after=Figures.of(after),
            driver=self._driver,
            at_once=self._at_once,
            seconds=round(seconds, 1),
        )


def _followed(controller: Controller, session_id: str, person: Person, begin: float) -> Ending:
    """Play the person as soon as there is something to do, up to the session's end."""
    ready_s: float | None = None
    acted = False
    with contextlib.closing(controller.events(f"/api/auth/session/{session_id}/events")) as events:
        for event in events:
            session = event["session"]
            if ready_s is None and SessionStatus.READY in {one["status"] for one in session["stages"]}:
                ready_s = time.monotonic() - begin
            if session["status"] in FINAL:
                return _ended(session, ready_s, time.monotonic() - begin)
            acted = acted or _act(controller, session, person)
    return Ending(ready_s=ready_s, code="stream_ended", cause="The session's events ended before it did.")


def _act(controller: Controller, session: Row, person: Person) -> bool:
    """Whether there was something to do, and it was done."""
    path = f"/api/auth/session/{session['session_id']}"
    match session["flow"]:
        case Flow.LOOPBACK if session["auth_url"]:
            address = person.returned_to(session["auth_url"])
            controller.post(f"{path}/open-url", {"url": address})
        case Flow.PASTE if session["auth_url"] and session["code_asked"]:
            controller.post(f"{path}/input", {"text": person.code(session["auth_url"])})
        case Flow.DEVICE if session["user_code"]:
            person.type_code(session["user_code"])
        case _:
            return False
    return True


def _ended(session: Row, ready_s: float | None, seconds: float) -> Ending:
    if session["status"] == SessionStatus.COMPLETED:
        return Ending(ready_s=ready_s, completed_s=seconds)
    failure = session["failure"] or {"code": session["status"], "cause": "It has no failure."}
    return Ending(ready_s=ready_s, code=failure["code"], cause=failure["cause"])


def _figures(stock: Stock) -> str:
    one = Figures.of(stock)
    return (
        f"{one.processes} processes, {one.namespaces} namespaces, {one.files} files, "
        f"{one.fds} descriptors, {one.rss_mb:g} MB"
    )
