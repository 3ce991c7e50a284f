"""What a controller's age costs: the same requests to a young one and to one with very many rows, in turn.

::

    two controllers of this host's settings ─▶ one is filled ─▶ each request to both, young and old in turn
                                                           └─▶ the plans of such queries, and what they cost

Times are the machine's and differ from run to run; instructions of SQLite are the same on every machine.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from vestibule.benches.old_database import Plan, fill_state, plans_of
from vestibule.core.percentiles import Percentiles
from vestibule.drivers.db.engine import DATABASE
from vestibule.drivers.db.many_rows import session_id, vm_id
from vestibule.drivers.own_controller import own_controller

YOUNG = 1_000
"""Rows of the one that is compared with."""
WARM_UPS = 2
"""Rounds that are not counted."""
READS = (
    "/api/auth/session/{session}",
    "/api/auth/session/{session}/timeline",
    "/api/auth/session/{session}/view-links",
    "/api/auth/sessions",
    "/api/credentials",
    "/api/goldens",
    "/api/health/failures",
    "/api/health/host",
    "/api/health/starts",
    "/api/host",
    "/api/providers",
    "/api/tables/audit",
    "/api/tables/credentials",
    "/api/tables/machines",
    "/api/tables/machines?sort=status&status=destroyed",
    "/api/tables/sessions",
    "/api/tables/sessions?status=failed",
    "/api/tables/sessions?provider=codex&sort=provider",
    "/api/tables/sessions?q=00000000000003",
    "/api/tables/sessions?offset=900",
    "/api/tables/sessions/{session}",
    "/api/vms",
    "/api/vms/{machine}",
    "/api/vms/{machine}/timeline",
    "/metrics",
)
"""Whatever reads the database; ``{session}`` and ``{machine}`` are any of the rows."""
START = "POST /api/vm/auth"

Note = Callable[[str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Age:
    """A controller's folders, and how many sign-ins it has seen."""

    home: Path
    rows: int

    @property
    def database(self) -> Path:
        """The file."""
        return self.home / "state" / DATABASE


@dataclasses.dataclass(frozen=True, kw_only=True)
class Side:
    """A controller that runs, and whom it is asked as."""

    url: str
    token: str
    rows: int
    """It was filled with."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Aged:
    """One request's times, in milliseconds."""

    request: str
    young: Percentiles
    old: Percentiles


@dataclasses.dataclass(frozen=True, kw_only=True)
class AgedQueries:
    """What the store's answer to one question costs."""

    asked: str
    young_instructions: int
    old_instructions: int
    scans: Sequence[str]
    """Lines of the plans that walk along a whole table that grows."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Growth:
    """What was measured."""

    rows: int
    """Sign-ins in the old one's database; as many machines and entries of the audit."""
    rounds: int
    database_mib: int
    up_s: Mapping[str, float]
    """From its start until it answered: young, old."""
    requests: Sequence[Aged]
    queries: Sequence[AgedQueries]
    plans: Sequence[Plan]
    """Of the old one's queries, with what SQLite said of each."""


def measure_growth(rows: int, rounds: int, note: Note) -> Growth:
    """Of two controllers in a folder that is removed.  Raises HostUnfit when one does not start."""
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        ages = {"young": Age(home=folder / "young", rows=YOUNG), "old": Age(home=folder / "old", rows=rows)}
        for each in ages.values():
            note(f"{each.rows} rows")
            _fill(each)
        up_s: dict[str, float] = {}
        with ExitStack() as stack:
            sides: dict[str, Side] = {}
            for age, each in ages.items():
                begin = time.monotonic()
                running = stack.enter_context(own_controller(each.home, {}))
                up_s[age] = round(time.monotonic() - begin, 3)
                sides[age] = Side(url=running.url, token=running.token, rows=each.rows)
            note(f"{rounds} rounds of {len(READS) + 1} requests to both")
            requests = compare(sides, rounds)
        note("plans of the queries of both")
        young, old = (asyncio.run(plans_of(each.database, each.rows)) for each in ages.values())
        return Growth(
            rows=rows,
            rounds=rounds,
            database_mib=ages["old"].database.stat().st_size >> 20,
            up_s=up_s,
            requests=requests,
            queries=in_pairs(young, old),
            plans=old,
        )


def in_pairs(young: Sequence[Plan], old: Sequence[Plan]) -> Sequence[AgedQueries]:
    """What each question took of both databases: one may take several queries."""
    return [
        AgedQueries(
            asked=asked,
            young_instructions=sum(plan.instructions for plan in young if plan.asked == asked),
            old_instructions=sum(plan.instructions for plan in old if plan.asked == asked),
            scans=[" / ".join(plan.steps) for plan in old if plan.asked == asked and plan.scans],
        )
        for asked in dict.fromkeys(plan.asked for plan in old)
    ]


def _fill(age: Age) -> None:
    """A controller makes its folders, its database and its operator itself."""
    age.home.mkdir()
    with own_controller(age.home, {}):
        pass
    asyncio.run(fill_state(age.database, age.rows))


def compare(sides: Mapping[str, Side], rounds: int) -> Sequence[Aged]:
    """Each request to the ``young`` and the ``old`` side in turn, so many times after the warm-up."""
    seconds: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        clients = {age: stack.enter_context(_client(side)) for age, side in sides.items()}
        for number, (age, client) in itertools.product(range(WARM_UPS + rounds), clients.items()):
            for request, taken_s in _one_round(client, sides[age].rows):
                if number >= WARM_UPS:
                    seconds.setdefault((request, age), []).append(taken_s)
    named = dict.fromkeys(request for request, _age in seconds)
    return [
        Aged(
            request=request,
            young=_milliseconds(seconds[request, "young"]),
            old=_milliseconds(seconds[request, "old"]),
        )
        for request in named
    ]


@contextmanager
def _client(side: Side) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {side.token}"}
    with httpx.Client(base_url=side.url, headers=headers, timeout=120, trust_env=False) as client:
        yield client


def _one_round(client: httpx.Client, rows: int) -> Iterator[tuple[str, float]]:
    number = random.randrange(rows)  # noqa: S311 - any row will do
    for read in READS:
        path = read.format(session=session_id(number), machine=vm_id(number))
        begin = time.perf_counter()
        client.get(path).raise_for_status()
        yield f"GET {read}", time.perf_counter() - begin
    begin = time.perf_counter()
    answer = client.post("/api/vm/auth", json={"provider": "demo"})
    yield START, time.perf_counter() - begin
    answer.raise_for_status()
    _cancelled(client, answer.json()["session_id"])


def _cancelled(client: httpx.Client, session: str) -> None:
    client.post(f"/api/auth/session/{session}/cancel").raise_for_status()


def _milliseconds(seconds: Sequence[float]) -> Percentiles:
    return Percentiles.of([1000 * taken for taken in seconds], 1)
