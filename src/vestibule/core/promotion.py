"""Which golden machines are started from: the register of promotions, and whether one may be served.

::

    (built) candidate ─▶ promoted ─▶ superseded ─▶ promoted …
                 │           └─────▶ rolled_back
                 └─▶ rejected

Every change is a move; the register is nothing but its moves, so it can always say since when and why.
A golden without a move is a candidate.  *Stale* is no state: it follows from comparing names.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Container, Mapping
from typing import Any

from vestibule.core.errors import Conflict, GoldenFailed
from vestibule.core.goldens import Manifest
from vestibule.core.ids import GoldenId

NO_GOLDEN_BEFORE = "no_golden_before"
MOVES_KEPT = 500
"""Besides the newest of every golden: what a golden is must not be forgotten, only how it came to be."""


class GoldenStatus(enum.StrEnum):
    """A finished golden's states."""

    CANDIDATE = "candidate"
    PROMOTED = "promoted"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"


class StalePolicy(enum.StrEnum):
    """What happens when the promoted golden is not the one that today's inputs make."""

    REBUILD = "rebuild"
    REFUSE = "refuse"
    ALLOW = "allow"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Move:
    """One change of a golden's state."""

    golden_id: GoldenId
    to: GoldenStatus
    at: dt.datetime
    why: str
    over: GoldenId | None = None
    """Of a promotion by hand: the golden of that day's inputs, which somebody did not want."""
    failing: str | None = None
    """Of a promotion: what the golden's machines failed by since, and why it is promoted all the same."""

    @property
    def story(self) -> str:
        """Why it is so, and what has come of it: one sentence without its full stop."""
        return self.why if self.failing is None else f"{self.why}; since then {self.failing}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Register:
    """All moves, oldest first; the last of a golden is its state."""

    moves: tuple[Move, ...] = ()

    @property
    def promoted(self) -> GoldenId | None:
        """The golden that machines are started from."""
        newest = self._newest()
        found = (golden for golden, move in newest.items() if move.to is GoldenStatus.PROMOTED)
        return next(found, None)

    def status(self, golden_id: GoldenId) -> GoldenStatus:
        """The state of a finished golden."""
        move = self.last(golden_id)
        return move.to if move else GoldenStatus.CANDIDATE

    def last(self, golden_id: GoldenId) -> Move | None:
        """Its newest move."""
        return self._newest().get(golden_id)

    def before(self, among: Container[GoldenId]) -> GoldenId | None:
        """The golden that a roll-back returns to: the one superseded last, of those that are still there."""
        found = (move.golden_id for move in reversed(self.moves) if self._may_return(move, among))
        return next(found, None)

    def _may_return(self, move: Move, among: Container[GoldenId]) -> bool:
        superseded = GoldenStatus.SUPERSEDED
        return move.to is superseded and self.status(move.golden_id) is superseded and move.golden_id in among

    def _newest(self) -> Mapping[GoldenId, Move]:
        return {move.golden_id: move for move in self.moves}

    def _with(self, *moves: Move) -> Register:
        every = (*self.moves, *moves)
        newest = {move.golden_id: index for index, move in enumerate(every)}
        old = range(len(every) - MOVES_KEPT)
        kept = (m for index, m in enumerate(every) if index not in old or newest[m.golden_id] == index)
        return Register(moves=tuple(kept))

    def promote(
        self,
        golden_id: GoldenId,
        *,
        at: dt.datetime,
        why: str,
        leaving: GoldenStatus | None = None,
        over: GoldenId | None = None,
    ) -> Register:
        """Make it the one that machines start from; the one before becomes ``leaving`` (superseded)."""
        old = self.promoted
        if old == golden_id and over is None:
            return self
        new = Move(golden_id=golden_id, to=GoldenStatus.PROMOTED, at=at, why=why, over=over)
        if old in {None, golden_id}:
            return self._with(new)
        left = Move(golden_id=old, to=GoldenStatus.SUPERSEDED, at=at, why=f"{golden_id} took its place")
        if leaving is not None:
            left = dataclasses.replace(left, to=leaving, why=why)
        return self._with(left, new)

    def roll_back(self, *, among: Container[GoldenId], at: dt.datetime, why: str) -> Register:
        """Promote the one before; raises Conflict ``no_golden_before`` when none is left."""
        target = self.before(among)
        if self.promoted is None or target is None:
            raise Conflict(
                "There is no earlier golden on this host to roll back to.",
                remedy="Build and try another: vestibule golden build.",
                code=NO_GOLDEN_BEFORE,
            )
        return self.promote(target, at=at, why=why, leaving=GoldenStatus.ROLLED_BACK)

    def reject(self, golden_id: GoldenId, *, at: dt.datetime, why: str) -> Register:
        """Note that its canary failed.  One that was promoted before stays what it is."""
        if self.status(golden_id) not in {GoldenStatus.CANDIDATE, GoldenStatus.REJECTED}:
            return self
        return self._with(Move(golden_id=golden_id, to=GoldenStatus.REJECTED, at=at, why=why))

    def condemn(self, golden_id: GoldenId, *, why: str) -> Register:
        """Note that its machines fail, though it stays promoted; nothing when it is not, or that is noted."""
        move = self.last(golden_id)
        if self.promoted != golden_id or move is None or move.failing is not None:
            return self
        noted = dataclasses.replace(move, failing=why)
        return Register(moves=tuple(noted if each is move else each for each in self.moves))

    def reconsider(self, golden_id: GoldenId, *, at: dt.datetime, why: str) -> Register:
        """Make a rejected or rolled-back one a candidate again: somebody asked for another try."""
        if self.status(golden_id) not in {GoldenStatus.REJECTED, GoldenStatus.ROLLED_BACK}:
            return self
        return self._with(Move(golden_id=golden_id, to=GoldenStatus.CANDIDATE, at=at, why=why))

    def to_mapping(self) -> dict[str, Any]:
        """As a JSON value."""
        return {"moves": [{**dataclasses.asdict(move), "at": move.at.isoformat()} for move in self.moves]}

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Register:
        """Read a JSON value.  Raises KeyError, TypeError or ValueError when it is no register."""
        return cls(moves=tuple(_move(move) for move in raw["moves"]))


