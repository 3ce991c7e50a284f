"""Reads values out of a credential's files, by the format that its provider declares.  No I/O.

======  ==========================================================================================
format  a path is
======  ==========================================================================================
json    dotted names in an object; a JSON Web Token on the way is looked into: ``tokens.id.email``
text    a regular expression; its one group is the value (YAML, INI and the like)
binary  –; nothing is read (a database)
======  ==========================================================================================

No error's text quotes the content: it is shown to people, and logged.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Values = Callable[[str], Any]
"""Path → value; None where there is none."""

MOST_SCOPES = 64
MAX_TEXT_BYTES = 65_536
"""Of a file that patterns are run over: some take much longer the longer it is."""
_TOKEN_PARTS = 3
_SEPARATORS = re.compile(r"[\s,]+")


class InvalidCredentialError(ValueError):
    """The files are not a login; the text is one sentence that names no secret."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Tree:
    """A parsed JSON object."""

    root: Mapping[str, Any]

    def __call__(self, path: str) -> Any:  # noqa: ANN401 - any JSON value
        found: Any = self.root
        for key in path.split("."):
            if isinstance(found, str):
                found = claims(found)
            if not isinstance(found, dict) or key not in found:
                return None
            found = found[key]
        return found


def reader(form: str, content: bytes) -> Values:
    """How to look values up in a file of this format.  Raises InvalidCredentialError."""
    match form:
        case "json":
            return _Tree(root=_object(content))
        case "text":
            if len(content) > MAX_TEXT_BYTES:
                raise InvalidCredentialError(f"it is larger than {MAX_TEXT_BYTES} bytes")
            return _searcher(_text(content))
        case "binary":
            return lambda _path: None
        case _:
            raise InvalidCredentialError(f"its format {form!r} is not known to this agent")


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidCredentialError("it is not UTF-8") from error


def _object(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(_text(content))
    except (ValueError, RecursionError) as error:
        raise InvalidCredentialError("it is not a UTF-8 JSON document") from error
    if not isinstance(document, dict):
        raise InvalidCredentialError("it is not a JSON object")
    return document


def _searcher(text: str) -> Values:
    def value(pattern: str) -> str | None:
        found = re.search(pattern, text)
        return found[1] if found else None

    return value


def claims(token: str) -> dict[str, Any] | None:
    """The claims of a JSON Web Token (RFC 7519), unverified: the tool had it from its provider."""
    parts = token.split(".")
    if len(parts) != _TOKEN_PARTS:
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def is_blank(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Whether there is nothing in it."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, list | dict) and not value)


def moment(unit: str, value: Any) -> dt.datetime:  # noqa: ANN401 - any JSON value
    """A time as a credential writes it, aware.  Raises TypeError, ValueError, OverflowError or OSError."""
    if unit == "iso":
        found = dt.datetime.fromisoformat(value)
        return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
    if isinstance(value, bool) or unit not in {"s", "ms"}:
        raise ValueError(unit)
    return dt.datetime.fromtimestamp(float(value) / (1000 if unit == "ms" else 1), dt.UTC)


def words(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - any JSON value
    """Scopes: a list of texts, or one text with spaces or commas (RFC 6749, section 3.3)."""
    found = value if isinstance(value, list) else _SEPARATORS.split(value) if isinstance(value, str) else []
    return tuple(word for word in found if isinstance(word, str) and word.strip())[:MOST_SCOPES]
