"""Looks, for ``doctor``, whether the master keys in the state folder open what is in its database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path

from vestibule.core.errors import SettingsInvalid
from vestibule.core.ids import KeyId
from vestibule.drivers.db.engine import DATABASE
from vestibule.drivers.master_keys import VAULT_KEY, FileKeyRing
from vestibule.services.host import Check
from vestibule.services.rotation import missing, unknown

NAME = "master key"


def given(source: str) -> Check:
    """A key that only the controller has: it compares at its start."""
    return Check(name=NAME, ok=True, detail=f"given to the controller by {source}, which compares it")


def check(state_dir: Path, random: Callable[[int], bytes], lost: Collection[str]) -> Check:
    """Makes and changes nothing."""
    try:
        ring = FileKeyRing(state_dir / VAULT_KEY, random)
    except SettingsInvalid as error:
        return Check(name=NAME, ok=False, detail=error.cause, fix=error.remedy)
    here = [key.key_id for key in ring.keys]
    if lacking := missing(_needed(state_dir / DATABASE), here, lost):
        refusal = unknown(lacking, here)
        return Check(name=NAME, ok=False, detail=refusal.cause, fix=refusal.remedy)
    if not here:
        return Check(name=NAME, ok=True, detail=f"{state_dir / VAULT_KEY} is made at the first start")
    return Check(
        name=NAME,
        ok=len(here) == 1,
        detail=f"{here[0]} in {state_dir / VAULT_KEY}" if len(here) == 1 else "its rotation is unfinished",
        fix="vestibule credentials rotate-key",
        needed=False,
    )


def _needed(database: Path) -> Collection[KeyId | None]:
    """As ``VaultKeys.needed``, of a database that may be in use, absent, or of a release before this one."""
    query = "SELECT DISTINCT key_id FROM credentials WHERE length(sealed) > 0"
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            return [key_id for (key_id,) in connection.execute(query)]
    except sqlite3.Error:
        return []
