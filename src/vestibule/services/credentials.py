"""Credentials: checked again, sealed, listed without their content, opened for their owner alone.

::

    guest's file → validate → seal (context: the credential's id) → row    … written with *completed*
    row → owner? → open → export                                           … written to the audit log

Who has one, and what a holder writes back: ``custodian``.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Sequence

import structlog

from vestibule.core import holding, ids
from vestibule.core.errors import Absent, BadInput, MachineFailed
from vestibule.core.ids import CredentialId, SessionId, UserId
from vestibule.core.providers import Provider, credential_spec
from vestibule.core.records import CredentialRecord, CustodyRecord, Sealed, User
from vestibule.services.feed import Feed
from vestibule.services.ports import Clock
from vestibule.services.repositories import Credentials as CredentialRows
from vestibule.services.vault_ports import Sealer
from vestibule_agent.protocol import Credential, CredentialFile, CredentialSpec
from vestibule_agent.validation import InvalidCredentialError, ValidCredential, validate

log = structlog.get_logger()
audit = structlog.get_logger("vestibule.audit")

_EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)


class Credentials:
    """The use cases of credentials; one per controller."""

    def __init__(
        self, *, rows: CredentialRows, sealer: Sealer, clock: Clock, random: Callable[[int], bytes]
    ) -> None:
        self._rows = rows
        self._sealer = sealer
        self._clock = clock
        self._random = random
        self.feed: Feed[UserId] = Feed()
        """Wakes whoever follows a user's credentials: published by what stores a change of one."""

    def seal(
        self, provider: Provider, user_id: UserId, session_id: SessionId, credential: Credential
    ) -> CredentialRecord:
        """Check what a guest handed over and seal it; the caller stores the record.

        Raises MachineFailed ``credential_invalid`` when it is not the provider's credential.
        """
        now = self._clock.now()
        try:
            login = _judge(credential_spec(provider), credential.files, now)
        except InvalidCredentialError as error:
            raise _invalid(provider, error) from error
        credential_id = ids.credential_id(self._random(ids.RANDOM_BYTES))
        sealed = self._seal(provider, credential_id, credential.files, login)
        return CredentialRecord(
            credential_id=credential_id,
            user_id=user_id,
            session_id=session_id,
            provider=provider.name,
            account=login.account,
            expires_at=login.expires_at,
            login_expires_at=_login_expires_at(provider, login, now),
            scopes=login.scopes,
            sealed=sealed.content,
            key_id=sealed.key_id,
            sealed_at=now,
        )

    def refresh(
        self, provider: Provider, kept: CredentialRecord, files: Sequence[CredentialFile]
    ) -> CredentialRecord:
        """Check what a holder wrote back and seal it in the place of what is kept.

        A file that was not brought back stays as it is, and says nothing of whose tokens came.  Raises
        BadInput ``credential_invalid``, ``credential_account_unknown``, Conflict as ``holding.refresh`` does;
        nothing is stored here.
        """
        try:
            # Its access token may have run out since: what gets another one lies in the same file.
            whole = _merged(self.open(kept).files, files)
            login = _judge(_naming(provider, files), whole, _EPOCH)
        except InvalidCredentialError as error:
            raise BadInput(
                f"What was written back to {kept.credential_id} is no login of {provider.title}: {error}.",
                remedy="Return the tool's own files, or none if they are unchanged: "
                f"{', '.join(file.path for file in provider.credential.files)}.",
                code="credential_invalid",
            ) from error
        _require_account_file(provider, kept, files)
        newer = holding.refresh(kept, expires_at=login.expires_at, account=login.account)
        now = self._clock.now()
        return dataclasses.replace(
            _with(newer, self._seal(provider, kept.credential_id, whole, login)),
            login_expires_at=_login_expires_at(provider, login, now),
            scopes=login.scopes,
            sealed_at=now,
        )

    async def list(self, user: User) -> Sequence[CredentialRecord]:
        """A user's credentials that are not revoked, newest first, still sealed."""
        return await self._rows.of_user(user.user_id)

    async def owned(self, user: User, credential_id: CredentialId) -> CredentialRecord:
        """A user's own, still sealed.

        Raises Absent when there is none or it is someone else's (told apart to nobody).
        """
        record = await self._rows.get(credential_id)
        if record.user_id != user.user_id:
            audit.warning(
                "Credential of another user refused", credential_id=credential_id, user_id=user.user_id
            )
            raise Absent(
                f"There is no credential {credential_id}.", remedy="List yours: vestibule credentials list."
            )
        return record

    async def read(
        self, user: User, credential_id: CredentialId
    ) -> tuple[CredentialRecord, Sequence[CustodyRecord]]:
        """A user's own with the history of its custody, revoked ones too.  Raises Absent as ``owned``."""
        record = await self.owned(user, credential_id)
        return record, await self._rows.history(credential_id)

    async def export(self, user: User, credential_id: CredentialId) -> tuple[CredentialRecord, Credential]:
        """Open a credential for its owner: a copy, whoever holds it.

        Raises Absent as ``owned``, Conflict ``credential_revoked``, VaultTampered.
        """
        record = await self.owned(user, credential_id)
        opened = self.open(record)
        audit.info(
            "Credential exported",
            credential_id=credential_id,
            user_id=user.user_id,
            provider=record.provider,
        )
        return record, opened

    def open(self, record: CredentialRecord) -> Credential:
        """Break the seal.  Raises Conflict ``credential_revoked``, VaultTampered."""
        holding.require_kept(record)
        return _decode(self._sealer.open(_sealed(record), context=record.credential_id))

    def rewrapped(self, record: CredentialRecord) -> CredentialRecord:
        """The same under the present master key, for one that was not stored because its key is retired."""
        return _with(record, self._sealer.rewrap(_sealed(record), context=record.credential_id))

    def _seal(
        self,
        provider: Provider,
        credential_id: CredentialId,
        files: Sequence[CredentialFile],
        login: ValidCredential,
    ) -> Sealed:
        """Of the login's files the contents as they came; their place and who may read them as declared."""
        content = {file.path: file.content for file in files}
        trusted = [
            CredentialFile(path=declared.path, mode=declared.mode, content=content[declared.path])
            for declared in provider.credential.files
            if declared.path in login.files
        ]
        return self._sealer.seal(Credential(files=trusted).encode(), context=credential_id)


