"""What a real controller's monitor is put together of: the vault and its key file, tokens, and a janitor."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from lab import Lab

from vestibule.core.errors import HostUnfit, SettingsInvalid
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db.engine import DATABASE
from vestibule.drivers.master_keys import VAULT_KEY, FileKeyRing
from vestibule.drivers.webhook import read_secret
from vestibule.monitoring import folders_of, janitor_of, require_open
from vestibule.services.meter import SilentMeter
from vestibule.services.vault_ports import Sealer
from vestibule.settings import Settings
from vestibule.vaults import open_vault

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(lab: Lab) -> Settings:
    folder = lab.folder
    return Settings(state_dir=folder / "state", run_dir=folder / "run", cache_dir=folder / "cache")


@pytest.fixture
async def sealer(lab: Lab, settings: Settings) -> Sealer:
    """Of a vault with one credential in it."""
    record = await lab.connect()
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    await lab.ended(record.session_id)
    ring = FileKeyRing(settings.state_dir / VAULT_KEY, secrets.token_bytes)
    return (await open_vault(ring, lab.database)).sealer


async def test_an_open_vault_is_open(sealer: Sealer, settings: Settings) -> None:
    assert (settings.state_dir / DATABASE).is_file()
    require_open(sealer, settings)


async def test_a_key_file_that_is_gone_is_noticed_before_the_next_start_is(
    sealer: Sealer, settings: Settings
) -> None:
    key = settings.state_dir / VAULT_KEY
    key.rename(key.with_suffix(".away"))
    with pytest.raises(HostUnfit) as refusal:
        require_open(sealer, settings)
    assert (refusal.value.failure_code, bool(refusal.value.remedy)) == ("vault_closed", True)
    key.with_suffix(".away").rename(key)
    require_open(sealer, settings)


async def test_another_key_in_the_file_is_noticed(sealer: Sealer, settings: Settings) -> None:
    key = settings.state_dir / VAULT_KEY
    key.unlink()
    FileKeyRing(key, secrets.token_bytes).prepare()
    with pytest.raises(HostUnfit):
        require_open(sealer, settings)


async def test_the_janitor_goes_by_the_settings(lab: Lab) -> None:
    folder = lab.folder
    settings = Settings(
        state_dir=folder / "state", run_dir=folder / "run", cache_dir=folder / "cache", evidence_quota_mib=7
    )
    janitor = janitor_of(settings, lab.database, SilentMeter())
    quota = next(
        s.value for s in await janitor.samples() if s.metric.name == "vestibule_evidence_quota_bytes"
    )
    assert quota == 7 << 20
    assert set(folders_of(settings)) == {"state", "run", "cache"}


def test_a_scraper_s_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("x" * 32)
    path.chmod(0o644)
    with pytest.raises(SettingsInvalid) as refusal:
        read_secret(path, "metrics", "metrics_secret_invalid")
    assert refusal.value.failure_code == "metrics_secret_invalid"
