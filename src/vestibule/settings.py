"""The settings: read once, in the composition root or a command, then handed on as one frozen value.

Order of precedence, first wins::

    VESTIBULE_<NAME> in the environment  >  the TOML file  >  the default

The TOML file is ``$VESTIBULE_CONFIG``, else ``~/.config/vestibule/vestibule.toml``, else
``/etc/vestibule/vestibule.toml``; only the first that exists is read.  A name that is not listed here is
refused, with the nearest one that is: a misspelt setting must never be ignored in silence.
"""

from __future__ import annotations

import difflib
import enum
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import AnyHttpUrl, Field, StringConstraints, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from vestibule.core.addresses import MachineNetwork
from vestibule.core.errors import SettingsInvalid
from vestibule.core.machines import UNOWNED_ID, DriverName
from vestibule.core.promotion import StalePolicy
from vestibule.room_settings import RoomSettings
from vestibule.stage_settings import StageSettings
from vestibule.viewer_settings import ViewerSettings

PREFIX = "VESTIBULE_"

CONFIG_VARIABLE = f"{PREFIX}CONFIG"
URL_VARIABLE = f"{PREFIX}URL"
TOKEN_VARIABLE = f"{PREFIX}TOKEN"
KEY_VARIABLE = f"{PREFIX}VAULT_KEY"

SECRET = "secret"  # noqa: S105 (the name of a mark)
"""Marks a field (``json_schema_extra``) whose value is shown to nobody, not even to the operator."""

_LAST_ID = 2**32 - 2
"""One more is -1: "leave it as it is" to chown(2) and setuid(2)."""
_REFERENCE = "docs/reference/settings.md"
_SIMILAR = 0.7
"""Of two names, for the one to be offered in place of the other."""

OTHER_VARIABLES = {
    CONFIG_VARIABLE: "path of the TOML file with settings",
    URL_VARIABLE: "address of the controller that the command line speaks to",
    TOKEN_VARIABLE: "API token that the command line signs in with",
    KEY_VARIABLE: "master key of the vault, where `vault_key_source` is `env`: 64 hexadecimal digits; while"
    " the key is rotated, the new one, a blank, the one before",
}
"""Variables with our prefix that are no settings → what they are."""


PublicKey = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
"""Ed25519, 32 bytes in hex."""


class IsolationChoice(enum.StrEnum):
    """What the operator asks for; ``auto`` takes the strongest that works."""

    AUTO = "auto"
    VM = "vm"
    CONTAINER = "container"


class KeySource(enum.StrEnum):
    """Where the vault's master key comes from."""

    FILE = "file"
    ENV = "env"
    STDIN = "stdin"


def _is_root() -> bool:
    return os.geteuid() == 0


def _default_dir(variable: str, in_home: str, for_root: str) -> Path:
    """A folder by the XDG rules, or the system's own for root (machines of another uid must reach it)."""
    given = os.environ.get(variable)
    if given:
        return Path(given) / "vestibule"
    return Path(for_root) if _is_root() else Path.home() / in_home / "vestibule"


def _default_state_dir() -> Path:
    return _default_dir("XDG_STATE_HOME", ".local/state", "/var/lib/vestibule")


def _default_cache_dir() -> Path:
    return _default_dir("XDG_CACHE_HOME", ".cache", "/var/cache/vestibule")


def _default_signing_key() -> Path:
    """The user's on this host, like the cache: not the controller's, whose state may be elsewhere."""
    return _default_state_dir() / "golden-signing.key"


def _default_run_dir() -> Path:
    """``/run`` as root; a user without XDG_RUNTIME_DIR gets a private folder beside the state."""
    if _is_root() or os.environ.get("XDG_RUNTIME_DIR"):
        return _default_dir("XDG_RUNTIME_DIR", "", "/run/vestibule")
    return _default_state_dir() / "run"


