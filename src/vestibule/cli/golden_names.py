"""The golden that a command means."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from vestibule.core.errors import Absent
from vestibule.core.ids import GoldenId
from vestibule.services.golden_ports import GoldenInventory
from vestibule.settings import Settings

_ID = re.compile("g-[0-9a-f]{16}")

OptionalGolden = Annotated[
    str | None, typer.Argument(metavar="GOLDEN_ID", help="Unset: the one that today's inputs make.")
]


def named(golden_id: str | None, store: GoldenInventory) -> GoldenId:
    """The golden that is meant; unset: today's.  Raises Absent for what can be no golden's name."""
    if golden_id is None:
        return store.wanted()
    if not _ID.fullmatch(golden_id):
        raise Absent(
            f"there is no golden {golden_id[:40]!r}", remedy="See which are there: vestibule golden list."
        )
    return GoldenId(golden_id)


def store_of(settings: Settings) -> GoldenInventory:
    """The goldens of this host."""
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    return golden_commands.golden_store(settings)
