"""The custodian: hands a credential out to one holder at a time, takes it back, deletes it.

::

    check_out ──→ files, to one holder ──→ return_ ──→ sealed anew, when the holder refreshed it
                                              └──→ refused by name: nothing is changed, the holder holds on
    delete    ──→ the content is gone, whoever holds it; the history stays

Each of them reads the row, asks ``core.holding`` and writes by compare-and-swap.  Whoever comes too late is
refused by the row that was quicker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import structlog

from vestibule.core import holding
from vestibule.core.errors import KEY_RETIRED, BadInput, Conflict
from vestibule.core.ids import CredentialId
from vestibule.core.providers import Provider
from vestibule.core.records import CredentialRecord, User
from vestibule.services.credentials import Credentials
from vestibule.services.ports import Clock
from vestibule.services.repositories import Credentials as CredentialRows
from vestibule_agent.protocol import Credential, CredentialFile

audit = structlog.get_logger("vestibule.audit")

_Rule = Callable[[CredentialRecord], CredentialRecord]


class Custodian:
    """The use cases of custody; one per controller.  All raise Absent for what is somebody else's."""

    def __init__(
        self,
        *,
        credentials: Credentials,
        rows: CredentialRows,
        providers: Mapping[str, Provider],
        clock: Clock,
    ) -> None:
        self._credentials = credentials
        self._rows = rows
        self._providers = providers
        self._clock = clock

    async def check_out(
        self, user: User, credential_id: CredentialId, holder: str
    ) -> tuple[CredentialRecord, Credential]:
        """Open it for ``holder``, who holds it alone until it is returned.

        Raises Conflict ``credential_checked_out``, ``credential_revoked``, ``state_changed``; VaultTampered.
        """
        kept = await self._credentials.owned(user, credential_id)
        since = self._clock.now()
        # Opened before it is handed out, or what does not open would be held by somebody without it.
        opened = self._credentials.open(kept)
        held = await self._move(kept, lambda row: holding.check_out(row, holder, since))
        _log("Credential checked out", held, holder)
        return held, opened

    async def return_(
        self, user: User, credential_id: CredentialId, holder: str, files: Sequence[CredentialFile]
    ) -> CredentialRecord:
        """Take it back; ``files`` are the holder's, none when it did not refresh them.

        One that ran out while it was held and comes back as it was is doubted, see ``holding.unchanged``.
        Raises Conflict as ``holding.give_back`` and ``holding.refresh`` do, or ``state_changed``; BadInput
        ``credential_invalid``, ``credential_account_unknown``, ``unknown_provider``.
        """

        def rule(row: CredentialRecord) -> CredentialRecord:
            if not files:
                return holding.unchanged(row, holder, self._clock.now())
            return self._credentials.refresh(self._provider(row), holding.give_back(row, holder), files)

        back = await self._move(await self._credentials.owned(user, credential_id), rule)
        _log("Credential written back" if files else "Credential returned unchanged", back, holder)
        return back

    async def return_refused(self, user: User, credential_id: CredentialId, holder: str) -> CredentialRecord:
        """Take back what the provider did not accept any more.  Raises Conflict as ``return_``."""

        def rule(row: CredentialRecord) -> CredentialRecord:
            return holding.refused(holding.give_back(row, holder), holder, self._clock.now())

        back = await self._move(await self._credentials.owned(user, credential_id), rule)
        _log("Credential returned as refused", back, holder)
        return back

    async def delete(self, user: User, credential_id: CredentialId) -> CredentialRecord:
        """Revoke it: its content is gone from the vault, not from the provider nor from who holds it.

        Raises Conflict ``credential_revoked``, ``state_changed``.
        """
        kept = await self._credentials.owned(user, credential_id)
        gone = await self._move(kept, holding.revoke)
        _log("Credential deleted", gone, kept.holder)
        return gone

    async def _move(self, kept: CredentialRecord, rule: _Rule) -> CredentialRecord:
        """Write what ``rule`` makes of ``kept``; who was quicker is named by the rule itself."""
        to = rule(kept)
        try:
            moved = await self._rows.move(kept, to, at=self._clock.now())
        except Conflict as error:
            if error.failure_code != KEY_RETIRED:
                rule(await self._rows.get(kept.credential_id))
                raise  # it has come free again meanwhile: the caller may try once more
            # Between the seal and the row, the master key was rotated.
            moved = await self._rows.move(kept, self._credentials.rewrapped(to), at=self._clock.now())
        self._credentials.feed.publish(moved.user_id)
        return moved

    def _provider(self, row: CredentialRecord) -> Provider:
        try:
            return self._providers[row.provider]
        except KeyError:
            raise BadInput(
                f"There is no provider {row.provider!r} any more to check what was written back.",
                remedy="Put its provider file back and restart the controller, or return it without a file.",
                code="unknown_provider",
            ) from None


def _log(event: str, row: CredentialRecord, holder: str | None) -> None:
    audit.info(
        event,
        credential_id=row.credential_id,
        user_id=row.user_id,
        provider=row.provider,
        holder=holder,
    )
