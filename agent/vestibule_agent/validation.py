"""What tells a real credential from blank, half-written or expired files.  No I/O: shared."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TypeVar

from vestibule_agent import documents
from vestibule_agent.documents import InvalidCredentialError, Values
from vestibule_agent.protocol import MAX_CREDENTIAL_BYTES, CredentialFileSpec, CredentialSpec

__all__ = ["InvalidCredentialError", "ValidCredential", "validate"]

MAX_ACCOUNT = 256
MAX_SCOPE = 128
"""Characters.  What is longer, or cannot be printed, is no name to show: it is left out, the login stays."""

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ValidCredential:
    """A login: when it expires, whose it is, what it allows; None or empty where no file says."""

    expires_at: dt.datetime | None = None
    login_expires_at: dt.datetime | None = None
    account: str | None = None
    scopes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Paths of the files that belong to it, in declared order: no other is handed over or kept."""


def validate(spec: CredentialSpec, files: Mapping[str, bytes], now: dt.datetime) -> ValidCredential:
    """Judge a credential's files, path → bytes, at ``now`` (aware).

    Files that are not declared are not looked at.  A declared one that is optional may be absent; it is no
    reason against a login when it cannot be read either: it belongs to the tool, not to the login.  One that
    does not fit in beside the required ones is dropped, and says nothing.  Raises InvalidCredentialError.
    """
    kept = _fitting(spec, files)
    found = [_say_of(file, kept.get(file.path), now) for file in spec.files]
    return ValidCredential(
        expires_at=_last(one.expires_at for one in found),
        login_expires_at=_last(one.login_expires_at for one in found),
        account=_last(one.account for one in found),
        scopes=_last(one.scopes for one in found) or (),
        files=tuple(file.path for file in spec.files if file.path in kept),
    )


def _fitting(spec: CredentialSpec, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The required files, and of the optional ones, in declared order, those that fit in beside them."""
    kept = {file.path: files[file.path] for file in spec.files if file.path in files and not file.optional}
    left = MAX_CREDENTIAL_BYTES - sum(map(len, kept.values()))
    if left < 0:
        raise InvalidCredentialError(f"it is larger than {MAX_CREDENTIAL_BYTES} bytes")
    for file in spec.files:
        content = files.get(file.path) if file.optional else None
        if content is not None and len(content) <= left:
            kept[file.path] = content
            left -= len(content)
    return kept


def _last(values: Iterable[T | None]) -> T | None:
    """A later file knows better: it is there for what the one with the tokens does not say."""
    said = [value for value in values if value]
    return said[-1] if said else None


def _say_of(spec: CredentialFileSpec, content: bytes | None, now: dt.datetime) -> ValidCredential:
    try:
        return _judge(spec, content, now)
    except InvalidCredentialError:
        if spec.optional:
            return ValidCredential()
        raise


def _judge(spec: CredentialFileSpec, content: bytes | None, now: dt.datetime) -> ValidCredential:
    if content is None:
        raise InvalidCredentialError(f"{spec.path} is missing")
    if not content.strip():
        raise InvalidCredentialError(f"{spec.path} is blank")
    values = documents.reader(spec.format, content)
    for path in spec.required:
        if documents.is_blank(values(path)):
            raise InvalidCredentialError(f"{path} is missing or empty")
    expires_at = _time(spec, values, spec.expires_at)
    login_expires_at = _time(spec, values, spec.login_expires_at)
    for moment in (expires_at, login_expires_at):
        if moment is not None and moment <= now:
            raise InvalidCredentialError(f"it expired at {moment.isoformat()}")
    account = values(spec.account) if spec.account else None
    scopes = documents.words(values(spec.scopes)) if spec.scopes else ()
    return ValidCredential(
        expires_at=expires_at,
        login_expires_at=login_expires_at,
        account=account if isinstance(account, str) and _is_name(account, MAX_ACCOUNT) else None,
        scopes=tuple(scope for scope in scopes if _is_name(scope, MAX_SCOPE)),
    )


def _is_name(text: str, most: int) -> bool:
    return bool(text.strip()) and len(text) <= most and text.isprintable()


def _time(spec: CredentialFileSpec, values: Values, path: str | None) -> dt.datetime | None:
    value = values(path) if path else None
    if documents.is_blank(value):
        return None
    try:
        return documents.moment(spec.expires_unit, value)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise InvalidCredentialError(f"{path} is no time in unit {spec.expires_unit!r}") from error
