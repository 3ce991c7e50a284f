"""What people do through the API, written into the audit with who they are and where they came from."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from vestibule.api.context import Caller, Context, Services, address_of
from vestibule.core.audit import AuditAction, AuditEvent, AuditOutcome
from vestibule.core.errors import MachineFailed, VestibuleError
from vestibule.core.ids import UserId

_UNFORESEEN = "internal"


@dataclasses.dataclass(kw_only=True)
class Deed:
    """What is being done; the block may fill in what it learns."""

    subject: str
    detail: str = ""
    at: dt.datetime | None = None
    """When it was done, if the block knows better than the end of the block."""


class Deeds:
    """Of one request."""

    def __init__(self, services: Context, actor_id: UserId, address: str | None) -> None:
        self._services = services
        self.actor_id = actor_id
        self._address = address

    @contextlib.asynccontextmanager
    async def doing(self, action: AuditAction, subject: str = "", detail: str = "") -> AsyncIterator[Deed]:
        """Write down what comes of the block; what the block raises is raised.

        Raises what the store raises when a deed of ``BEFORE_THE_ANSWER`` cannot be written down.
        """
        deed = Deed(subject=subject, detail=detail)
        try:
            yield deed
        except VestibuleError as error:
            broke = isinstance(error, MachineFailed)
            outcome = AuditOutcome.FAILED if broke else AuditOutcome.REFUSED
            await self._record(action, deed, outcome, error.failure_code)
            raise
        except Exception:
            await self._record(action, deed, AuditOutcome.FAILED, _UNFORESEEN)
            raise
        await self._record(action, deed, AuditOutcome.DONE, None)

    async def _record(self, action: AuditAction, deed: Deed, outcome: AuditOutcome, code: str | None) -> None:
        await self._services.audit.record(
            AuditEvent(
                at=deed.at or self._services.audit.now(),
                action=action,
                actor_id=self.actor_id,
                address=self._address,
                subject=deed.subject,
                outcome=outcome,
                code=code,
                detail=deed.detail,
            )
        )


async def _of_caller(request: Request, services: Services, caller: Caller) -> Deeds:
    return Deeds(services, caller.user_id, address_of(request))


CallersDeeds = Annotated[Deeds, Depends(_of_caller)]
