"""A part of the composition root: the master key, the vault that uses it, who is told when a login ends."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import secrets
from collections.abc import Collection
from pathlib import Path

from vestibule.core.errors import SettingsInvalid
from vestibule.core.ids import UserId
from vestibule.drivers.clock import SystemClock
from vestibule.drivers.db.credentials import DbCredentials
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.vault_keys import DbVaultKeys
from vestibule.drivers.db.warnings import DbWarnings
from vestibule.drivers.master_keys import VAULT_KEY, FileKeyRing, GivenKeyRing, take_stdin, take_variable
from vestibule.drivers.vault import Vault
from vestibule.drivers.webhook import HttpWebhook, read_secret
from vestibule.services.feed import Feed
from vestibule.services.forecasts import Forecasts
from vestibule.services.meter import Meter
from vestibule.services.metered_webhook import MeteredWebhook
from vestibule.services.rotation import Rotation, require_known
from vestibule.services.vault_ports import KeyRing, Sealer
from vestibule.settings import KEY_VARIABLE, KeySource, Settings


def given_keys(settings: Settings) -> KeyRing | None:
    """Take the master key from where the settings say; None where it is in its file.

    Before anything else is started: what it was taken from is empty then.  Raises SettingsInvalid.
    """
    variable = take_variable(KEY_VARIABLE)
    match settings.vault_key_source:
        case KeySource.ENV:
            return GivenKeyRing.parse(variable, f"in {KEY_VARIABLE}", secrets.token_bytes)
        case KeySource.STDIN:
            return GivenKeyRing.parse(take_stdin(), "on standard input", secrets.token_bytes)
        case KeySource.FILE if variable:
            raise SettingsInvalid(
                f"{KEY_VARIABLE} is set, but the master key comes from its file.",
                remedy=f"Set vault_key_source to env, or unset {KEY_VARIABLE}.",
            )
        case KeySource.FILE:
            return None


def file_keys(state_dir: Path) -> KeyRing:
    """The keys in a state folder.  Raises SettingsInvalid ``key_file_invalid``."""
    return FileKeyRing(state_dir / VAULT_KEY, secrets.token_bytes)


@dataclasses.dataclass(frozen=True, kw_only=True)
class OpenVault:
    """What seals, with keys that open what is in the database."""

    sealer: Sealer
    rotation: Rotation


async def open_vault(ring: KeyRing, database: Database, lost: Collection[str] = ()) -> OpenVault:
    """Use the keys of ``ring``; a first one is made where nothing is sealed yet.

    Raises HostUnfit ``vault_key_unknown``, SettingsInvalid ``key_file_invalid``.
    """
    rows = DbVaultKeys(database)
    await require_known(ring.keys, rows, lost)
    if not ring.keys:
        await asyncio.to_thread(ring.prepare)
    sealer = Vault(ring.keys, secrets.token_bytes)
    rotation = Rotation(ring=ring, sealer=sealer, rows=rows, credentials=DbCredentials(database))
    await rotation.begin(lost)
    return OpenVault(sealer=sealer, rotation=rotation)


def forecasts_of(settings: Settings, database: Database, feed: Feed[UserId], meter: Meter) -> Forecasts:
    """Warns of what is in the vault.  Raises SettingsInvalid ``webhook_secret_invalid``."""
    secret = read_secret(settings.webhook_secret_file) if settings.webhook_secret_file else None
    webhook = HttpWebhook(str(settings.webhook_url), secret) if settings.webhook_url else None
    return Forecasts(
        rows=DbWarnings(database),
        credentials=DbCredentials(database),
        webhook=MeteredWebhook(webhook, meter) if webhook else None,
        clock=SystemClock(),
        ahead=dt.timedelta(hours=settings.credential_warn_h),
        feed=feed,
    )
