"""Provider files: from text to ``Provider``, or to an error that names the file, the key and the cure."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from vestibule.core import providers as p
from vestibule.core.errors import BadInput

GUIDE = "docs/guides/providers.md"

_SCHEMA = TypeAdapter(p.Provider)

_TABLES: Mapping[str, type[Any]] = {
    "install": p.Install,
    "login": p.Login,
    "login.flows": p.LoginFlow,
    "login.flows.prompts": p.Prompt,
    "login.files": p.File,
    "login.prompts": p.Prompt,
    "credential": p.Credential,
    "credential.files": p.CredentialFile,
    "credential.verify": p.Verify,
    "egress": p.Egress,
}
"""Key whose value is a table, or an array of tables → what the table holds."""


def parse(text: str, file_name: str) -> p.Provider:
    """Read one provider file.

    Raises BadInput naming the file and the key when the text is not TOML, a key is unknown, missing or of
    the wrong form, or the file is not called after the provider.
    """
    try:
        document = tomllib.loads(text)
        _require_schema(document, file_name)
        provider = _SCHEMA.validate_python(document)
    except RecursionError as error:
        raise _invalid(file_name, "", "is nested too deeply", "Write it flat, as the guide does.") from error
    except tomllib.TOMLDecodeError as error:
        raise _invalid(file_name, "", f"is not TOML: {error}", "Correct the line named there.") from error
    except ValidationError as error:
        raise _first_error(file_name, error) from error
    if file_name.rpartition("/")[2] != f"{provider.name}.toml":
        remedy = f"Call the file {provider.name}.toml, or set name to what the file is called."
        raise _invalid(file_name, "name", "differs from the file's name", remedy)
    return provider


def _require_schema(document: Mapping[str, Any], file_name: str) -> None:
    """Before everything else: of a file for another version, every other complaint would mislead."""
    if "schema" not in document:
        remedy = f"Add schema = {p.SCHEMA} and see what changed since in {GUIDE}."
        raise _invalid(file_name, "schema", "is missing: the file was written for schema 1", remedy)
    if document["schema"] != p.SCHEMA:
        remedy = f"This Vestibule reads schema {p.SCHEMA}: {GUIDE} explains it."
        raise _invalid(file_name, "schema", f"is {document['schema']!r}", remedy)


def _invalid(file_name: str, key: str, problem: str, remedy: str) -> BadInput:
    subject = f"{file_name}: {key} {problem}" if key else f"{file_name} {problem}"
    return BadInput(subject, remedy=remedy, code="provider_invalid", file=file_name, key=key)


def _first_error(file_name: str, error: ValidationError) -> BadInput:
    # A misspelt key is both unknown and missing; the spelling is what the author can see.
    first = min(
        error.errors(include_url=False), key=lambda found: found["type"] != "unexpected_keyword_argument"
    )
    key = ".".join(str(part) for part in first["loc"])
    match first["type"]:
        case "missing":
            return _invalid(file_name, key, "is missing", f"Add {key}; {GUIDE} lists every key.")
        case "unexpected_keyword_argument":
            remedy = f"Remove {key} or correct its spelling; {GUIDE} lists every key."
            return _invalid(file_name, key, "is not a key of a provider file", remedy)
        case _:
            problem = first["msg"].removeprefix("Value error, ")
            return _invalid(
                file_name, key, f"is wrong: {problem}", f"Correct it; {GUIDE} explains every key."
            )


def schema_keys(schema: type[Any] = p.Provider, prefix: str = "") -> list[str]:
    """Every key of a provider file with its table, in order: ``login.files.path``."""
    keys: list[str] = []
    for field in dataclasses.fields(schema):
        key = prefix + field.name
        keys += schema_keys(_TABLES[key], f"{key}.") if key in _TABLES else [key]
    return keys
