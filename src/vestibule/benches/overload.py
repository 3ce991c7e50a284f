"""Many sign-ins at once, of many users, against a controller that runs: what becomes of each of them.

::

    users ─▶ POST /api/vm/auth, spread over a second ─▶ every session read again ─▶ cancelled ─▶ users removed
               └─ meanwhile: ``readers``, a process of its own, reads what a page reads, and times it

Times of requests are as this one client sees them, and contain what its own storm costs it; those of reads do
not, but all three processes share the host's processors.  Nothing of it stays.

*Lost* is a request without an answer, or an accepted session that cannot be read.
*Wrong* is an answer that is neither a session nor a refusal with code, cause and remedy, or a session that is
someone else's, or has failed for another reason than that the host is full.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import httpx

from vestibule.benches.readers import KEPT_S, TIMEOUT_S, reading
from vestibule.core.admission import HOST_SATURATED
from vestibule.core.percentiles import Percentiles

PROVIDER = "demo"
READERS = 4
WEIGH_EVERY_S = 0.05
CONFLICT = httpx.codes.CONFLICT
GONE_S, AGAIN_S = 10.0, 0.1
"""So long a user's machine may take to be gone, and how often that is asked."""
AT_A_TIME = 8
"""Of the requests that prepare and clear up, which are not measured."""

