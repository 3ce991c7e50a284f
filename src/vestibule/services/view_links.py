"""View links: made and taken back by a sign-in's owner, opened by whoever has one, ended when they are over.

::

    owner ── make ──▶ row, and its secret once ──▶ somebody ── open ──▶ watches, until ``over``
      └── revoke ──────────▶ over ◀── LOOK_S ── its time, or its sign-in

A secret is 256 random bits, and the database holds its SHA-256: there is no guessing, so nothing is slowed
down, and what cannot be a secret is not looked up.  Those that are good are in memory too: who watches is
told of an end though the database cannot be written.  Watching is no sign of life of the person.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import datetime as dt
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Callable, Collection, Sequence

import structlog

from vestibule.core import ids
from vestibule.core.audit import AuditAction, AuditEvent
from vestibule.core.errors import Absent, BadInput, Conflict, NotAllowed, NotSignedIn
from vestibule.core.failures import MEANINGS, FailureCode
from vestibule.core.ids import SessionId, ViewLinkId
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import Action, allowed_actions
from vestibule.core.view_links import ViewLinkEnd, ViewLinkRecord, end_of
from vestibule.services.audit import Audit
from vestibule.services.feed import Feed
from vestibule.services.ports import Clock
from vestibule.services.repositories import Sessions
from vestibule.services.repositories import ViewLinks as ViewLinkRows
from vestibule.services.viewers import Viewers

log = structlog.get_logger()

SECRET_BYTES = 32
DEFAULT_S = 900
MOST_LINKS = 10
"""Good ones of one session."""
LOOK_S = 0.25
"""How often good links are looked at while there are any: who watches is cut off that late."""
STORE_AGAIN_S = 5.0
"""After an end could not be stored."""
MOST_ADDRESSES = 50
"""Of a link, whose first opening is written down each: the audit cannot be filled by opening one again."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class NewViewLink:
    """A link with its secret; shown once."""

    link: ViewLinkRecord
    secret: str = dataclasses.field(repr=False)


@dataclasses.dataclass(kw_only=True, eq=False)
class _Good:
    link: ViewLinkRecord
    over: asyncio.Future[ViewLinkEnd]
    opened_from: set[str | None] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watch:
    """Somebody watches a session by a link."""

    session: SessionRecord
    link: ViewLinkRecord
    _good: _Good

    async def over(self) -> ViewLinkEnd:
        """Return once the link is good no more."""
        return await asyncio.shield(self._good.over)


