"""Admission: a sign-in waits for its turn until there is room for its machine.

::

    join() ─▶ line ─▶ look: rows, memory, pressure ─▶ turn() ─▶ a row is reserved ─▶ the agent confirms
                └──── timeout_s ─▶ Unavailable host_saturated

Who does not wait (``vestibule vm start``, a canary's clones) is judged once, by ``require`` or ``may_claim``,
and overtakes nobody who does.  A turn may be given for a machine of the warm pool alone; when that is not
to be had after all, ``turn_anew`` waits for one that can be started.  Rows are the truth of what lives; here
is only who waits, and who has a turn and no row yet.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import structlog

from vestibule.core.admission import (
    HOST_SATURATED,
    Claimable,
    Lack,
    LackKind,
    Place,
    Room,
    Rules,
    lacking,
    lacking_place,
    load_of,
    load_with_pool,
)
from vestibule.core.errors import Unavailable
from vestibule.core.ids import SessionId, UserId
from vestibule.core.line import Line
from vestibule.core.machines import DriverName, MachineRecord

log = structlog.get_logger()

LOOK_S = 1.0
"""How often memory and pressure are looked at again while somebody waits; ends of machines wake at once."""

GATHER_S = 0.05
"""So long a burst is gathered before it is looked at; who comes alone is looked at at once."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patience:
    """How many may wait, and for how long each."""

    max_waiting: int
    timeout_s: float


@dataclasses.dataclass(kw_only=True)
class _Wait:
    user_id: UserId
    since_s: float
    driver: DriverName | None
    """None: the host's own."""
    turn: asyncio.Future[None]
    on_warm: bool = False
    """Whether it has its turn for a machine of the warm pool alone."""
    lack: Lack | None = None
    """What was lacking at the last look; None before the first."""


