"""Promotions: the pointer to the golden that machines start from, and whoever moves it.

::

    canary passed, operator ─▶ promote ─┐
    operator, probation ────▶ roll_back ┼▶ register (one file, replaced whole) ─▶ serving() at every start
    canary failed ─────────▶ reject ────┘

The register is read at every start of a machine, so a move made by the command line counts at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable

import structlog

from vestibule.core.errors import Absent, Conflict, GoldenFailed
from vestibule.core.goldens import Manifest
from vestibule.core.ids import GoldenId
from vestibule.core.promotion import GoldenStatus, Register, StalePolicy, require_servable
from vestibule.core.sessions import Failure
from vestibule.services.golden_ports import GoldenRegister, GoldenStore, Hold
from vestibule.services.ports import Clock

log = structlog.get_logger()

BY_HAND = "the operator promoted it"
IDLE = "Build and try it: vestibule golden build."
"""The remedy of whoever is refused while nothing is being built."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServingRule:
    """What a promoted golden must be like to be served."""

    policy: StalePolicy
    contract: int
    """The agent protocol's version that this controller speaks."""


def _is_unknown(_golden_id: GoldenId) -> bool:
    return True


class Promotions:
    """One per controller or command.  Its methods read and write files; a service asks in a thread."""

    def __init__(
        self,
        *,
        register: GoldenRegister,
        goldens: GoldenStore,
        clock: Clock,
        rule: ServingRule,
        is_ready: Callable[[GoldenId], bool] = _is_unknown,
    ) -> None:
        """``is_ready``: whether machines can be started from it at once; unset where none are started."""
        self.rule = rule
        self.coming = IDLE
        """What is being done about a golden that cannot be served: a sentence, for the refusal's remedy."""
        self.blocked: Failure | None = None
        """Why the last renewal failed; None when it did not."""
        self._register = register
        self._is_ready = is_ready
        self.goldens = goldens
        self._clock = clock

    @property
    def register(self) -> Register:
        """All moves, as stored now.  Raises GoldenFailed when the register is damaged."""
        return self._register.read()

    def serving(self) -> GoldenId:
        """The golden that a machine is to be started from, now.

        Raises GoldenFailed: ``golden_absent``, ``golden_incompatible``, ``golden_stale``, ``golden_corrupt``.
        """
        promoted = self.register.promoted
        if promoted is None:
            raise self._nothing_promoted()
        try:
            manifest = self.goldens.usable(promoted)
        except Absent as error:
            raise GoldenFailed(
                f"The promoted golden {promoted} is no longer on this host.",
                remedy=self.coming,
                code="golden_absent",
            ) from error
        wanted = self.goldens.wanted()
        if self._was_left(wanted):  # or, under "refuse", a roll-back would stop every start
            wanted = promoted
        require_servable(
            manifest, wanted, policy=self.rule.policy, contract=self.rule.contract, coming=self.coming
        )
        return promoted

    def _nothing_promoted(self) -> GoldenFailed:
        if (why := self.blocked) is not None:
            return GoldenFailed(
                f"No golden could be promoted on this host: {why.cause}", remedy=why.remedy, code=why.code
            )
        cause = "No golden has been promoted on this host yet."
        return GoldenFailed(cause, remedy=self.coming, code="golden_absent")

    def promote_by_hand(self, golden_id: GoldenId) -> Register:
        """Promote it because the operator says so; whether it was tried is not asked (see Renewals).

        The golden of today's inputs does not replace it by itself; that of tomorrow's does.
        Raises as ``promote``.
        """
        wanted = self.goldens.wanted()
        return self.promote(golden_id, why=BY_HAND, over=wanted if wanted != golden_id else None)

    def promote(self, golden_id: GoldenId, *, why: str, over: GoldenId | None = None) -> Register:
        """Have machines start from it from now on; those that run are not touched.

        Raises Absent, or GoldenFailed when it is damaged or its agent speaks another contract.
        """
        return self._promote(golden_id, lambda now: now, why=why, over=over)

    def replace(self, seen: GoldenId | None, golden_id: GoldenId, *, why: str) -> Register:
        """Promote it in the place of the one that the caller has ``seen`` promoted.

        Raises Conflict ``golden_moved`` when somebody has decided otherwise since, and as ``promote``.
        """
        return self._promote(golden_id, lambda now: _unmoved(now, seen, golden_id), why=why)

    def _promote(
        self,
        golden_id: GoldenId,
        checked: Callable[[Register], Register],
        *,
        why: str,
        over: GoldenId | None = None,
    ) -> Register:
        self.require_contract(golden_id)
        at, hold = self._clock.now(), self.goldens.hold(golden_id)
        try:  # or a collector that saw it unpromoted might remove it after the move
            moved = self._register.update(
                lambda now: checked(now).promote(golden_id, at=at, why=why, over=over)
            )
        finally:
            hold.release()
        log.info("Golden promoted", golden_id=golden_id, why=why)
        return moved

    def require_contract(self, golden_id: GoldenId) -> None:
        """Raise GoldenFailed when its agent speaks another contract, or it is damaged."""
        manifest = self.goldens.usable(golden_id)
        if manifest.contract != self.rule.contract:
            raise GoldenFailed(
                f"The agent of golden {golden_id} speaks contract {manifest.contract}, and this controller"
                f" {self.rule.contract}.",
                remedy="Start the controller of the same release as the golden: restart it after an upgrade.",
                code="golden_incompatible",
            )

    def roll_back(self, *, why: str, leaving: GoldenId | None = None) -> GoldenId:
        """Return to the golden before; the one that is left is not promoted again by itself.

        ``leaving`` is the golden that the caller has judged: another one meanwhile is left alone.
        Raises Conflict ``no_golden_before``, ``golden_moved``.
        """
        at, hold = self._clock.now(), self._held_target()
        among = frozenset({hold.golden_id} if hold else ())

        def back(register: Register) -> Register:
            if leaving is not None and register.promoted != leaving:
                raise Conflict(
                    f"Golden {leaving} is no longer the promoted one.",
                    remedy="Look at what is: vestibule golden list.",
                    code="golden_moved",
                )
            return register.roll_back(among=among, at=at, why=why)

        try:
            moved = self._register.update(back)
        finally:
            if hold is not None:
                hold.release()
        log.warning("Golden rolled back", to=moved.promoted, why=why)
        return GoldenId(moved.promoted or "")

    def _held_target(self) -> Hold | None:
        """The golden that a roll-back returns to, held: it must not be collected before it is promoted."""
        while (target := self.roll_back_target()) is not None:
            with contextlib.suppress(Absent):  # collected a moment ago: there may be an older one
                return self.goldens.hold(target)
        return None

    def roll_back_target(self) -> GoldenId | None:
        """The golden that a roll-back returns to; None when there is none.

        One that machines can be started from at once is preferred to one that has to be made ready first.
        """
        register, usable = self.register, [m.golden_id for m in self.goldens.list() if self._is_promotable(m)]
        ready = frozenset(golden_id for golden_id in usable if self._is_ready(golden_id))
        return register.before(ready) or register.before(frozenset(usable))

    def _is_promotable(self, manifest: Manifest) -> bool:
        try:
            return self.goldens.usable(manifest.golden_id).contract == self.rule.contract
        except (Absent, GoldenFailed):
            return False

    def kept(self) -> frozenset[GoldenId]:
        """What must not be collected: the promoted golden and the one that a roll-back returns to."""
        found = (self.register.promoted, self.roll_back_target())
        return frozenset(golden_id for golden_id in found if golden_id is not None)

    def reject(self, golden_id: GoldenId, *, why: str) -> None:
        """Note that its canary failed: it is not tried again until its inputs change or somebody asks."""
        at = self._clock.now()
        self._register.update(lambda register: register.reject(golden_id, at=at, why=why))
        log.error("Golden rejected", golden_id=golden_id, why=why)

    def condemn(self, golden_id: GoldenId, *, why: str) -> None:
        """Note that its machines fail and nothing takes its place: people are told where they look."""
        self._register.update(lambda register: register.condemn(golden_id, why=why))

    def reconsider(self, golden_id: GoldenId) -> None:
        """Try a rejected or rolled-back golden again."""
        at = self._clock.now()
        self._register.update(
            lambda register: register.reconsider(golden_id, at=at, why="somebody asked for another try")
        )

    def _was_left(self, golden_id: GoldenId) -> bool:
        """Whether it was promoted, or might have been, and somebody preferred another."""
        register = self.register
        promoted = register.last(register.promoted) if register.promoted else None
        preferred = promoted is not None and promoted.over == golden_id
        return preferred or register.status(golden_id) is GoldenStatus.ROLLED_BACK

    def is_dismissed(self, golden_id: GoldenId) -> bool:
        """Whether it was found wanting: then nothing but a person's word brings it back."""
        return self._was_left(golden_id) or self.register.status(golden_id) is GoldenStatus.REJECTED


def _unmoved(now: Register, seen: GoldenId | None, new: GoldenId) -> Register:
    """What is promoted ``now``, unless somebody has decided otherwise since it was ``seen``."""
    if now.promoted not in {seen, new}:
        raise Conflict(
            f"Golden {now.promoted} was promoted while {new} was made and tried; it is left as it is.",
            remedy=f"If {new} is wanted all the same: vestibule golden promote {new}.",
            code="golden_moved",
        )
    return now
