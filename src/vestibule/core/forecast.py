"""Until when a credential can be used, when to warn of its end, and how long to try to tell somebody."""

from __future__ import annotations

import dataclasses
import datetime as dt

from vestibule.core.custody import Custody
from vestibule.core.ids import CredentialId
from vestibule.core.records import CredentialRecord

PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
"""After the first, second, … failed attempt; after one more the warning is given up."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExpiryWarning:
    """That a credential will end, as it was told; one per credential and end."""

    credential_id: CredentialId
    usable_until: dt.datetime
    warned_at: dt.datetime
    attempts: int = 0
    """To post it."""
    next_attempt_at: dt.datetime | None = None
    """None: it was delivered or given up, or there is nobody to post it to."""
    delivered_at: dt.datetime | None = None


def usable_until(record: CredentialRecord) -> dt.datetime | None:
    """The moment after which only a person can make a new one; None where nobody says, or it is revoked.

    Not the access token's end: who holds the credential refreshes that.
    """
    return None if record.custody is Custody.REVOKED else record.login_expires_at


def expires_soon(record: CredentialRecord, now: dt.datetime, ahead: dt.timedelta) -> bool:
    """Whether its end is at most ``ahead`` away, or past."""
    until = usable_until(record)
    return bool(ahead) and until is not None and until - ahead <= now


def attempted(warning: ExpiryWarning, now: dt.datetime, *, delivered: bool) -> ExpiryWarning:
    """The warning after an attempt to post it at ``now``."""
    attempts = warning.attempts + 1
    pause = None if delivered or attempts > len(PAUSES) else PAUSES[attempts - 1]
    return dataclasses.replace(
        warning,
        attempts=attempts,
        next_attempt_at=now + pause if pause else None,
        delivered_at=now if delivered else None,
    )