class Admission:
    """One per ``Machines``."""

    def __init__(
        self,
        *,
        rules: Rules,
        patience: Patience,
        live: Callable[[], Awaitable[Sequence[MachineRecord]]],
        room: Callable[[], Room],
        seconds: Callable[[], float],
    ) -> None:
        """``live`` reads the rows of live machines; ``seconds`` is a clock that nobody sets."""
        self.lock = asyncio.Lock()
        """Held from a look at the rows until what it allowed is written."""
        self.on_moved: Callable[[SessionId], None] = _nobody
        """Called when a sign-in's place, or the reason why it waits, is another."""
        self.claimable: Claimable | None = None
        """What the warm pool gives away now; None when nothing."""
        self._rules = rules
        self._patience = patience
        self._live = live
        self._room = room
        self._seconds = seconds
        self._line = Line()
        self._waits: dict[SessionId, _Wait] = {}
        self._granted: dict[SessionId, UserId] = {}
        self._changed = asyncio.Event()
        self._news = True
        """Whether anything came or went since the last look."""
        self._looked_s = seconds()
        self._mover: asyncio.Task[None] | None = None

    @property
    def timeout_s(self) -> float:
        """How long a sign-in may wait for a machine."""
        return self._patience.timeout_s

    async def join(self, session_id: SessionId, user_id: UserId, driver: DriverName | None = None) -> None:
        """Put a new sign-in in the line.  Raises Unavailable ``host_saturated`` when too many wait.

        Only those that lack room: a line that is full is looked at before anybody is refused for it.
        """
        if self._is_full():
            await self._look_if_news()
        if self._is_full():
            raise self._crowded()
        self.rejoin(session_id, user_id, driver, waited_s=0)

    def rejoin(
        self, session_id: SessionId, user_id: UserId, driver: DriverName | None = None, *, waited_s: float
    ) -> None:
        """Put one in that an earlier controller had let in, and that has waited for so long already."""
        turn = asyncio.get_running_loop().create_future()
        since_s = self._seconds() - waited_s
        self._waits[session_id] = _Wait(user_id=user_id, since_s=since_s, driver=driver, turn=turn)
        self._line = self._line.joined(user_id, session_id)
        self.wake()

    def leave(self, session_id: SessionId) -> None:
        """It waits no longer, or needs no more to be counted beside its machine's row; idempotent."""
        wait = self._waits.pop(session_id, None)
        if wait is not None and not wait.turn.cancel() and not wait.turn.cancelled():
            wait.turn.exception()  # it was told, or nobody is left to tell
        self._granted.pop(session_id, None)
        self._line = self._line.left(session_id)
        self.wake()

    @contextlib.asynccontextmanager
    async def turn(self, session_id: SessionId) -> AsyncIterator[float]:
        """Wait for the turn of one that has joined; it lasts until its machine runs.  Seconds that it waited.

        Raises Unavailable ``host_saturated`` after ``timeout_s``.
        """
        wait = self._waits[session_id]
        try:
            await wait.turn
            yield self._seconds() - wait.since_s
        finally:
            self.leave(session_id)

    async def turn_anew(self, session_id: SessionId) -> None:
        """The warm machine of its turn is not to be had: wait until one can be started instead.

        Returns at once for a turn that was given for any machine.  Raises as ``turn``.
        """
        wait = self._waits.get(session_id)
        if wait is None or not wait.on_warm:
            return
        wait.on_warm, wait.turn = False, asyncio.get_running_loop().create_future()
        self._granted.pop(session_id, None)
        self._line = self._line.joined(wait.user_id, session_id)
        self.wake()
        await wait.turn

    def place(self, session_id: SessionId) -> Place | None:
        """Where in the line it waits, and why; None when it does not, or was not looked at yet."""
        return self._places().get(session_id)

    @property
    def waiting(self) -> int:
        """How many sign-ins have had no turn yet."""
        return len(self._waits.keys() - self._granted.keys())

    def waits(self, session_id: SessionId) -> bool:
        """Whether it has had no turn yet."""
        return session_id in self._waits and session_id not in self._granted

    def require(self, live: Sequence[MachineRecord], user_id: UserId, session_id: SessionId | None) -> None:
        """With ``lock``: raise Unavailable ``host_saturated`` without room, unless it has its turn."""
        if session_id in self._granted:
            return
        room = self._room()
        self._judge_all(live, room)
        self._refuse(lacking(self._rules, load_of(live, self._granted, user_id), room))

    def may_claim(
        self,
        live: Sequence[MachineRecord],
        user_id: UserId,
        session_id: SessionId | None,
        claimable: Claimable,
    ) -> bool:
        """With ``lock``: whether there is a warm machine that was promised to nobody else.

        Raises as ``require``, but needs nothing of the host than a place.
        """
        if session_id in self._granted:
            return True
        room = self._room()
        self._judge_all(live, room)
        load = load_of(live, self._granted, user_id, claimable)
        if not load.warm:
            return False
        self._refuse(lacking_place(self._rules, load, room))
        return True

    def _refuse(self, lack: Lack | None) -> None:
        """Who cannot wait: for what is full, and while others wait."""
        if lack is not None and lack.full:
            raise lack.refusal()
        if (first := self._first_in_line()) is not None:
            raise first.before_others()

    def require_spare(self, live: Sequence[MachineRecord]) -> None:
        """With ``lock``: raise Unavailable unless there is room that nobody wants: for the warm pool."""
        load = load_with_pool(live, self._granted)
        if (lack := lacking(self._rules, load, self._room())) is not None:
            raise lack.refusal()
        if self.waiting or load.starting:
            raise Unavailable(
                "People's machines start first.",
                remedy="Wait a moment: it goes on by itself.",
                code=HOST_SATURATED,
            )

    @property
    def wants_memory(self) -> bool:
        """Whether somebody waits for memory."""
        return any(place.lack.of_memory for place in self._places().values())

    @property
    def promised(self) -> int:
        """How many have their turn for a machine of the warm pool alone."""
        return sum(wait.on_warm for wait in self._waits.values())

    def _first_in_line(self) -> Lack | None:
        """Why the first waits that does not wait for an own machine to end: no other would be in its way."""
        waiting = (place.lack for place in self._places().values())
        return next((lack for lack in waiting if lack.kind is not LackKind.OWN_MACHINES), None)

    def wake(self) -> None:
        """Look again: a machine has confirmed or ended, somebody came or went."""
        self._changed.set()
        self._news = True
        if self._line and (self._mover is None or self._mover.done()):
            self._mover = asyncio.create_task(self._move(), name="admission")

    async def _move(self) -> None:
        """Look again and again, for as long as somebody waits."""
        while self._line:
            self._changed.clear()
            try:
                await self._look()
            except Exception:
                log.exception("Who waits for a machine could not be looked at; it is tried again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()
            await asyncio.sleep(GATHER_S)

    async def _look(self) -> None:
        async with self.lock:
            await self._look_locked()

    async def _look_if_news(self) -> None:
        """For a crowd that comes to a full line: one look is for all, until something is another."""
        async with self.lock:
            if self._news or self._seconds() - self._looked_s >= GATHER_S:
                await self._look_locked()

    async def _look_locked(self) -> None:
        self._news = False  # what is told from here on may be missing in what is read now
        self._judge_all(await self._live(), self._room())
        self._looked_s = self._seconds()

    def _is_full(self) -> bool:
        return len(self._line) >= self._patience.max_waiting

    def _judge_all(self, live: Sequence[MachineRecord], room: Room) -> None:
        """With ``lock``: give turns to those that there is room for, and tell who moved."""
        before = self._shown()
        for user_id, session_id in self._line.order():
            self._judge(user_id, session_id, live, room)
        now = self._shown()
        for session_id in before.keys() | now.keys():
            if before.get(session_id) != now.get(session_id):
                self.on_moved(session_id)

    def _judge(
        self, user_id: UserId, session_id: SessionId, live: Sequence[MachineRecord], room: Room
    ) -> None:
        wait = self._waits[session_id]
        if wait.turn.done():  # it was given up, and leaves in a moment
            return
        load = load_of(live, self._granted, user_id, self._claimable_by(wait))
        lack = lacking(self._rules, load, room)
        if on_warm := lack is not None and load.warm > 0:
            lack = lacking_place(self._rules, load, room)
        if lack is None:
            self._granted[session_id], wait.on_warm = user_id, on_warm
            self._line = self._line.served(user_id, session_id)
            wait.turn.set_result(None)
        elif self._seconds() - wait.since_s >= self.timeout_s:
            self._line = self._line.left(session_id)
            wait.turn.set_exception(lack.waited(self.timeout_s) if self.timeout_s else lack.refusal())
        elif wait.lack is None or wait.lack.kind is not lack.kind:
            wait.lack = lack  # its figures stay those of the first look: each change is sent to a page

    def _claimable_by(self, wait: _Wait) -> Claimable | None:
        claimable = self.claimable
        return claimable if claimable and wait.driver in {None, claimable.driver} else None

    def _places(self) -> Mapping[SessionId, Place]:
        return {
            session_id: Place(number=number, lack=lack)
            for number, (_, session_id) in enumerate(self._line.order(), start=1)
            if (lack := self._waits[session_id].lack) is not None
        }

    def _shown(self) -> Mapping[SessionId, tuple[int, LackKind]]:
        return {session_id: (place.number, place.lack.kind) for session_id, place in self._places().items()}

    def _crowded(self) -> Unavailable:
        """Of the reasons why others wait, the first one's."""
        first = next(iter(self._places().values()), None)
        because = f": {first.lack.cause}" if first else "."
        return Unavailable(
            f"{len(self._line)} sign-ins wait for a machine, the most that max_waiting allows{because}",
            remedy="Try again in a few minutes.",
            code=HOST_SATURATED,
        )


def _nobody(_session_id: SessionId) -> None:
    """Whom a move is told to when nobody wants to know."""