class ViewLinks:
    """One per controller."""

    def __init__(
        self,
        *,
        rows: ViewLinkRows,
        sessions: Sessions,
        carried: Callable[[], Collection[SessionId]],
        feed: Feed[SessionId],
        audit: Audit,
        clock: Clock,
        random: Callable[[int], bytes],
        longest_s: int,
        watchers: Viewers[SessionId],
    ) -> None:
        """``carried``: the sign-ins that are under way; ``longest_s`` 0: nobody can make a link."""
        self._rows = rows
        self._sessions = sessions
        self._carried = carried
        self._feed = feed
        self._audit = audit
        self._clock = clock
        self._random = random
        self.longest_s = longest_s
        self.watchers = watchers
        self._good: dict[ViewLinkId, _Good] = {}
        self._unstored: dict[ViewLinkId, ViewLinkRecord] = {}
        """Links with the end that they had, which is not in the database yet."""
        self._some, self._ended = asyncio.Event(), asyncio.Event()

    async def recover(self) -> None:
        """At start, once sign-ins go on: the links that an earlier controller left."""
        for link in await self._rows.good():
            self._keep(link)

    def _keep(self, link: ViewLinkRecord) -> None:
        over = asyncio.get_running_loop().create_future()
        self._good[link.link_id] = _Good(link=link, over=over)
        self._some.set()

    async def make(self, session: SessionRecord, seconds: int | None) -> NewViewLink:
        """Make a link to a session of the caller's; None: DEFAULT_S, or what is allowed.

        Raises NotAllowed ``sharing_off``, BadInput ``view_link_too_long``, Conflict ``action_not_allowed``
        (no desktop is shown), ``view_links_full``.
        """
        good_s = self._seconds(seconds)
        if Action.SHARE not in allowed_actions(session.status):
            raise Conflict(
                f"The session is {session.status}: it shows no desktop.",
                remedy="Share it while the session's `actions` have `share`.",
                code=FailureCode.ACTION_NOT_ALLOWED,
            )
        if sum(good.link.session_id == session.session_id for good in self._good.values()) >= MOST_LINKS:
            raise Conflict(
                f"The session has {MOST_LINKS} view links already.",
                remedy="Take one back first: vestibule session unshare.",
                code=FailureCode.VIEW_LINKS_FULL,
            )
        secret, now = base64.urlsafe_b64encode(self._random(SECRET_BYTES)).rstrip(b"=").decode(), self._now()
        link = ViewLinkRecord(
            link_id=ids.view_link_id(self._random(ids.RANDOM_BYTES)),
            session_id=session.session_id,
            secret_hash=_hash(secret),
            created_at=now,
            expires_at=now + dt.timedelta(seconds=good_s),
        )
        self._keep(link)  # it has its place before anything is waited for
        try:
            await self._rows.add(link)
        except BaseException:
            self._good.pop(link.link_id, None)
            raise
        log.info("View link made", session_id=link.session_id, link_id=link.link_id, seconds=good_s)
        return NewViewLink(link=link, secret=secret)

    def _seconds(self, wanted: int | None) -> int:
        if self.longest_s == 0:
            raise NotAllowed(
                "View links are turned off on this controller.",
                remedy="Ask the operator to set view_link_max_s.",
                code=FailureCode.SHARING_OFF,
            )
        if wanted is not None and wanted > self.longest_s:
            raise BadInput(
                f"A view link is good for {self.longest_s} s at most.",
                remedy="Ask for less; the operator may raise view_link_max_s.",
                code=FailureCode.VIEW_LINK_TOO_LONG,
            )
        return min(wanted or DEFAULT_S, self.longest_s)

    async def of_session(self, session_id: SessionId) -> Sequence[ViewLinkRecord]:
        """A session's links, newest first; one that is over has its end, stored or not."""
        return [self._seen(link) for link in await self._rows.of_session(session_id)]

    def _seen(self, link: ViewLinkRecord) -> ViewLinkRecord:
        link = self._unstored.get(link.link_id, link)
        end = self._end_of(link)
        return link if end is link.end else dataclasses.replace(link, end=end, ended_at=self._now())

    async def revoke(self, session_id: SessionId, link_id: ViewLinkId) -> ViewLinkRecord:
        """Take a link back: who watches by it is cut off before this returns.  One that is over stays so.

        It is over though that cannot be stored; then raises why.  Raises Absent when the session has no such
        link.
        """
        links = {link.link_id: link for link in await self._rows.of_session(session_id)}
        if link_id not in links:
            raise Absent(
                f"There is no view link {link_id} of this session.",
                remedy="List those that there are: vestibule session shares ID.",
            )
        if self._end_of(links[link_id]) is None:
            try:
                await self._store(self._finish(links[link_id], ViewLinkEnd.REVOKED))
            except BaseException:  # it is taken back all the same, and stored once that is possible
                self._ended.set()
                raise
        return next(link for link in await self.of_session(session_id) if link.link_id == link_id)

    @contextlib.asynccontextmanager
    async def opened(self, secret: str | None, address: str | None) -> AsyncIterator[Watch]:
        """Watch by a link, until the context ends.

        Raises NotSignedIn ``view_link_unknown``; Conflict with the code of its end; Conflict
        ``too_many_viewers``.
        """
        good = await self._redeemed(secret)
        session_id = good.link.session_id
        with self.watchers.looking(session_id):
            await self._note_opened(good, address)
            self._feed.publish(session_id)
            try:
                session = await self._sessions.get(session_id)
                yield Watch(session=session, link=good.link, _good=good)
            finally:
                self._feed.publish(session_id)

    async def _redeemed(self, secret: str | None) -> _Good:
        if secret is None or not _SECRET.fullmatch(secret):
            raise _unknown()
        hashed = _hash(secret)
        for good in tuple(self._good.values()):
            if hmac.compare_digest(good.link.secret_hash, hashed):
                if (end := self._end_of(good.link)) is not None:
                    raise _over(end)
                return good
        link = await self._rows.of_secret(hashed)
        if link is None:
            raise _unknown()
        raise _over(self._end_of(link) or ViewLinkEnd.REVOKED)  # whose end could not be stored

    async def _note_opened(self, good: _Good, address: str | None) -> None:
        if address in good.opened_from or len(good.opened_from) >= MOST_ADDRESSES:
            return
        good.opened_from.add(address)
        await self._audit.record(
            AuditEvent(
                at=self._now(),
                action=AuditAction.VIEW_LINK_OPENED,
                address=address,
                subject=good.link.session_id,
                detail=good.link.link_id,
            )
        )

    def _end_of(self, link: ViewLinkRecord) -> ViewLinkEnd | None:
        known = self._unstored.get(link.link_id, link)
        return end_of(known, self._now(), session_open=link.session_id in self._carried())

    async def run(self) -> None:
        """End what is over, again and again, while there is something that is good; store that beside it."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_again())
            tasks.create_task(self._store_again())

    async def _look_again(self) -> None:
        while True:
            await self._some.wait()
            self._look()
            if not self._good:
                self._some.clear()
                continue
            await asyncio.sleep(LOOK_S)

    def _look(self) -> None:
        """End every link whose time, or whose session, is over: nobody is cut off late by a slow database."""
        for good in tuple(self._good.values()):
            if (end := self._end_of(good.link)) is not None:
                self._finish(good.link, end)
                self._ended.set()

    async def _store_again(self) -> None:
        while True:
            await self._ended.wait()
            self._ended.clear()
            for link in tuple(self._unstored.values()):
                await self._expire(link)
            if self._unstored:
                await asyncio.sleep(STORE_AGAIN_S)
                self._ended.set()

    async def _expire(self, link: ViewLinkRecord) -> None:
        try:
            ended = await self._store(link)
        except Exception:  # who watches is cut off already; it is tried again
            log.exception("The end of a view link could not be stored", link_id=link.link_id, end=link.end)
            return
        if ended and link.end is not ViewLinkEnd.REVOKED:
            self._audit.note(
                AuditAction.VIEW_LINK_EXPIRED, subject=link.session_id, detail=f"{link.link_id}: {link.end}"
            )

    def _finish(self, link: ViewLinkRecord, end: ViewLinkEnd) -> ViewLinkRecord:
        """End it in memory, for those who watch by it as well; what is to be stored."""
        ended = dataclasses.replace(link, end=end, ended_at=self._now())
        self._unstored[link.link_id] = ended
        if (good := self._good.pop(link.link_id, None)) is not None:
            good.over.set_result(end)
        return ended

    async def _store(self, link: ViewLinkRecord) -> bool:
        """Its end; False when it had one."""
        assert link.end is not None  # noqa: S101 (of ``_finish``)
        assert link.ended_at is not None  # noqa: S101
        stored = await self._rows.end(link.link_id, link.end, link.ended_at)
        self._unstored.pop(link.link_id, None)
        self._feed.publish(link.session_id)
        log.info("View link ended", session_id=link.session_id, link_id=link.link_id, end=link.end)
        return stored is not None

    def _now(self) -> dt.datetime:
        return self._clock.now()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _unknown() -> NotSignedIn:
    known = MEANINGS[FailureCode.VIEW_LINK_UNKNOWN]
    return NotSignedIn(known.meaning, remedy=known.remedy, code=FailureCode.VIEW_LINK_UNKNOWN)


def _over(end: ViewLinkEnd) -> Conflict:
    known = MEANINGS[end.code]
    return Conflict(known.meaning, remedy=known.remedy, code=end.code)
