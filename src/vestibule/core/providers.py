"""Providers: what is declared about a tool so that Vestibule can sign in to it.

One TOML file per tool, read by ``core.provider_files``; the dataclasses below *are* its schema, so that a key
which is not a field is refused and a field without a key says so.  ``docs/guides/providers.md`` explains
every key.  Lifetime: parsed once at start, never changed.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field

from vestibule.core import patterns
from vestibule.core.errors import BadInput
from vestibule_agent import protocol

SCHEMA = 2
"""Version of the schema; a file says which one it was written for."""


class Flow(enum.StrEnum):
    """How the person's agreement comes back to the tool."""

    LOOPBACK = "loopback"
    """The provider's page redirects to a port of the machine's own loopback."""
    PASTE = "paste"
    """The provider's page shows a code that the person pastes into the tool."""
    DEVICE = "device"
    """The tool shows a code that the person types into the provider's page."""


class InstallMethod(enum.StrEnum):
    """How a tool gets into a golden."""

    NPM = "npm"
    DEBIAN = "debian"
    AGENT = "agent"
    """It is a part of Vestibule."""
    MANUAL = "manual"
    """Whoever runs Vestibule puts it there; goldens are built without it."""


IN_GOLDENS = frozenset({InstallMethod.NPM, InstallMethod.DEBIAN, InstallMethod.AGENT})


class Format(enum.StrEnum):
    """How a credential's file is read."""

    JSON = "json"
    TEXT = "text"
    BINARY = "binary"


class ExpiresUnit(enum.StrEnum):
    """How a credential writes its expiry."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    ISO = "iso"


def _pattern(text: str) -> str:
    if (problem := patterns.problem(text)) is not None:
        raise ValueError(problem)
    return text


_WEB = re.compile(r"\^(?:https?|https\?)://")
_ESCAPED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_INNERMOST = re.compile(r"\([^()]*\)")


def _web_pattern(text: str) -> str:
    """What it matches becomes a link: nothing but a web address may."""
    if not _WEB.match(_pattern(text)):
        raise ValueError('must begin with "^https://", "^http://" or "^https?://"')
    plain, count = _ESCAPED.sub("", text), 1
    while count:
        plain, count = _INNERMOST.subn("", plain)
    if "|" in plain:
        raise ValueError('must hold alternatives in parentheses: what follows a bare "|" may have any scheme')
    return text


def _one_group(text: str) -> str:
    if re.compile(_pattern(text)).groups != 1:
        raise ValueError("must hold exactly one group, the code itself")
    return text


def _guest_path(text: str) -> str:
    if not text.startswith("~/") or ".." in text.split("/") or text.endswith("/"):
        raise ValueError('must begin with "~/", the home of the machine\'s user, and hold no ".."')
    return text


_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(\*\.)?({_LABEL}\.)+{_LABEL}")


def _domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise ValueError('must be a lower-case domain such as "auth.example.com" or "*.example.com"')
    return text


Text = Annotated[str, Field(min_length=1, max_length=2000)]
Words = Annotated[tuple[Text, ...], Field(min_length=1)]
Pattern = Annotated[Text, AfterValidator(_pattern)]
WebPattern = Annotated[Text, AfterValidator(_web_pattern)]
CodePattern = Annotated[Text, AfterValidator(_one_group)]
GuestPath = Annotated[Text, AfterValidator(_guest_path)]
Domain = Annotated[str, AfterValidator(_domain)]
Mode = Annotated[int, Field(ge=0, le=0o777, strict=True)]


class _Schema:
    """Unknown keys are refused; numbers and switches are strict ("600" is no number)."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Install(_Schema):
    """``[install]``: where the tool comes from."""

    method: InstallMethod
    package: Text | None = None
    version_command: Words | None = None
    """Prints the version; None for a tool without such a command."""
    unverified: Text | None = None
    """Why nobody could try this file where Vestibule is built; None when it is tried."""

    def __post_init__(self) -> None:
        packaged = self.method in {InstallMethod.NPM, InstallMethod.DEBIAN}
        if packaged and self.package is None:
            raise ValueError(f'package is needed when method = "{self.method}"')
        if not packaged and self.package is not None:
            raise ValueError(f'package has no meaning when method = "{self.method}"')
        if self.method is InstallMethod.MANUAL and self.unverified is None:
            raise ValueError('unverified is needed when method = "manual": say why it is not in a golden')


@dataclasses.dataclass(frozen=True, kw_only=True)
class File(_Schema):
    """``[[login.files]]``: a file that must be there before the tool starts."""

    path: GuestPath
    content: str
    mode: Mode = 0o600


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prompt(_Schema):
    """``[[login.prompts]]``, ``[[login.flows.prompts]]``: a question before the sign-in, and its answer."""

    when: Pattern
    choose: Pattern | None = None
    text: Text | None = None
    press: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        if (self.choose is not None) + (self.text is not None) + bool(self.press) != 1:
            raise ValueError("needs exactly one answer: choose, text or press")


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoginFlow(_Schema):
    """``[[login.flows]]``: one way to sign in, the preferred one first."""

    kind: Flow
    command: Words
    url_pattern: WebPattern
    user_code_pattern: CodePattern | None = None
    code_prompt: Pattern | None = None
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    prompts: tuple[Prompt, ...] = ()
    open_browser: Annotated[bool, Field(strict=True)] = True

    def __post_init__(self) -> None:
        if self.kind is Flow.DEVICE and self.user_code_pattern is None:
            raise ValueError('user_code_pattern is needed when kind = "device"')
        if self.kind is Flow.PASTE and self.code_prompt is None:
            raise ValueError('code_prompt is needed when kind = "paste"')