T = TypeVar("T")
Note = Callable[[str], None]
Memory = Callable[[], Mapping[str, int]]
"""Resident bytes now, by process: controller, broker; empty where they are on another host."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Overload:
    """What ``vestibule bench overload -o json`` prints."""

    requests: int
    accepted: int
    queued: int
    """Of the accepted: those that waited for a machine when all requests were answered."""
    refused: Mapping[str, int]
    """Failure code → how many."""
    lost: int
    wrong: int
    read_ms: Percentiles
    reads: int
    post_ms: Percentiles
    peak_rss_mb: Mapping[str, float]


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Guest:
    """A user of this bench, signed in."""

    name: str
    user_id: str
    cookie: str


@dataclasses.dataclass(kw_only=True)
class _Seen:
    """What has come of the requests so far."""

    accepted: dict[str, _Guest] = dataclasses.field(default_factory=dict)
    refused: Counter[str] = dataclasses.field(default_factory=Counter)
    queued: int = 0
    lost: int = 0
    wrong: int = 0
    post_ms: list[float] = dataclasses.field(default_factory=list)


async def measure_overload(
    url: str, token: str, requests: int, note: Note, memory: Memory = dict
) -> Overload:
    """Run it.  Raises httpx.HTTPError when the controller does not answer before it begins."""
    limits = httpx.Limits(max_connections=None, keepalive_expiry=KEPT_S)
    seen, peaks = _Seen(), Counter[str]()
    async with (
        httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, limits=limits, trust_env=False) as client,
        _guests(client, token, requests) as guests,
    ):
        note(f"{len(guests)} users made")
        try:
            cookies = [guests[number % len(guests)].cookie for number in range(READERS)]
            async with _weighed(memory, peaks), reading(url, cookies) as reads:
                await _storm(client, guests, seen)
                await _read_all(client, seen)
        finally:
            await _cancel(client, seen)
    note(f"{len(seen.accepted)} accepted, {seen.refused.total()} refused; all cancelled")
    return Overload(
        requests=requests,
        accepted=len(seen.accepted),
        queued=seen.queued,
        refused=dict(seen.refused),
        lost=seen.lost + reads.lost,
        wrong=seen.wrong + reads.wrong,
        read_ms=Percentiles.of(reads.ms, digits=1),
        reads=len(reads.ms),
        post_ms=Percentiles.of(seen.post_ms, digits=1),
        peak_rss_mb={name: round(peak / 1e6, 1) for name, peak in peaks.items()},
    )


@contextlib.asynccontextmanager
async def _guests(client: httpx.AsyncClient, token: str, count: int) -> AsyncIterator[Sequence[_Guest]]:
    """Users that are there for this bench alone."""
    operator, mark = {"Authorization": f"Bearer {token}"}, secrets.token_hex(4)
    names = [f"bench-{mark}-{number}" for number in range(count)]
    try:
        yield await _a_few_at_a_time(lambda name: _new_guest(client, operator, name), names)
    finally:
        await _a_few_at_a_time(lambda name: _remove(client, operator, name), names)


async def _new_guest(client: httpx.AsyncClient, operator: Mapping[str, str], name: str) -> _Guest:
    made = await client.post("/api/users", json={"name": name}, headers=operator)
    link = made.raise_for_status().json()
    token = link["url"].partition("#token=")[2]
    signed_in = (await client.post("/api/sign-in", json={"token": token})).raise_for_status()
    cookie = signed_in.headers["set-cookie"].partition(";")[0]
    client.cookies.clear()
    return _Guest(name=name, user_id=link["user"]["user_id"], cookie=cookie)


async def _remove(client: httpx.AsyncClient, operator: Mapping[str, str], name: str) -> None:
    """A user whose machine is on its way out is there until it has gone.  Raises TimeoutError."""
    async with asyncio.timeout(GONE_S):
        while (await client.delete(f"/api/users/{name}", headers=operator)).status_code == CONFLICT:  # noqa: ASYNC110
            await asyncio.sleep(AGAIN_S)


async def _a_few_at_a_time(work: Callable[[str], Awaitable[T]], items: Sequence[str]) -> list[T]:
    places = asyncio.Semaphore(AT_A_TIME)

    async def one(item: str) -> T:
        async with places:
            return await work(item)

    return await asyncio.gather(*(one(item) for item in items))


async def _storm(client: httpx.AsyncClient, guests: Sequence[_Guest], seen: _Seen) -> None:
    async def one(number: int, guest: _Guest) -> None:
        await asyncio.sleep(number / len(guests))
        await _post(client, guest, seen)

    await asyncio.gather(*(one(number, guest) for number, guest in enumerate(guests)))


async def _post(client: httpx.AsyncClient, guest: _Guest, seen: _Seen) -> None:
    begin = time.monotonic()
    try:
        answer = await client.post(
            "/api/vm/auth", json={"provider": PROVIDER}, headers={"Cookie": guest.cookie}
        )
    except httpx.HTTPError:
        seen.lost += 1
        return
    seen.post_ms.append((time.monotonic() - begin) * 1000)
    body = _object(answer)
    if answer.status_code == 201 and body.get("session_id"):
        seen.accepted[str(body["session_id"])] = guest
    elif answer.is_error and all(body.get(name) for name in ("code", "cause", "remedy")):
        seen.refused[str(body["code"])] += 1
    else:
        seen.wrong += 1


async def _read_all(client: httpx.AsyncClient, seen: _Seen) -> None:
    """Every accepted session again, as its owner; each counts once."""

    async def one(session_id: str) -> None:
        guest = seen.accepted[session_id]
        try:
            answer = await client.get(f"/api/auth/session/{session_id}", headers={"Cookie": guest.cookie})
        except httpx.HTTPError:
            seen.lost += 1
            return
        session = _object(answer)
        if answer.status_code != 200:
            seen.lost += 1
        elif not _is_right(session, session_id, guest):
            seen.wrong += 1
        seen.queued += session.get("queue_place") is not None

    await _a_few_at_a_time(one, list(seen.accepted))


def _is_right(session: Mapping[str, Any], session_id: str, guest: _Guest) -> bool:
    own = (session.get("session_id"), session.get("user_id"), session.get("provider"))
    failure = session.get("failure") or {"code": HOST_SATURATED}
    return own == (session_id, guest.user_id, PROVIDER) and failure["code"] == HOST_SATURATED


async def _cancel(client: httpx.AsyncClient, seen: _Seen) -> None:
    await _a_few_at_a_time(
        lambda session_id: client.post(
            f"/api/auth/session/{session_id}/cancel", headers={"Cookie": seen.accepted[session_id].cookie}
        ),
        list(seen.accepted),
    )


@contextlib.asynccontextmanager
async def _weighed(memory: Memory, peaks: Counter[str]) -> AsyncIterator[None]:
    """The memory that controller and broker have meanwhile."""
    weighing = asyncio.create_task(_weigh(memory, peaks))
    try:
        yield
    finally:
        weighing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await weighing


async def _weigh(memory: Memory, peaks: Counter[str]) -> None:
    while True:
        for name, size in memory().items():
            peaks[name] = max(peaks[name], size)
        await asyncio.sleep(WEIGH_EVERY_S)


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
