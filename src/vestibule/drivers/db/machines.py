"""Table ``vms``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from vestibule.core.errors import Conflict
from vestibule.core.ids import GoldenId, SessionId, UserId, VmId
from vestibule.core.machines import (
    MACHINE_TRANSITIONS,
    DriverName,
    MachineRecord,
    MachineStatus,
)
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.rows import absent, checked, record, state_changed, values
from vestibule.drivers.db.schema import LIVING, WARM, vms
from vestibule.drivers.db.unbroken import unbroken

_FIXED = frozenset({"vm_id", "user_id", "session_id", "status", "created_at", "claimed_at"})


class DbMachines:
    """Implements ``services.repositories.Machines``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unbroken
    async def add(self, machine: MachineRecord) -> None:
        """Insert.  Raises Conflict ``address_taken`` when a live machine holds its address."""
        async with self._database.write() as connection:
            try:
                async with connection.begin_nested():
                    await connection.execute(vms.insert().values(values(machine)))
            except IntegrityError as error:
                raise await _address_taken(connection, machine, error) from error

    async def get(self, vm_id: VmId) -> MachineRecord:
        """Raise Absent when there is none."""
        async with self._database.read() as connection:
            return await _read(connection, vm_id)

    @unbroken
    async def advance(self, vm_id: VmId, *, to: MachineStatus, **fields: object) -> MachineRecord:
        """Move along MACHINE_TRANSITIONS.  Raises Conflict ``state_changed`` when that is not allowed."""
        async with self._database.write() as connection:
            return await advance(connection, vm_id, to, fields)

    @unbroken
    async def update(self, vm_id: VmId, **fields: object) -> MachineRecord:
        """Change columns other than ``status``.  Raises Absent."""
        async with self._database.write() as connection:
            changes = checked(vms, fields, fixed=_FIXED)
            return await _swap(connection, vm_id, set(MachineStatus), changes)

    @unbroken
    async def claim_warm(
        self,
        golden_id: GoldenId,
        driver: DriverName,
        *,
        user_id: UserId,
        session_id: SessionId | None,
        at: dt.datetime,
    ) -> MachineRecord | None:
        """Give away the machine that is warm the longest: one statement, so that nobody else gets it."""
        longest = (
            sa.select(vms.c.vm_id)
            .where(vms.c.golden_id == golden_id, vms.c.driver == driver, WARM)
            .order_by(vms.c.created_at, vms.c.vm_id)
            .limit(1)
            .scalar_subquery()
        )
        mine = {"user_id": user_id, "session_id": session_id, "warmth": None, "claimed_at": at}
        claim = vms.update().where(vms.c.vm_id == longest, WARM).values(mine).returning(*vms.c)
        async with self._database.write() as connection:
            row = (await connection.execute(claim)).one_or_none()
        return None if row is None else record(MachineRecord, row)

    async def live(self) -> Sequence[MachineRecord]:
        """All machines in a live state, oldest first."""
        # Sorted here: for an order in SQL, SQLite would walk along all machines.
        async with self._database.read() as connection:
            rows = await connection.execute(vms.select().where(LIVING))
            found = [record(MachineRecord, row) for row in rows]
        return sorted(found, key=lambda machine: (machine.created_at, machine.vm_id))

    async def of_user(self, user_id: UserId, limit: int = 100) -> Sequence[MachineRecord]:
        """A user's machines, newest first."""
        query = (
            vms.select()
            .where(vms.c.user_id == user_id)
            .order_by(vms.c.created_at.desc(), vms.c.vm_id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [record(MachineRecord, row) for row in await connection.execute(query)]

    async def ended_of(
        self, golden_id: GoldenId, *, since: dt.datetime, limit: int
    ) -> Sequence[MachineRecord]:
        """The newest ended machines of a golden that were begun ``since``, oldest first."""
        query = (
            vms.select()
            .where(vms.c.golden_id == golden_id, vms.c.created_at >= since, vms.c.ended_at.is_not(None))
            .order_by(vms.c.ended_at.desc(), vms.c.vm_id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            newest_first = [record(MachineRecord, row) for row in await connection.execute(query)]
        return newest_first[::-1]


async def advance(
    connection: AsyncConnection, vm_id: VmId, to: MachineStatus, fields: Mapping[str, object]
) -> MachineRecord:
    """Move a machine inside the caller's transaction.  Raises Absent, Conflict ``state_changed``."""
    changes = {**checked(vms, fields, fixed=_FIXED), "status": to}
    sources = {status for status, targets in MACHINE_TRANSITIONS.items() if to in targets}
    return await _swap(connection, vm_id, sources, changes)


async def _read(connection: AsyncConnection, vm_id: VmId) -> MachineRecord:
    row = (await connection.execute(vms.select().where(vms.c.vm_id == vm_id))).one_or_none()
    if row is None:
        raise absent("machine", vm_id)
    return record(MachineRecord, row)


async def _swap(
    connection: AsyncConnection, vm_id: VmId, seen: set[MachineStatus], changes: Mapping[str, object]
) -> MachineRecord:
    swap = vms.update().where(vms.c.vm_id == vm_id, vms.c.status.in_(seen)).values(changes).returning(*vms.c)
    row = (await connection.execute(swap)).one_or_none()
    if row is None:
        now = await _read(connection, vm_id)
        raise state_changed("machine", vm_id, now.status)
    return record(MachineRecord, row)


async def _address_taken(
    connection: AsyncConnection, machine: MachineRecord, error: IntegrityError
) -> Conflict | IntegrityError:
    query = vms.select().where(vms.c.vm_ip == machine.vm_ip, LIVING)
    holder = (await connection.execute(query)).one_or_none()
    if holder is None:
        return error
    return Conflict(
        f"The address {machine.vm_ip} is held by the live machine {holder.vm_id}.",
        remedy="Take another address.",
        code="address_taken",
        vm_id=holder.vm_id,
    )