@dataclasses.dataclass(frozen=True, kw_only=True)
class Login(_Schema):
    """``[login]``: how to run the tool's sign-in, by whichever flow."""

    flows: Annotated[tuple[LoginFlow, ...], Field(min_length=1)]
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    files: tuple[File, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    errors: tuple[Pattern, ...] = ()

    def __post_init__(self) -> None:
        if len({flow.kind for flow in self.flows}) < len(self.flows):
            raise ValueError("flows has two of one kind")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verify(_Schema):
    """``[credential.verify]``: a command of the tool that, as a fresh process, tells a login from none."""

    command: Words
    expect: Pattern | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredentialFile(_Schema):
    """``[[credential.files]]``: a file that the tool writes, and where it says what."""

    path: GuestPath
    mode: Mode = 0o600
    format: Format = Format.JSON
    optional: Annotated[bool, Field(strict=True)] = False
    required: tuple[Text, ...] = ()
    expires_at: Text | None = None
    login_expires_at: Text | None = None
    expires_unit: ExpiresUnit = ExpiresUnit.SECONDS
    account: Text | None = None
    scopes: Text | None = None

    def __post_init__(self) -> None:
        values = (*self.required, self.expires_at, self.login_expires_at, self.account, self.scopes)
        named = [value for value in values if value is not None]
        match self.format:
            case Format.JSON if not self.required and not self.optional:
                raise ValueError("required is needed: what tells a login from a blank file")
            case Format.TEXT:
                for value in named:
                    _one_group(value)
            case Format.BINARY if named:
                raise ValueError('nothing is read from a file with format = "binary"')


@dataclasses.dataclass(frozen=True, kw_only=True)
class Credential(_Schema):
    """``[credential]``: what the tool writes when it is signed in."""

    files: Annotated[tuple[CredentialFile, ...], Field(min_length=1)]
    verify: Verify | None = None
    lasts_days: Annotated[int, Field(ge=1, le=3650, strict=True)] | None = None
    """Days that the provider keeps an unused login refreshable; None where it does not say."""

    def __post_init__(self) -> None:
        if all(file.optional for file in self.files):
            raise ValueError("files needs one that is not optional: what makes a login")
        if len({file.path for file in self.files}) < len(self.files):
            raise ValueError("files has two with one path")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Egress(_Schema):
    """``[egress]``: the domains that a machine may reach while this tool signs in."""

    allow: Annotated[tuple[Domain, ...], Field(min_length=1)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Provider(_Schema):
    """A tool that can be connected: one file of ``providers/``."""

    schema: Literal[2]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
    title: Annotated[Text, Field(max_length=40)]
    vendor: Annotated[Text, Field(max_length=40)]
    description: Annotated[Text, Field(max_length=200)]
    version: Annotated[Text, Field(max_length=40)]
    notes: Text | None = None
    deadline_s: Annotated[int, Field(ge=30, le=3600, strict=True)] = 900
    """Seconds without a sign of life from the person after which the sign-in is given up."""
    install: Install
    login: Login
    credential: Credential
    egress: Egress

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The ways to sign in, the preferred one first."""
        return tuple(flow.kind for flow in self.login.flows)

    def flow(self, kind: Flow | None) -> LoginFlow:
        """The declared flow of a kind; the preferred one for None.  Raises BadInput ``unknown_flow``."""
        for flow in self.login.flows:
            if kind in {None, flow.kind}:
                return flow
        raise BadInput(
            f"{self.title} has no sign-in by {kind}.",
            remedy=f"Use one of: {', '.join(self.flows)}.",
            code="unknown_flow",
        )


def domain_allowed(host: str, allow: Iterable[str]) -> bool:
    """``*.example.com`` allows every name below example.com but not itself; other entries only themselves."""
    name = host.lower().removesuffix(".")
    return any(name.endswith(entry[1:]) if entry.startswith("*.") else name == entry for entry in allow)


def login_spec(provider: Provider, kind: Flow | None = None) -> protocol.LoginSpec:
    """What the agent is told to run.  Raises BadInput ``unknown_flow``."""
    login, flow = provider.login, provider.flow(kind)
    return protocol.LoginSpec(
        provider=provider.name,
        command=list(flow.command),
        url_pattern=flow.url_pattern,
        credential=credential_spec(provider),
        user_code_pattern=flow.user_code_pattern,
        code_prompt=flow.code_prompt,
        error_patterns=list(login.errors),
        prompts=[
            protocol.Prompt(when=p.when, choose=p.choose, text=p.text, press=list(p.press))
            for p in (*flow.prompts, *login.prompts)
        ],
        environment={**login.environment, **flow.environment},
        files=[protocol.SeedFile(path=f.path, content=f.content, mode=f.mode) for f in login.files],
        open_browser=flow.open_browser,
    )


def credential_spec(provider: Provider) -> protocol.CredentialSpec:
    """What the agent watches for, and the controller checks again."""
    verify = provider.credential.verify
    return protocol.CredentialSpec(
        files=[_file_spec(file) for file in provider.credential.files],
        verify=_verification(verify) if verify else None,
    )


def _verification(verify: Verify) -> protocol.Verification:
    return protocol.Verification(command=list(verify.command), expect=verify.expect)


def _file_spec(file: CredentialFile) -> protocol.CredentialFileSpec:
    return protocol.CredentialFileSpec(
        path=file.path,
        format=file.format.value,
        optional=file.optional,
        mode=file.mode,
        required=list(file.required),
        expires_at=file.expires_at,
        login_expires_at=file.login_expires_at,
        expires_unit=file.expires_unit.value,
        account=file.account,
        scopes=file.scopes,
    )
