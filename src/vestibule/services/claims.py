"""The claim of a credential: a machine hands it over once, to one controller."""

from __future__ import annotations

from vestibule.core.errors import Absent, MachineFailed
from vestibule.services.ports import Guest
from vestibule_agent.protocol import Credential

_CLAIMED_BEFORE = "already_claimed"


async def claimed(guest: Guest) -> Credential:
    """The credential.

    Raises MachineFailed ``credential_lost`` when a controller had taken it that ended before it was stored.
    """
    try:
        return await guest.claim_credential()
    except Absent as error:
        if error.failure_code != _CLAIMED_BEFORE:
            raise
        raise MachineFailed(
            "The controller that had taken the credential ended before it was stored,"
            " and a machine gives it away only once.",
            remedy="Sign in again.",
            code="credential_lost",
        ) from error