class Settings(StageSettings, RoomSettings, ViewerSettings, BaseSettings):
    """Everything that an operator can set.  Units are in the names."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    state_dir: Path = Field(
        default_factory=_default_state_dir,
        description="Database, keys, evidence (logs of ended machines). Root: /var/lib/vestibule.",
    )
    cache_dir: Path = Field(
        default_factory=_default_cache_dir,
        description="Goldens and their layers; can be rebuilt. Root: /var/cache/vestibule.",
    )
    run_dir: Path = Field(
        default_factory=_default_run_dir,
        description="Sockets and logs of live machines. Root: /run/vestibule.",
    )
    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address that the controller listens on."
    )
    port: int = Field(default=4000, ge=1, le=65535, description="Port that the controller listens on.")
    public_url: AnyHttpUrl | None = Field(
        default=None,
        description="Origin that people use, when a proxy stands before the controller; "
        "unset: the origin of the request.",
    )
    machine_cidr: str = Field(
        default="192.168.100.0/24",
        description="Private network of the machines; every address is derived from it.",
    )
    isolation: IsolationChoice = Field(
        default=IsolationChoice.AUTO,
        description="auto takes a VM where KVM is proven by a probe boot, else a container.",
    )
    machine_mem_mib: int = Field(default=1536, ge=1024, le=65536, description="Memory of one machine.")
    machine_vcpus: int = Field(default=2, ge=1, le=16, description="Processors of one machine.")
    machine_pids: int = Field(
        default=512, ge=128, le=32768, description="Processes and threads of one machine."
    )
    machine_uid: int = Field(
        default=UNOWNED_ID,
        ge=1,
        le=_LAST_ID,
        description="User id that machines run under when root started the controller; nobody may own it.",
    )
    machine_gid: int = Field(
        default=UNOWNED_ID,
        ge=1,
        le=_LAST_ID,
        description="Group id that machines run under when root started the controller; as above.",
    )
    machine_life_s: float = Field(
        default=3600, gt=0, description="A machine that no sign-in uses is ended after this time."
    )
    min_free_mib: int = Field(
        default=256,
        ge=0,
        description="`/readyz` says no when a disk of state_dir, run_dir or cache_dir has less left.",
    )
    evidence_quota_mib: int = Field(
        default=1024, ge=1, description="Evidence of ended machines beyond this goes, the oldest first."
    )
    evidence_keep_days: float = Field(
        default=30, gt=0, description="Evidence of machines that ended longer ago goes."
    )
    bulk_keep_days: float = Field(
        default=90,
        gt=0,
        description="Of sign-ins and machines that ended longer ago, evidence, notices, steps, sign-in"
        " addresses and codes, and page titles go; their rows stay.",
    )
    metrics_token_file: Path | None = Field(
        default=None,
        description="File of mode 0600 with a token that opens `/metrics` and nothing else; unset: only the"
        " operator's tokens do.",
    )
    orphan_life_s: float = Field(
        default=120,
        ge=0,
        description="How long machines go on without a controller, until the next one takes them over;"
        " 0: they end with it.",
    )
    reconcile_s: float = Field(
        default=5,
        gt=0,
        description="How often database, processes and run folders are compared; what is wrong in two looks"
        " in a row is mended.",
    )
    debian_mirror: str | None = Field(
        default=None, description="Mirror for the golden's packages; unset: what the host's apt uses."
    )
    internal_sites: dict[str, Path] = Field(
        default={},
        description="Sites of this host that machines may reach: name → UNIX socket of an HTTP server, "
        'e.g. `{"sso.example.com" = "/run/sso.sock"}`.',
    )
    stale_policy: StalePolicy = Field(
        default=StalePolicy.REBUILD,
        description="When inputs of the golden have changed: rebuild (serve the promoted one while its agent"
        " speaks this controller's contract, make, try and promote the new one), refuse (start no machine"
        " until somebody builds), allow (serve the old one and build nothing).",
    )
    golden_drivers: tuple[DriverName, ...] = Field(
        default=(),
        description="Drivers that goldens are made and tried for besides the host's own choice, e.g."
        ' `["qemu"]` where machines are asked for by driver.',
    )
    golden_keep: int = Field(
        default=3, ge=1, le=100, description="Goldens that are kept besides those in use; older ones go."
    )
    golden_quota_gib: float = Field(
        default=30, gt=0, description="Goldens beyond this much disk go, oldest first, if nothing uses them."
    )
    golden_signing_key: Path = Field(
        default_factory=_default_signing_key,
        description="Key that statements of goldens are signed with, made on first use. Controllers that"
        " share a cache share it. Root: /var/lib/vestibule/golden-signing.key.",
    )
    golden_trusted_keys: tuple[PublicKey, ...] = Field(
        default=(),
        description="Public keys of other hosts whose goldens are believed, as `vestibule golden key` prints"
        " them there. What any other key signed is damage.",
    )
    golden_scrub_h: float = Field(
        default=24,
        ge=0,
        description="Every byte of the promoted golden is read and compared five minutes after it is promoted"
        " or the controller starts, and so many hours later; 0: never.",
    )
    vault_key_source: KeySource = Field(
        default=KeySource.FILE,
        description="Where the master key of all credentials comes from: file (`vault.key` in state_dir, made"
        f" at the first start), env (`{KEY_VARIABLE}`), stdin (the same text, read once at the start).",
    )
    vault_lost_keys: tuple[str, ...] = Field(
        default=(),
        description="Master keys that are lost for good, as `vault_key_unknown` names them: the controller"
        " starts without them, and what they sealed can only be deleted.",
    )
    credential_warn_h: float = Field(
        default=72,
        ge=0,
        description="A credential is warned of so many hours before only a person can make a new one: in the"
        " audit log, in lists (`expires_soon`), by webhook; 0: never.",
    )
    webhook_url: AnyHttpUrl | None = Field(
        default=None,
        description="Where warnings are posted to, as JSON; unset: nowhere.",
        json_schema_extra={SECRET: True},  # receivers put what authorizes the post into the address
    )
    webhook_secret_file: Path | None = Field(
        default=None,
        description="File of mode 0600 with the secret that posts are signed with (HMAC-SHA256 of the body,"
        " in the header `Vestibule-Signature`); unset: they are not signed.",
    )
    otlp_endpoint: AnyHttpUrl | None = Field(
        default=None,
        description="OpenTelemetry collector that spans of sign-ins and machines are posted to (OTLP over"
        " HTTP, `/v1/traces` below this address), e.g. `http://127.0.0.1:4318`; unset: nowhere.",
    )
    providers_dir: Path | None = Field(
        default=None, description="Folder with more provider files; they win over the shipped ones by name."
    )

    @field_validator("machine_cidr")
    @classmethod
    def _is_network(cls, value: str) -> str:
        MachineNetwork.parse(value)
        return value

    @field_validator("golden_drivers")
    @classmethod
    def _are_real(cls, value: tuple[DriverName, ...]) -> tuple[DriverName, ...]:
        if DriverName.FAKE in value:
            raise ValueError("fake machines are for tests: container and qemu are what there is")
        return value

    @model_validator(mode="after")
    def _paths_absolute(self) -> Self:
        for name in ("state_dir", "cache_dir", "run_dir", "golden_signing_key"):
            if not getattr(self, name).is_absolute():
                raise ValueError(f"{name} must be an absolute path")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic-settings passes it by name)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (as above)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments (tests), then the environment, then the TOML file."""
        path = config_path(os.environ)
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path))


