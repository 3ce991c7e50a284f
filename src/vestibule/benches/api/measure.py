"""``vestibule bench api``: the same requests without and with open streams of events, in turn."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from vestibule.benches.api.events import time_events
from vestibule.benches.api.load import START, Load, find_wrk, load
from vestibule.benches.api.streams import open_streams
from vestibule.benches.descriptors import allow_descriptors
from vestibule.benches.spread import Spread
from vestibule.core.percentiles import Percentiles
from vestibule.core.sessions import FINAL
from vestibule.drivers import proc
from vestibule.drivers.own_controller import OwnController, own_controller

DESCRIPTORS = 500
"""Open files of a controller and its callers besides the streams."""
SESSION = "GET /api/auth/session/{id}"
READS = {
    SESSION: "/api/auth/session/{session}",
    "GET /api/auth/sessions": "/api/auth/sessions",
    "GET /api/providers": "/api/providers",
    "GET /api/health/host": "/api/health/host",
    "GET /livez": "/livez",
}
STARTS, EVENTS = f"POST {START}", "event of a change"
_NO_ROOM_MIB = 10**9
_TIMEOUT_S = 60.0

Note = Callable[[str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ask:
    """How much is asked."""

    connections: int = 4
    seconds: int = 5
    """Of each request in each round."""
    events: int = 50
    """Changes in each round."""
    streams: int = 1000
    rounds: int = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One request, of all rounds."""

    request: str
    streams: int
    """Open meanwhile."""
    per_s: Spread
    p50_ms: Spread
    p99_ms: Spread
    wrong: int
    """Without an answer, or with one that is an error."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ApiResult:
    """What ``vestibule bench api -o json`` prints."""

    ask: Ask
    rows: Sequence[Row]
    resident_mb: Mapping[int, Spread]
    """Of the controller, by open streams."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _People:
    """Users of the controller that is measured; each may have one sign-in of a tool."""

    owners: Sequence[tuple[str, str]]
    """Sign-ins that wait all the time, each with the token of its owner."""
    starters: Sequence[str]
    """Tokens of users without any."""
    leaver: str
    """The token of one whose sign-ins are cancelled before somebody's eyes."""


def measure_api(ask: Ask, note: Note) -> ApiResult:
    """On a controller in a folder of its own, which is removed.

    Raises HostUnfit when wrk is missing, too few files may be open or the controller does not start.
    """
    find_wrk()
    allow_descriptors(DESCRIPTORS + ask.streams)
    loads: dict[tuple[str, int], list[Load]] = defaultdict(list)
    resident: dict[int, list[float]] = defaultdict(list)
    with _controller() as controller:
        people = _people(controller, ask, note)
        note("warming up: all once, for a second each, not counted")
        list(_loads(controller, people, dataclasses.replace(ask, seconds=1, events=3)))
        for number, streams in itertools.product(range(1, ask.rounds + 1), (0, ask.streams)):
            with open_streams(_port(controller), people.owners[:streams]):
                note(f"round {number}, {streams} streams")
                for request, done in _loads(controller, people, ask):
                    loads[request, streams].append(done)
                resident[streams].append(proc.resident_bytes(controller.pid) / 1e6)
    return ApiResult(
        ask=ask,
        rows=[_row(request, streams, done) for (request, streams), done in loads.items()],
        resident_mb={streams: Spread.of(values, 1) for streams, values in resident.items()},
    )


@contextlib.contextmanager
def _controller() -> Iterator[OwnController]:
    """Without a golden, and without room for a machine: whoever starts waits in line."""
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        variables = {
            "VESTIBULE_CACHE_DIR": str(folder / "cache"),
            "VESTIBULE_STALE_POLICY": "allow",
            "VESTIBULE_ISOLATION": "container",
            "VESTIBULE_HOST_RESERVE_MIB": str(_NO_ROOM_MIB),
            "VESTIBULE_MAX_WAITING": "10000",
            "VESTIBULE_QUEUE_TIMEOUT_S": "86400",
            "VESTIBULE_WARM_MACHINES": "0",
            "VESTIBULE_VAULT_KEY_SOURCE": "file",
            "VESTIBULE_CREDENTIAL_WARN_H": "0",
        }
        with own_controller(folder, variables) as controller:
            yield controller


def _people(controller: OwnController, ask: Ask, note: Note) -> _People:
    """As many sign-ins as there will be streams, one at least; they wait before all that are measured."""
    wanted = max(1, ask.streams)
    owners: list[tuple[str, str]] = []
    with httpx.Client(base_url=controller.url, trust_env=False, timeout=_TIMEOUT_S) as client:
        while len(owners) < wanted:
            token = controller.add_user(f"owner-{len(owners)}")
            client.headers["Authorization"] = f"Bearer {token}"
            tools = [tool["name"] for tool in client.get("/api/providers").raise_for_status().json()]
            for tool in tools[: wanted - len(owners)]:
                started = client.post(START, json={"provider": tool}).raise_for_status().json()
                owners.append((started["session_id"], token))
    note(f"{len(owners)} sign-ins wait")
    starters = [controller.add_user(f"starter-{number}") for number in range(ask.connections)]
    return _People(owners=owners, starters=starters, leaver=controller.add_user("leaver"))


def _loads(controller: OwnController, people: _People, ask: Ask) -> Iterator[tuple[str, Load]]:
    session, owner = people.owners[0]
    for request, path in READS.items():
        yield (
            request,
            load(controller.url, path.format(session=session), [owner], ask.connections, ask.seconds),
        )
    _cancel_all(controller, people.starters)
    yield STARTS, load(controller.url, START, people.starters, ask.connections, ask.seconds)
    yield EVENTS, _timed(time_events(_port(controller), people.leaver, ask.events))


def _cancel_all(controller: OwnController, tokens: Sequence[str]) -> None:
    """What the load began last it did not cancel."""
    with httpx.Client(base_url=controller.url, trust_env=False, timeout=_TIMEOUT_S) as client:
        for token in tokens:
            client.headers["Authorization"] = f"Bearer {token}"
            for session in client.get("/api/auth/sessions").raise_for_status().json():
                if session["status"] not in FINAL:
                    client.post(f"/api/auth/session/{session['session_id']}/cancel").raise_for_status()


def _timed(milliseconds: Sequence[float]) -> Load:
    found, count = Percentiles.of(milliseconds), len(milliseconds)
    return Load(count=count, seconds=sum(milliseconds) / 1000, p50_ms=found.p50, p99_ms=found.p99, wrong=0)


def _row(request: str, streams: int, loads: Sequence[Load]) -> Row:
    return Row(
        request=request,
        streams=streams,
        per_s=Spread.of([done.count / done.seconds for done in loads], 1),
        p50_ms=Spread.of([done.p50_ms for done in loads], 2),
        p99_ms=Spread.of([done.p99_ms for done in loads], 2),
        wrong=sum(done.wrong for done in loads),
    )


def _port(controller: OwnController) -> int:
    return int(urlsplit(controller.url).port or 0)
