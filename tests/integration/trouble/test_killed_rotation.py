"""A controller that is killed while it exchanges the master key loses no credential, and goes on."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import httpx
from controller import Controller, running
from vault_lab import base64_of, login, open_vault_lab

from vestibule.core.ids import CredentialId
from vestibule.drivers.db.accounts import DbAccounts
from vestibule.drivers.db.engine import DATABASE
from vestibule.drivers.db.migrate import open_database
from vestibule.drivers.master_keys import VAULT_KEY, FileKeyRing
from vestibule.services.vault_ports import MasterKey

MANY = 340
"""More than a batch for each kill: the last one must not come when the old key has gone."""
KILLS = 3


async def _seal(state: Path) -> list[CredentialId]:
    """Credentials of the operator, sealed as sign-ins would have, while no controller runs."""
    database = await open_database(state / DATABASE)
    (operator,) = await DbAccounts(database).users()
    ring = FileKeyRing(state / VAULT_KEY, os.urandom)
    async with open_vault_lab(database, ring) as lab:
        return [await lab.sealed(operator, login(10**9 + number)) for number in range(MANY)]


def _contents(client: httpx.Client, ids: list[CredentialId]) -> list[str]:
    exported = [client.post(f"/api/credentials/{one}/export").json() for one in ids]
    return [str(one["files"][0]["content"]) for one in exported]


def _kill_amid(controller: Controller, client: httpx.Client) -> None:
    """While a batch is wrapped: as soon as the database is written to once there is a new key."""
    batch = threading.Thread(target=lambda: _until_it_breaks(client), daemon=True)
    batch.start()
    state = controller.folder / "state"
    while len(_keys(state)) < 2 and batch.is_alive():
        os.sched_yield()
    wal = state / f"{DATABASE}-wal"
    before = wal.stat().st_mtime_ns  # not its size: a log that was checkpointed is written from its beginning
    while wal.stat().st_mtime_ns == before and batch.is_alive():
        os.sched_yield()
    controller.break_off()
    batch.join()


def _keys(state: Path) -> Sequence[MasterKey]:
    return FileKeyRing(state / VAULT_KEY, os.urandom).keys


def _until_it_breaks(client: httpx.Client) -> None:
    try:
        while client.post("/api/vault/rotation").json()["remaining"]:
            pass
    except httpx.TransportError:
        return


def test_whenever_it_is_killed_every_credential_opens_and_the_rotation_ends() -> None:
    with running(VESTIBULE_ISOLATION="container") as controller:
        controller.stop()
        state = controller.folder / "state"
        ids = asyncio.run(_seal(state))
        (old,) = _keys(state)
        expected = [base64_of(login(10**9 + number)) for number in range(MANY)]
        controller.start_again()
        for _ in range(KILLS):
            with controller.client() as client:
                _kill_amid(controller, client)
            assert len(_keys(state)) == 2
            controller.start_again()
            with controller.client() as client:
                assert _contents(client, ids) == expected
        done = controller.command("credentials", "rotate-key")
        (new,) = _keys(state)
        assert (done["finished"], done["key_id"], new.key_id != old.key_id) == (True, new.key_id, True)
        controller.break_off()
        controller.start_again()
        with controller.client() as client:
            assert _contents(client, ids) == expected
