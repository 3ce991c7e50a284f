"""What a controller's age costs: the same requests to a young one and to one with very many rows, in turn.

::

    two controllers of this host's settings ─▶ one is filled ─▶ each request to both, young and old in turn
                                                           └─▶ the plan of every query that was asked
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
from vestibule.drivers.db.many_rows import session_id, vm_id
from vestibule.drivers.own_controller import OwnController, own_controller

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
class Aged:
    """One request's times, in milliseconds."""

    request: str
    young: Percentiles
    old: Percentiles


@dataclasses.dataclass(frozen=True, kw_only=True)
class Growth:
    """What was measured."""

    rows: int
    """Sign-ins in the old one's database; as many machines and entries of the audit."""
    young_rows: int
    rounds: int
    database_mib: int
    up_s: Mapping[str, float]
    """From its start until it answered: young, old."""
    requests: Sequence[Aged]
    plans: Sequence[Plan]
    """Of the queries that the old one was asked: what reads a table without an index is marked."""


def measure_growth(variables: Mapping[str, str], rows: int, rounds: int, note: Note) -> Growth:
    """Two controllers in a folder of their own, which is removed.  Raises HostUnfit when one does not start.

    ``variables``: the environment's, for both.
    """
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        states = {"young": (folder / "young", YOUNG), "old": (folder / "old", rows)}
        for age, (home, count) in states.items():
            note(f"{count} rows for the {age} one")
            _filled(home, variables, count)
        up_s: dict[str, float] = {}
        with ExitStack() as stack:
            running: dict[str, OwnController] = {}
            for age, (home, _count) in states.items():
                begin = time.monotonic()
                running[age] = stack.enter_context(own_controller(home, variables))
                up_s[age] = round(time.monotonic() - begin, 3)
            note(f"{rounds} rounds of {len(READS) + 1} requests to both")
            times = _compared(running, {"young": YOUNG, "old": rows}, rounds)
        database = states["old"][0] / "state/vestibule.db"
        size_mib = database.stat().st_size >> 20
        note("the plans of the old one's queries")
        return Growth(
            rows=rows,
            young_rows=YOUNG,
            rounds=rounds,
            database_mib=size_mib,
            up_s=up_s,
            requests=times,
            plans=asyncio.run(plans_of(database)),
        )


def _filled(home: Path, variables: Mapping[str, str], rows: int) -> None:
    """A controller's folders with so many rows: it makes its database and its operator itself."""
    home.mkdir()
    with own_controller(home, variables):
        pass
    asyncio.run(fill_state(home / "state/vestibule.db", rows))


def _compared(running: Mapping[str, OwnController], rows: Mapping[str, int], rounds: int) -> Sequence[Aged]:
    seconds: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        clients = {age: stack.enter_context(_client(controller)) for age, controller in running.items()}
        for number, (age, client) in itertools.product(range(WARM_UPS + rounds), clients.items()):
            for request, taken_s in _one_round(client, rows[age]):
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
def _client(controller: OwnController) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {controller.token}"}
    with httpx.Client(base_url=controller.url, headers=headers, timeout=120, trust_env=False) as client:
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
