"""Fills a database with very many rows of ended sign-ins, as years of use would: to measure what age costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from vestibule.core.audit import AuditAction, AuditOutcome
from vestibule.core.ids import SessionId, VmId
from vestibule.core.machines import DriverName, Isolation, MachineStatus, MachineType
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.schema import audit_events, auth_sessions, session_stages, users, vms
from vestibule.drivers.db.unbroken import unbroken

_BATCH = 5_000
_PROVIDERS = ("claude-code", "codex", "gemini-cli", "demo")
_FAILED_OF = 10
"""One in so many failed."""
_SPAN = dt.timedelta(days=20)
"""They are spread over so long: what is older, the janitor would remove while it is measured."""
_LASTED = dt.timedelta(minutes=1)

Row = Mapping[str, Any]


def session_id(number: int) -> SessionId:
    """Of the row of this number, from 0; the newest is the last."""
    return SessionId(f"s-{number:016x}")


def vm_id(number: int) -> VmId:
    """Of its machine."""
    return VmId(f"vm-{number:016x}")


@unbroken
async def fill(database: Database, sign_ins: int) -> None:
    """Add so many ended sign-ins, each with a machine, a stage and an entry of the audit.

    They are shared out among the users that there are, and ended in the last days.
    """
    async with database.read() as connection:
        owners = [row[0] for row in await connection.execute(sa.select(users.c.user_id))]
    begin = dt.datetime.now(dt.UTC) - _SPAN
    for first in range(0, sign_ins, _BATCH):
        numbers = range(first, min(first + _BATCH, sign_ins))
        moments = [(number, begin + _SPAN * (number / sign_ins)) for number in numbers]
        async with database.write() as connection:
            for table, rows in _rows(owners, moments):
                await connection.execute(table.insert(), rows)


def _rows(
    owners: Sequence[str], moments: Sequence[tuple[int, dt.datetime]]
) -> Iterator[tuple[sa.Table, list[Row]]]:
    yield auth_sessions, [_session(owners, number, at) for number, at in moments]
    yield session_stages, [_stage(number, at) for number, at in moments]
    yield vms, [_machine(owners, number, at) for number, at in moments]
    yield audit_events, [_entry(owners, number, at) for number, at in moments]


def _session(owners: Sequence[str], number: int, at: dt.datetime) -> Row:
    failed = number % _FAILED_OF == 0
    return {
        "session_id": session_id(number),
        "user_id": owners[number % len(owners)],
        "provider": _PROVIDERS[number % len(_PROVIDERS)],
        "status": SessionStatus.FAILED if failed else SessionStatus.COMPLETED,
        "driver": DriverName.CONTAINER,
        "isolation": Isolation.CONTAINER,
        "browser_vm_id": vm_id(number),
        "vm_id": vm_id(number),
        "vm_ip": "192.168.100.2",
        "golden_id": f"g-{number % 7:016x}",
        "error_code": "url_not_seen" if failed else None,
        "error_cause": "The tool printed no address." if failed else None,
        "error_remedy": "Try again." if failed else None,
        "error_stage": SessionStatus.READY if failed else None,
        "error_evidence": {},
        "seq": 6,
        "created_at": at,
        "completed_at": at + _LASTED,
    }


def _stage(number: int, at: dt.datetime) -> Row:
    return {"session_id": session_id(number), "status": SessionStatus.STARTED, "at": at}


def _machine(owners: Sequence[str], number: int, at: dt.datetime) -> Row:
    return {
        "vm_id": vm_id(number),
        "user_id": owners[number % len(owners)],
        "session_id": session_id(number),
        "type": MachineType.BROWSER,
        "driver": DriverName.CONTAINER,
        "isolation": Isolation.CONTAINER,
        "status": MachineStatus.DESTROYED,
        "vm_ip": "192.168.100.2",
        "golden_id": f"g-{number % 7:016x}",
        "host": "bench",
        "created_at": at,
        "running_at": at,
        "ended_at": at + _LASTED,
    }


def _entry(owners: Sequence[str], number: int, at: dt.datetime) -> Row:
    return {
        "at": at,
        "actor_id": owners[number % len(owners)],
        "action": AuditAction.MACHINE_DESTROYED,
        "subject": vm_id(number),
        "outcome": AuditOutcome.DONE,
        "detail": "",
    }
