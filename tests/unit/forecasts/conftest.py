"""A vault whose credentials end at a moment, and a webhook's receiver that really listens."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from vault_lab import NOW, VaultLab, open_vault_lab
from webhook_receiver import Receiver, receiving

from vestibule.core.ids import CredentialId
from vestibule.core.records import User
from vestibule.drivers.db.credentials import DbCredentials
from vestibule.drivers.db.warnings import DbWarnings
from vestibule.drivers.webhook import HttpWebhook
from vestibule.services.forecasts import Forecasts
from vestibule.services.ports import Webhook

AHEAD = dt.timedelta(hours=72)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def lab() -> AsyncIterator[VaultLab]:
    async with open_vault_lab() as lab:
        yield lab


@pytest.fixture
async def ann(lab: VaultLab) -> User:
    return await lab.user("ann")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bench:
    """What the tests ask of all of it."""

    lab: VaultLab
    ann: User
    receiver: Receiver

    def controller(self, webhook: Webhook | None = None, ahead: dt.timedelta = AHEAD) -> Forecasts:
        """As one that is started now."""
        return Forecasts(
            rows=DbWarnings(self.lab.database),
            credentials=DbCredentials(self.lab.database),
            webhook=webhook or HttpWebhook(self.receiver.url, b"visibly-fake-secret"),
            clock=self.lab.clock,
            ahead=ahead,
            feed=self.lab.credentials.feed,
        )

    async def ends_in(self, hours: float) -> CredentialId:
        """A credential whose login ends so long after NOW."""
        credential_id = await self.lab.sealed(self.ann)
        await self.ends_then(credential_id, hours)
        return credential_id

    async def ends_then(self, credential_id: CredentialId, hours: float) -> None:
        until = NOW + dt.timedelta(hours=hours)
        await self.lab.spoil(credential_id, login_expires_at=until)

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was posted."""
        return [json.loads(body) for _headers, body in self.receiver.got]


@pytest.fixture
def bench(lab: VaultLab, ann: User, receiver: Receiver) -> Bench:
    return Bench(lab=lab, ann=ann, receiver=receiver)