def _move(raw: Mapping[str, Any]) -> Move:
    at, over, failing = dt.datetime.fromisoformat(raw["at"]), raw.get("over"), raw.get("failing")
    if at.tzinfo is None:
        raise ValueError("a move has no time zone")
    return Move(
        golden_id=_golden_id(raw["golden_id"]),
        to=GoldenStatus(raw["to"]),
        at=at,
        why=str(raw["why"]),
        over=None if over is None else _golden_id(over),
        failing=None if failing is None else str(failing),
    )


def _golden_id(raw: object) -> GoldenId:
    if not isinstance(raw, str):
        raise TypeError(f"a golden's name is no {type(raw).__name__}")
    return GoldenId(raw)


def require_servable(
    promoted: Manifest, wanted: GoldenId, *, policy: StalePolicy, contract: int, coming: str
) -> None:
    """Refuse to start a machine from a golden that this controller must not use.

    ``coming`` says what is being done about it, as a sentence.  Raises GoldenFailed
    ``golden_incompatible`` or ``golden_stale``.
    """
    if promoted.contract != contract:
        raise GoldenFailed(
            f"The promoted golden {promoted.golden_id} holds an agent of contract {promoted.contract}, and"
            f" this controller speaks {contract}.",
            remedy=coming,
            code="golden_incompatible",
        )
    if promoted.golden_id != wanted and policy is StalePolicy.REFUSE:
        raise GoldenFailed(
            f"The promoted golden {promoted.golden_id} is stale: today's inputs make {wanted}, and"
            " stale_policy is refuse.",
            remedy=f"{coming} To serve the old one meanwhile, set stale_policy to rebuild or allow.",
            code="golden_stale",
        )