def config_path(environ: Mapping[str, str]) -> Path | None:
    """The TOML file in force.  Raises SettingsInvalid when ``$VESTIBULE_CONFIG`` names none."""
    named = environ.get(CONFIG_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise SettingsInvalid(
                f"{CONFIG_VARIABLE} names {named}, which is not a file",
                remedy=f"Create it, or unset {CONFIG_VARIABLE}.",
            )
        return Path(named)
    home = environ.get("XDG_CONFIG_HOME") or f"{environ.get('HOME', '')}/.config"
    candidates = (Path(home) / "vestibule/vestibule.toml", Path("/etc/vestibule/vestibule.toml"))
    return next((path for path in candidates if path.is_file()), None)


def load() -> Settings:
    """Read the settings.  Raises SettingsInvalid, naming the setting and, for a misspelt one, the nearest."""
    _refuse_unknown_variables(os.environ)
    try:
        return Settings()
    except ValidationError as error:
        raise _named(error) from error
    except (SettingsError, ValueError) as error:
        raise SettingsInvalid(
            f"the settings could not be read: {error}", remedy="Mend the file or variable that it names."
        ) from error


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    known = {*OTHER_VARIABLES, *(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)}
    for name in environ:
        if name.startswith(PREFIX) and name not in known:
            raise _unknown(name, known)


def _unknown(name: str, known: Iterable[str]) -> SettingsInvalid:
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=_SIMILAR)
    remedy = f"The nearest one is {nearest[0]}; correct it." if nearest else "Remove it."
    return SettingsInvalid(f"there is no setting {name}", remedy=f"{remedy}  All are in {_REFERENCE}.")