def _sealed(record: CredentialRecord) -> Sealed:
    return Sealed(key_id=record.key_id, content=record.sealed)


def _with(record: CredentialRecord, sealed: Sealed) -> CredentialRecord:
    return dataclasses.replace(record, sealed=sealed.content, key_id=sealed.key_id)


def _decode(plain: bytes) -> Credential:
    """What was sealed; before there were sets of files, it was one file."""
    raw = json.loads(plain)
    return Credential.from_mapping(raw if "files" in raw else {"files": [raw]})


def _merged(kept: Sequence[CredentialFile], brought: Sequence[CredentialFile]) -> Sequence[CredentialFile]:
    """Each path once, as it was brought."""
    return list({file.path: file for file in (*kept, *brought)}.values())


def _login_expires_at(provider: Provider, login: ValidCredential, now: dt.datetime) -> dt.datetime | None:
    """When only a person can make a new one: as the files say, else as the provider is known to keep it."""
    if login.login_expires_at is not None or provider.credential.lasts_days is None:
        return login.login_expires_at
    return now + dt.timedelta(days=provider.credential.lasts_days)


def _naming(provider: Provider, brought: Sequence[CredentialFile]) -> CredentialSpec:
    """The provider's files, of which no other than the brought ones may say whose login it is."""
    spec, paths = credential_spec(provider), {file.path for file in brought}
    files = [file if file.path in paths else dataclasses.replace(file, account=None) for file in spec.files]
    return dataclasses.replace(spec, files=files)


def _require_account_file(
    provider: Provider, kept: CredentialRecord, brought: Sequence[CredentialFile]
) -> None:
    """Tokens tell nobody whose they are: refuse them without the file beside them that does."""
    naming = [file.path for file in provider.credential.files if file.account is not None]
    if kept.account is None or not naming or {file.path for file in brought} & set(naming):
        return
    raise BadInput(
        f"Whose login was written back to {kept.credential_id}, which is one of {kept.account}, cannot be "
        f"known: {provider.title} names the account in {', '.join(naming)}, which was not brought.",
        remedy="Return all of the tool's files, with --from and the home that they are in: "
        f"{', '.join(file.path for file in provider.credential.files)}.",
        code="credential_account_unknown",
    )


def _judge(spec: CredentialSpec, files: Sequence[CredentialFile], now: dt.datetime) -> ValidCredential:
    """What the files say of themselves, judged at ``now``.  Raises InvalidCredentialError."""
    declared = [file.path for file in spec.files]
    if unknown := [file.path for file in files if file.path not in declared]:
        raise InvalidCredentialError(f"{unknown[0]!r:.100} is no file of it")
    try:
        written = {file.path: base64.b64decode(file.content, validate=True) for file in files}
    except (TypeError, ValueError) as error:
        raise InvalidCredentialError("it is not base64") from error
    login = validate(spec, written, now)
    try:
        # ISO 8601 holds the year 9999 west of Greenwich; no row does.
        for moment in (login.expires_at, login.login_expires_at):
            (moment or now).astimezone(dt.UTC)
    except OverflowError as error:
        raise InvalidCredentialError("its expiry is no value that can be kept") from error
    return login


def _invalid(provider: Provider, error: InvalidCredentialError) -> MachineFailed:
    return MachineFailed(
        f"The credential of {provider.title} was handed over but is not valid: {error}.",
        remedy="Sign in again; if it comes back, the tool's file format has changed: see its provider file.",
        code="credential_invalid",
    )
