"""Deadlines of a sign-in's stages, each named by a setting; a passed one says which, and its seconds.

A machine's own are in ``machine_settings``; the person's is the provider's, and moves (``deadline``).
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from vestibule.core.errors import MachineFailed


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageLimits:
    """Of every sign-in, in seconds."""

    url_s: float
    """From the tool's start to its sign-in address."""
    claim_s: float
    """From the credential's appearance until it is here."""
    grace_s: float
    """From a good end of the tool until its credential appears."""


def start_deadline(limit_s: float) -> AbstractAsyncContextManager[None]:
    """For a driver, until the machine's process runs.  Raises MachineFailed ``start_timeout``."""
    return _within(
        limit_s,
        "The machine did not start",
        remedy="Try again when the host is less busy; if it repeats, run vestibule doctor.",
        code="start_timeout",
    )


def claim_deadline(limit_s: float) -> AbstractAsyncContextManager[None]:
    """For a credential that the agent has seen, until it is here.  Raises MachineFailed ``claim_timeout``."""
    return _within(
        limit_s,
        "The machine did not hand its credential over",
        remedy="Sign in again; if it repeats, look whether the host is saturated (vestibule doctor).",
        code="claim_timeout",
    )


@asynccontextmanager
async def _within(limit_s: float, what: str, *, code: str, remedy: str) -> AsyncIterator[None]:
    """Raise MachineFailed ``code`` when the block takes longer; ``what`` says who did not do what.

    A TimeoutError of the block's own stays what it is.
    """
    try:
        async with asyncio.timeout(limit_s) as stage:
            yield
    except TimeoutError as error:
        if not stage.expired():
            raise
        raise MachineFailed(f"{what} within {limit_s:g} s.", remedy=remedy, code=code) from error