def _named(error: ValidationError) -> SettingsInvalid:
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return _unknown(name, Settings.model_fields)
    if not first["loc"]:  # several settings together: the message names them
        return SettingsInvalid(
            first["msg"], remedy=f"Correct it in the settings file, or the {PREFIX} variable."
        )
    setting = str(first["loc"][0])
    return SettingsInvalid(
        f"{name}: {first['msg']}",
        remedy=f"Correct {setting} in the settings file, or the variable {PREFIX}{setting.upper()}.",
    )


def reference_table() -> str:
    """The settings as a Markdown table (docs/reference/settings.md)."""
    rows = ["| setting | variable | default | allowed | meaning |", "|---|---|---|---|---|"]
    inherited = {
        **StageSettings.model_fields,
        **RoomSettings.model_fields,
        **ViewerSettings.model_fields,
    }
    own = [name for name in Settings.model_fields if name not in inherited]
    for name in (*own, *inherited):
        field = Settings.model_fields[name]
        default, allowed = _shown_default(name, field.default), _shown_range(field)
        rows.append(f"| `{name}` | `{PREFIX}{name.upper()}` | {default} | {allowed} | {field.description} |")
    rows += ["", "| other variable | meaning |", "|---|---|"]
    rows += [f"| `{name}` | {meaning} |" for name, meaning in OTHER_VARIABLES.items()]
    return "\n".join(rows) + "\n"


_FOLDERS = {
    "state_dir": "`~/.local/state/vestibule`",
    "cache_dir": "`~/.cache/vestibule`",
    "run_dir": "`$XDG_RUNTIME_DIR/vestibule`",
    "golden_signing_key": "`~/.local/state/vestibule/golden-signing.key`",
}


def _shown_default(name: str, default: object) -> str:
    if name in _FOLDERS:
        return _FOLDERS[name]
    return "unset" if default is None or default == () else f"`{default}`"


_BOUNDS = {"gt": "above", "ge": "from", "lt": "below", "le": "to"}


def _shown_range(field: FieldInfo) -> str:
    """Bounds of a number; nothing where the meaning says what is allowed."""
    found = [(word, getattr(rule, name, None)) for rule in field.metadata for name, word in _BOUNDS.items()]
    return ", ".join(f"{word} {bound}" for word, bound in found if bound is not None)


def main() -> None:
    """Print the reference table (``python -m vestibule.settings``; ``make reference`` writes it)."""
    sys.stdout.write(reference_table())


if __name__ == "__main__":
    main()
