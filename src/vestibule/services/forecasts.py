"""Forecasts: warns of a credential's end before it comes, once, in the audit log and by webhook.

::

    credentials that end soon ─▶ warning stored ─▶ audit log
                                       └─▶ posted ──failed─▶ again later, a few times ─▶ given up, in the log
                                              └──▶ stored as delivered

What is stored is not warned of again, by a later controller either.  A controller that is killed between a
post and its row posts once more, with the same ``id``.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib

import structlog

from vestibule.core import forecast
from vestibule.core.errors import Unavailable
from vestibule.core.forecast import ExpiryWarning
from vestibule.core.ids import UserId
from vestibule.core.records import CredentialRecord
from vestibule.services.feed import Feed
from vestibule.services.ports import Clock, Webhook
from vestibule.services.repositories import Credentials as CredentialRows
from vestibule.services.repositories import Warnings

log = structlog.get_logger()
audit = structlog.get_logger("vestibule.audit")

EVERY_S = 60.0
TYPE = "credential.expires_soon"


class Forecasts:
    """One per controller: a task, and what the API says of one credential."""

    def __init__(
        self,
        *,
        rows: Warnings,
        credentials: CredentialRows,
        webhook: Webhook | None,
        clock: Clock,
        ahead: dt.timedelta,
        feed: Feed[UserId],
    ) -> None:
        """``ahead``: how long before its end a credential is warned of; zero: never."""
        self._rows = rows
        self._credentials = credentials
        self._webhook = webhook
        self._clock = clock
        self._ahead = ahead
        self._feed = feed

    def expires_soon(self, record: CredentialRecord) -> bool:
        """Whether it is warned of."""
        return forecast.expires_soon(record, self._clock.now(), self._ahead)

    async def run(self) -> None:
        """Until cancelled: look every minute."""
        while self._ahead:
            try:
                await self.look()
            except Exception:
                log.exception("Credentials could not be looked through for those that end")
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Warn of what has come near its end, and post what is due."""
        now = self._clock.now()
        # What has ended longer ago was warned of, or ended where no controller ran: nobody is helped by it.
        for record in await self._rows.unwarned(now - self._ahead, now + self._ahead):
            await self._warn(record, now)
        if self._webhook is not None:
            for warning in await self._rows.undelivered(now):
                await self._tell(self._webhook, warning)

    async def _warn(self, record: CredentialRecord, now: dt.datetime) -> None:
        until = forecast.usable_until(record)
        if until is None:
            return
        first = now if self._webhook is not None else None
        warning = ExpiryWarning(
            credential_id=record.credential_id, usable_until=until, warned_at=now, next_attempt_at=first
        )
        await self._rows.add(warning)
        self._feed.publish(record.user_id)
        audit.warning(
            "Credential expires soon",
            credential_id=record.credential_id,
            user_id=record.user_id,
            provider=record.provider,
            usable_until=until.isoformat(),
        )

    async def _tell(self, webhook: Webhook, warning: ExpiryWarning) -> None:
        """Post it; whatever goes wrong is an attempt, or it would keep those after it waiting for ever."""
        try:
            await self._post(webhook, warning)
        except Exception as error:  # noqa: BLE001 (logged below)
            after = forecast.attempted(warning, self._clock.now(), delivered=False)
            _tell_failed(after, error)
            await self._rows.store(after)

    async def _post(self, webhook: Webhook, warning: ExpiryWarning) -> None:
        record = await self._credentials.get(warning.credential_id)
        if forecast.usable_until(record) != warning.usable_until:
            await self._rows.drop(warning)  # deleted or renewed meanwhile: it is not true any more
            return
        await webhook.post(_body(record, warning))
        after = forecast.attempted(warning, self._clock.now(), delivered=True)
        await self._rows.store(after)
        log.info("A warning was posted", credential_id=after.credential_id, at=str(after.delivered_at))


def _body(record: CredentialRecord, warning: ExpiryWarning) -> dict[str, object]:
    """What is posted; nothing in it is secret."""
    end = warning.usable_until.isoformat()
    return {
        "type": TYPE,
        "id": hashlib.sha256(f"{TYPE} {record.credential_id} {end}".encode()).hexdigest()[:32],
        "at": warning.warned_at.isoformat(),
        "credential_id": record.credential_id,
        "session_id": record.session_id,
        "user_id": record.user_id,
        "provider": record.provider,
        "account": record.account,
        "expires_at": end,
        "custody": record.custody.value,
        "holder": record.holder,
    }


def _tell_failed(warning: ExpiryWarning, error: Exception) -> None:
    event = (
        "A warning could not be posted, and is given up"
        if warning.next_attempt_at is None
        else "A warning could not be posted yet"
    )
    said = {"credential_id": warning.credential_id, "attempts": warning.attempts}
    if isinstance(error, Unavailable):
        log.warning(event, **said, cause=error.cause)
    else:  # nobody foresaw it: where it came from is needed
        log.error(event, **said, exc_info=error)
