"""Serving: what a machine is to be started from now, or why none can be started and what is coming.

::

    start ─▶ promoted, and may be served? ──no──▶ refused (services/promotions.py)
                └─yes─▶ ready for this driver? ─no─▶ refused; freshness is woken and makes it ready

A golden that was ready may not be so any more: its memory snapshot is of one QEMU and one shape of machine.
"""

from __future__ import annotations

import asyncio

from vestibule.core.errors import GoldenFailed
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.renewal import Outcome
from vestibule.services.promotions import Promotions
from vestibule.services.renewals import GOLDENS, GoldenWorks, Renewals

SOON = "It is made anew from now on; try again in a minute."


class Serving:
    """One per controller; asked at every start of a machine."""

    def __init__(self, *, promotions: Promotions, works: GoldenWorks, renewals: Renewals) -> None:
        self._promotions = promotions
        self._works = works
        self._renewals = renewals

    async def golden(self, driver: DriverName) -> GoldenId:
        """The golden that a machine of this driver is to be started from.

        Raises GoldenFailed as ``Promotions.serving`` does, ``snapshot_absent``, and ``golden_corrupt`` of a
        damaged snapshot.
        """
        golden_id = await asyncio.to_thread(self._promotions.serving)
        if not await asyncio.to_thread(self._is_ready, golden_id, driver):
            coming = self._coming()
            self._renewals.feed.publish(GOLDENS)  # freshness looks now, not only at its next round
            damage = await asyncio.to_thread(self._works.damage, golden_id, driver)
            if damage is not None:
                raise GoldenFailed(damage.cause, remedy=coming, code=damage.failure_code)
            raise GoldenFailed(
                f"No {driver} machine can be started from the promoted golden {golden_id}: its memory"
                " snapshot is made anew, as after a change of QEMU or of a machine's settings.",
                remedy=coming,
                code="snapshot_absent",
            )
        return golden_id

    def _is_ready(self, golden_id: GoldenId, driver: DriverName) -> bool:
        if driver not in self._works.drivers:
            return True  # nobody keeps it ready: the driver says what is missing, and how to make it
        prepared = self._works.is_prepared(golden_id, driver)
        return prepared and not self._renewals.is_barred(golden_id, driver)

    def _coming(self) -> str:
        last = self._renewals.current
        return SOON if last is None or last.outcome is Outcome.PROMOTED else self._promotions.coming
