"""What tells a real credential from a blank, half-written or expired file.  No I/O: shared."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

from vestibule_agent.protocol import MAX_CREDENTIAL_BYTES, CredentialSpec


class InvalidCredentialError(ValueError):
    """The file is not a login; the text is one sentence that names no secret."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ValidCredential:
    """A login: when it expires, whose it is; None where the file does not say."""

    expires_at: dt.datetime | None
    account: str | None


def validate(spec: CredentialSpec, content: bytes, now: dt.datetime) -> ValidCredential:
    """Judge a credential file's bytes at ``now`` (aware).  Raises InvalidCredentialError."""
    document = _parse(content)
    for path in spec.required:
        if _is_blank(_look_up(document, path)):
            raise InvalidCredentialError(f"{path} is missing or empty")
    expires_at = _expiry(spec, document)
    if expires_at is not None and expires_at <= now:
        raise InvalidCredentialError(f"it expired at {expires_at.isoformat()}")
    return ValidCredential(expires_at=expires_at, account=_account(spec, document))


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > MAX_CREDENTIAL_BYTES:
        raise InvalidCredentialError(f"it is larger than {MAX_CREDENTIAL_BYTES} bytes")
    try:
        document = json.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        # The parser's own text may quote the content: it stays out of the cause.
        raise InvalidCredentialError("it is not a UTF-8 JSON document") from error
    if not isinstance(document, dict):
        raise InvalidCredentialError("it is not a JSON object")
    return document


def _look_up(document: Any, path: str) -> Any:  # noqa: ANN401 - any JSON value
    for key in path.split("."):
        if not isinstance(document, dict) or key not in document:
            return None
        document = document[key]
    return document


def _is_blank(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, list | dict) and not value)


def _expiry(spec: CredentialSpec, document: dict[str, Any]) -> dt.datetime | None:
    if spec.expires_at is None:
        return None
    value = _look_up(document, spec.expires_at)
    if _is_blank(value):
        return None
    try:
        return _moment(spec.expires_unit, value)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise InvalidCredentialError(f"{spec.expires_at} is no time in unit {spec.expires_unit!r}") from error


def _moment(unit: str, value: Any) -> dt.datetime:  # noqa: ANN401 - any JSON value
    if unit == "iso":
        moment = dt.datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    if isinstance(value, bool) or unit not in {"s", "ms"}:
        raise ValueError(unit)
    return dt.datetime.fromtimestamp(float(value) / (1000 if unit == "ms" else 1), dt.UTC)


def _account(spec: CredentialSpec, document: dict[str, Any]) -> str | None:
    value = _look_up(document, spec.account) if spec.account else None
    return value if isinstance(value, str) and value.strip() else None
