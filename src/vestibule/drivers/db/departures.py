"""The end of a user: every row that is theirs, in one transaction, or none."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from vestibule.core.errors import Conflict
from vestibule.core.ids import UserId
from vestibule.drivers.db.schema import (
    KEPT,
    LIVING,
    UNFINISHED,
    auth_sessions,
    credential_custody,
    credential_warnings,
    credentials,
    steps,
    users,
    vms,
)


async def remove(connection: AsyncConnection, user_id: UserId) -> bool:
    """Delete a user; False when there is none.  Raises Conflict ``user_busy`` for what is not over yet."""
    for what, query in _unfinished(user_id).items():
        if (found := await connection.scalar(query)) is not None:
            raise Conflict(
                f"The user still has {what}: {found}.",
                remedy="End or delete it first, or have its owner do so.",
                code="user_busy",
            )
    for statement in _rows(user_id):
        await connection.execute(statement)
    gone = await connection.execute(users.delete().where(users.c.user_id == user_id))
    return bool(gone.rowcount)


def _unfinished(user_id: UserId) -> dict[str, sa.Select[tuple[str]]]:
    """What must not be taken away under its owner → its id, if there is one."""
    sessions, machines, kept = auth_sessions.c, vms.c, credentials.c
    return {
        "an open sign-in": sa.select(sessions.session_id).where(sessions.user_id == user_id, UNFINISHED),
        "a live machine": sa.select(machines.vm_id).where(machines.user_id == user_id, LIVING),
        "a credential": sa.select(kept.credential_id).where(kept.user_id == user_id, KEPT),
    }


def _rows(user_id: UserId) -> list[sa.Delete]:
    """From what points to others to what is pointed to; the rest goes with the row that it points to."""
    kept = sa.select(credentials.c.credential_id).where(credentials.c.user_id == user_id)
    sessions = sa.select(auth_sessions.c.session_id).where(auth_sessions.c.user_id == user_id)
    machines = sa.select(vms.c.vm_id).where(vms.c.user_id == user_id)
    return [
        credential_warnings.delete().where(credential_warnings.c.credential_id.in_(kept)),
        credential_custody.delete().where(credential_custody.c.credential_id.in_(kept)),
        credentials.delete().where(credentials.c.user_id == user_id),
        steps.delete().where(steps.c.subject_id.in_(sa.union(sessions, machines))),
        vms.delete().where(vms.c.user_id == user_id),
        auth_sessions.delete().where(auth_sessions.c.user_id == user_id),
    ]
