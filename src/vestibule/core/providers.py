"""Providers: what is declared about a tool so that Vestibule can sign in to it.

One TOML file per tool, read by ``drivers.providers``; the dataclasses below *are* its schema, so that a key
which is not a field is refused and a field without a key says so.  ``docs/guides/providers.md`` explains
every key.  Lifetime: parsed once at start, never changed.
"""

from __future__ import annotations

import dataclasses
import enum
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from vestibule.core.errors import BadInput
from vestibule_agent import protocol

GUIDE = "docs/guides/providers.md"


class Flow(enum.StrEnum):
    """How the person's agreement comes back to the tool."""

    LOOPBACK = "loopback"
    """The provider's page redirects to a port of the machine's own loopback."""
    PASTE = "paste"
    """The provider's page shows a code that the person pastes into the tool."""
    DEVICE = "device"
    """The tool shows a code that the person types into the provider's page."""


class ExpiresUnit(enum.StrEnum):
    """How a credential writes its expiry."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    ISO = "iso"


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from error
    return text


def _one_group(text: str) -> str:
    if re.compile(_pattern(text)).groups != 1:
        raise ValueError("must hold exactly one group, the code itself")
    return text


def _guest_path(text: str) -> str:
    if not text.startswith("~/") or ".." in text.split("/"):
        raise ValueError('must begin with "~/", the home of the machine\'s user, and hold no ".."')
    return text


_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(\*\.)?({_LABEL}\.)+{_LABEL}")


def _domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise ValueError('must be a lower-case domain such as "auth.example.com" or "*.example.com"')
    return text


Text = Annotated[str, Field(min_length=1, max_length=2000)]
Pattern = Annotated[Text, AfterValidator(_pattern)]
CodePattern = Annotated[Text, AfterValidator(_one_group)]
GuestPath = Annotated[Text, AfterValidator(_guest_path)]
Domain = Annotated[str, AfterValidator(_domain)]


class _Schema:
    """Unknown keys are refused; numbers and switches are strict ("600" is no number)."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclasses.dataclass(frozen=True, kw_only=True)
class File(_Schema):
    """``[[login.files]]``: a file that must be there before the tool starts."""

    path: GuestPath
    content: str
    mode: Annotated[int, Field(ge=0, le=0o777, strict=True)] = 0o600


@dataclasses.dataclass(frozen=True, kw_only=True)
class Login(_Schema):
    """``[login]``: how to run the tool's sign-in."""

    command: Annotated[tuple[Text, ...], Field(min_length=1)]
    url_pattern: Pattern
    user_code_pattern: CodePattern | None = None
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    files: tuple[File, ...] = ()
    open_browser: Annotated[bool, Field(strict=True)] = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredentialFile(_Schema):
    """``[credential]``: where the tool writes its credential and what tells it from a blank file."""

    path: GuestPath
    required: Annotated[tuple[Text, ...], Field(min_length=1)]
    expires_at: Text | None = None
    expires_unit: ExpiresUnit = ExpiresUnit.SECONDS
    account: Text | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Egress(_Schema):
    """``[egress]``: the domains that a machine may reach while this tool signs in."""

    allow: Annotated[tuple[Domain, ...], Field(min_length=1)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Provider(_Schema):
    """A tool that can be connected: one file of ``providers/``."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
    title: Annotated[Text, Field(max_length=40)]
    vendor: Annotated[Text, Field(max_length=40)]
    description: Annotated[Text, Field(max_length=200)]
    package: Text | None = None
    """Its npm package; None for a program that is part of the agent's own layer."""
    version: Annotated[Text, Field(max_length=40)]
    flow: Flow
    notes: Text | None = None
    deadline_s: Annotated[int, Field(ge=30, le=3600, strict=True)] = 900
    """Seconds without a sign of life from the person after which the sign-in is given up."""
    login: Login
    credential: CredentialFile
    egress: Egress

    def __post_init__(self) -> None:
        if self.flow is Flow.DEVICE and self.login.user_code_pattern is None:
            raise ValueError('login.user_code_pattern is needed when flow = "device"')


def domain_allowed(host: str, allow: Iterable[str]) -> bool:
    """``*.example.com`` allows every name below example.com but not itself; other entries only themselves."""
    name = host.lower().removesuffix(".")
    return any(name.endswith(entry[1:]) if entry.startswith("*.") else name == entry for entry in allow)


_SCHEMA = TypeAdapter(Provider)


def parse(text: str, file_name: str) -> Provider:
    """Read one provider file.

    Raises BadInput naming the file and the key when the text is not TOML, a key is unknown, missing or of
    the wrong form, or the file is not called after the provider.
    """
    try:
        provider = _SCHEMA.validate_python(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _invalid(file_name, "", f"is not TOML: {error}", "Correct the line named there.") from error
    except ValidationError as error:
        raise _first_error(file_name, error) from error
    if file_name.rpartition("/")[2] != f"{provider.name}.toml":
        remedy = f"Call the file {provider.name}.toml, or set name to what the file is called."
        raise _invalid(file_name, "name", "differs from the file's name", remedy)
    return provider


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


def schema_keys(schema: type[Any] = Provider, prefix: str = "") -> list[str]:
    """Every key of a provider file with its table, in order: ``login.files.path``."""
    nested: dict[str, type[Any]] = {
        "login": Login,
        "login.files": File,
        "credential": CredentialFile,
        "egress": Egress,
    }
    keys: list[str] = []
    for field in dataclasses.fields(schema):
        key = prefix + field.name
        keys += schema_keys(nested[key], f"{key}.") if key in nested else [key]
    return keys


def login_spec(provider: Provider) -> protocol.LoginSpec:
    """What the agent is told to run."""
    login = provider.login
    return protocol.LoginSpec(
        provider=provider.name,
        command=list(login.command),
        url_pattern=login.url_pattern,
        credential=credential_spec(provider),
        user_code_pattern=login.user_code_pattern,
        environment=dict(login.environment),
        files=[protocol.SeedFile(path=f.path, content=f.content, mode=f.mode) for f in login.files],
        open_browser=login.open_browser,
    )


def credential_spec(provider: Provider) -> protocol.CredentialSpec:
    """What the agent watches for, and the controller checks again."""
    file = provider.credential
    return protocol.CredentialSpec(
        path=file.path,
        required=list(file.required),
        expires_at=file.expires_at,
        expires_unit=file.expires_unit.value,
        account=file.account,
    )
