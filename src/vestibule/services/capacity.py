"""How many machines may live: on this host, and of one user."""

from __future__ import annotations

from collections.abc import Sequence

from vestibule.core.errors import Unavailable
from vestibule.core.ids import UserId
from vestibule.core.machines import MachineRecord


def require_room(live: Sequence[MachineRecord], user_id: UserId, *, most: int, most_of_user: int) -> None:
    """Raise Unavailable ``host_saturated`` when the host, or this user, has as many machines as allowed."""
    own = sum(row.user_id == user_id for row in live)
    if len(live) >= most:
        raise _saturated(f"{len(live)} machines run", "max_machines")
    if own >= most_of_user:
        raise _saturated(f"{own} machines of yours run", "max_machines_per_user")


def _saturated(what: str, setting: str) -> Unavailable:
    return Unavailable(
        f"{what}, the most that {setting} allows.",
        remedy=f"Wait for one to end, stop one (vestibule vm stop), or raise {setting}.",
        code="host_saturated",
    )
