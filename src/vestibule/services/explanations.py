"""Explanations: a failure, with what can be learnt of it before it is told.

::

    failure ─▶ evidence (services.evidence) ─▶ diagnosis (core) ─▶ secrets taken out (core.redaction) ─▶ told
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable

import structlog

from vestibule.core import diagnosis
from vestibule.core.errors import MachineFailed
from vestibule.core.failures import FailureCode
from vestibule.core.ids import VmId
from vestibule.core.observations import Clues, Observation
from vestibule.core.pressure import Pressure
from vestibule.core.redaction import redact, redact_screen
from vestibule.core.sessions import Failure
from vestibule.core.typed_texts import TypedTexts
from vestibule.services.evidence import LONGEST_S, Evidence
from vestibule.services.introductions import Live

log = structlog.get_logger()

_SELF_EVIDENT = frozenset({FailureCode.CONTROLLER_RESTARTED})
"""Nothing is left to be looked at."""
_LOGS = frozenset({"agent_log", "console"})
"""Evidence whose lines no terminal has wrapped."""
NO_CLUES = Clues()


class Explanations:
    """One per ``Machines``."""

    def __init__(self, evidence: Evidence, began: Callable[[VmId], Pressure | None]) -> None:
        """``began``: what the host counted when a machine was begun."""
        self._evidence = evidence
        self._began = began

    async def explain(
        self, failure: Failure, live: Live | None, *, clues: Clues = NO_CLUES, typed: TypedTexts | None = None
    ) -> Failure:
        """The failure as the evidence shows it, without secrets.

        Never raises, and takes ``LONGEST_S`` at most: it is told even when nothing more can be learnt.
        """
        if failure.code not in _SELF_EVIDENT:
            failure = await self._diagnosed(failure, live, clues)
        return without_secrets(failure, _secrets_of(live, typed))

    async def _diagnosed(self, failure: Failure, live: Live | None, clues: Clues) -> Failure:
        try:
            async with asyncio.timeout(LONGEST_S):
                seen = await self._observed(failure, live)
            return diagnosis.diagnose(dataclasses.replace(seen, clues=clues))
        except Exception:
            log.exception("A failure could not be explained", vm_id=live.record.vm_id if live else None)
            return failure

    async def _observed(self, failure: Failure, live: Live | None) -> Observation:
        if live is None:
            return await self._evidence.of_host(failure)
        seen = await self._evidence.of_machine(failure, live)
        return dataclasses.replace(seen, began=self._began(live.record.vm_id))

    async def of_machine(self, error: MachineFailed, live: Live) -> MachineFailed:
        """The same of a machine without a sign-in, as the exception that ends it."""
        found = await self.explain(diagnosis.failure_of(error), live)
        told = MachineFailed(found.cause, remedy=found.remedy, code=found.code)
        told.evidence.update(found.evidence)
        told.golden_id = found.golden_id
        return told


def _secrets_of(live: Live | None, typed: TypedTexts | None) -> TypedTexts:
    """What is known to be secret: texts that were typed, and the machine's token."""
    return TypedTexts(
        (*(typed.texts if typed else ()), *((*live.typed, live.token) if live else ()))  # none is left out
    )


def without_secrets(failure: Failure, known: TypedTexts) -> Failure:
    """The failure as it may be kept and shown."""

    def clean(name: str, text: str) -> str:
        return (redact if name in _LOGS else redact_screen)(known.hide(text))

    return dataclasses.replace(
        failure,
        cause=clean("cause", failure.cause),
        evidence={name: clean(name, text) for name, text in failure.evidence.items()},
    )
