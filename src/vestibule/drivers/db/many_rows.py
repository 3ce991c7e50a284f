"""Fills a database with very many rows of ended sign-ins, as years of use would: what does age cost?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from vestibule.core.audit import AuditAction, AuditOutcome
from vestibule.core.custody import Custody
from vestibule.core.ids import SessionId, VmId
from vestibule.core.machines import DriverName, Isolation, MachineStatus, MachineType
from vestibule.core.sessions import SessionStatus
from vestibule.core.steps import StepName, StepOutcome
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.schema import (
    ONE_LIVE_ADDRESS,
    ONE_OPEN_SESSION,
    audit_events,
    auth_sessions,
    credentials,
    session_stages,
    steps,
    users,
    vms,
)
from vestibule.drivers.db.unbroken import unbroken

_BATCH = 5_000
_PROVIDERS = ("claude-code", "codex", "gemini-cli", "demo")
_FAILED_OF = 10
"""One in so many failed."""
_SPAN = dt.timedelta(days=20)
"""They are spread over so long: what is older, the janitor would remove while it is measured."""
_LASTED = dt.timedelta(minutes=1)

GROWING = (auth_sessions, session_stages, vms, steps, credentials, audit_events)
"""What gets rows with every sign-in."""
OF_WHAT_LIVES = frozenset(
    {ONE_OPEN_SESSION, ONE_LIVE_ADDRESS, "ix_vms_warm", "ix_steps_open", "ix_credentials_kept"}
)
"""Indexes of their rows that are not over yet: those do not grow."""

Row = Mapping[str, Any]


def session_id(number: int) -> SessionId:
    """Of the row of this number, from 0; the newest is the last."""
    return SessionId(f"s-{number:016x}")


def vm_id(number: int) -> VmId:
    """Of its machine."""
    return VmId(f"vm-{number:016x}")


@unbroken
async def fill(database: Database, sign_ins: int) -> None:
    """Add so many ended sign-ins, each with a machine, a stage, a step and an entry of the audit.

    All are the first user's, who may read each, and ended in the last days.  Those that were completed had a
    credential, which their owner has deleted.
    """
    async with database.read() as connection:
        owner = await connection.scalar(sa.select(users.c.user_id).order_by(users.c.created_at).limit(1))
    begin = dt.datetime.now(dt.UTC) - _SPAN
    for first in range(0, sign_ins, _BATCH):
        numbers = range(first, min(first + _BATCH, sign_ins))
        moments = [(number, begin + _SPAN * (number / sign_ins)) for number in numbers]
        async with database.write() as connection:
            for table, rows in _rows(str(owner), moments):
                await connection.execute(table.insert(), rows)


def _rows(owner: str, moments: Sequence[tuple[int, dt.datetime]]) -> Iterator[tuple[sa.Table, list[Row]]]:
    yield auth_sessions, [_session(owner, number, at) for number, at in moments]
    yield session_stages, [_stage(number, at) for number, at in moments]
    yield steps, [_step(number, at) for number, at in moments]
    yield vms, [_machine(owner, number, at) for number, at in moments]
    yield credentials, [_credential(owner, number, at) for number, at in moments if not _failed(number)]
    yield audit_events, [_entry(owner, number, at) for number, at in moments]


def _failed(number: int) -> bool:
    return number % _FAILED_OF == 0


def _credential_id(number: int) -> str:
    return f"c-{number:016x}"


def _session(owner: str, number: int, at: dt.datetime) -> Row:
    failed = _failed(number)
    return {
        "session_id": session_id(number),
        "user_id": owner,
        "provider": _PROVIDERS[number % len(_PROVIDERS)],
        "status": SessionStatus.FAILED if failed else SessionStatus.COMPLETED,
        "driver": DriverName.CONTAINER,
        "isolation": Isolation.CONTAINER,
        "browser_vm_id": vm_id(number),
        "vm_id": vm_id(number),
        "vm_ip": "192.168.100.2",
        "golden_id": f"g-{number % 7:016x}",
        "credential_id": None if failed else _credential_id(number),
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


def _step(number: int, at: dt.datetime) -> Row:
    return {
        "subject_id": session_id(number),
        "number": 1,
        "name": StepName.CONFIRM,
        "started_at": at,
        "ended_at": at + dt.timedelta(milliseconds=400 + number % 200),
        "outcome": StepOutcome.DONE,
    }


def _credential(owner: str, number: int, at: dt.datetime) -> Row:
    return {
        "credential_id": _credential_id(number),
        "user_id": owner,
        "session_id": session_id(number),
        "provider": _PROVIDERS[number % len(_PROVIDERS)],
        "account": "ann@example.com",
        "sealed": b"",
        "sealed_at": at + _LASTED,
        "custody": Custody.REVOKED,
        "seq": 1,
    }


def _machine(owner: str, number: int, at: dt.datetime) -> Row:
    return {
        "vm_id": vm_id(number),
        "user_id": owner,
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


def _entry(owner: str, number: int, at: dt.datetime) -> Row:
    return {
        "at": at,
        "actor_id": owner,
        "action": AuditAction.MACHINE_DESTROYED,
        "subject": vm_id(number),
        "outcome": AuditOutcome.DONE,
        "detail": "",
    }
