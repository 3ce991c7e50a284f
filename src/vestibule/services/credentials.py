"""Credentials: checked again, sealed, listed without their content, opened for their owner alone.

::

    guest's file → validate → seal (context: the credential's id) → row    … written with *completed*
    row → owner? → open → export                                           … written to the audit log
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

import structlog

from vestibule.core import ids
from vestibule.core.errors import Absent, MachineFailed
from vestibule.core.ids import CredentialId, SessionId, UserId
from vestibule.core.providers import Provider, credential_spec
from vestibule.core.records import CredentialRecord, User
from vestibule.services.ports import Clock, Sealer
from vestibule.services.repositories import Credentials as CredentialRows
from vestibule_agent.protocol import Credential
from vestibule_agent.validation import InvalidCredentialError, validate

log = structlog.get_logger()
audit = structlog.get_logger("vestibule.audit")

FILE_MODE = 0o600


class Credentials:
    """The use cases of credentials; one per controller."""

    def __init__(
        self, *, rows: CredentialRows, sealer: Sealer, clock: Clock, random: Callable[[int], bytes]
    ) -> None:
        self._rows = rows
        self._sealer = sealer
        self._clock = clock
        self._random = random

    def seal(
        self, provider: Provider, user_id: UserId, session_id: SessionId, credential: Credential
    ) -> CredentialRecord:
        """Check what a guest handed over and seal it; the caller stores the record.

        Raises MachineFailed ``credential_invalid`` when it is not the provider's credential.
        """
        now = self._clock.now()
        try:
            content = base64.b64decode(credential.content, validate=True)
            login = validate(credential_spec(provider), content, now)
        except (TypeError, ValueError) as error:
            raise _invalid(provider, error) from error
        credential_id = ids.credential_id(self._random(ids.RANDOM_BYTES))
        return CredentialRecord(
            credential_id=credential_id,
            user_id=user_id,
            session_id=session_id,
            provider=provider.name,
            account=login.account,
            expires_at=login.expires_at,
            sealed=self._sealer.seal(_trusted(provider, credential).encode(), context=credential_id),
            sealed_at=now,
        )

    async def list(self, user: User) -> Sequence[CredentialRecord]:
        """A user's credentials, newest first, still sealed."""
        return await self._rows.of_user(user.user_id)

    async def export(self, user: User, credential_id: CredentialId) -> tuple[CredentialRecord, Credential]:
        """Open a credential for its owner.

        Raises Absent when there is none or it is someone else's (told apart to nobody), VaultTampered.
        """
        record = await self._rows.get(credential_id)
        if record.user_id != user.user_id:
            audit.warning("Credential export refused", credential_id=credential_id, user_id=user.user_id)
            raise Absent(
                f"There is no credential {credential_id}.", remedy="List yours: vestibule credentials list."
            )
        opened = Credential.decode(self._sealer.open(record.sealed, context=credential_id))
        audit.info(
            "Credential exported",
            credential_id=credential_id,
            user_id=user.user_id,
            provider=record.provider,
        )
        return record, opened


def _trusted(provider: Provider, credential: Credential) -> Credential:
    """The content as it came; where it belongs and who may read it as declared, not as a guest says."""
    return Credential(path=provider.credential.path, mode=FILE_MODE, content=credential.content)


def _invalid(provider: Provider, error: Exception) -> MachineFailed:
    why = str(error) if isinstance(error, InvalidCredentialError) else "it is not base64"
    return MachineFailed(
        f"The credential of {provider.title} was handed over but is not valid: {why}.",
        remedy="Sign in again; if it comes back, the tool's file format has changed: see its provider file.",
        code="credential_invalid",
    )
