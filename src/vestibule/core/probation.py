"""When a promoted golden has shown that it is broken: a sequential test over the machines started from it.

Each machine that ended tells for the golden (its agent confirmed, and nothing that a golden causes went
wrong) or against it; one that the warm pool had tells only what its user met.  Their log-likelihood ratio,
"three in ten fail" against "three in a hundred fail", is summed up and never falls below zero (Page's
cumulative sum, Biometrika 41, 1954): a long good past does not hide that a golden has turned bad, for
example with a site that changed.  Above ``LIMIT`` the golden is condemned: by three failures with at most
five good machines among them, at any time.

The limit is Wald's for error probabilities of 0.5 % (a good golden condemned) and 5 % per test.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

from vestibule.core.failures import Fault, codes_of
from vestibule.core.machines import MachineRecord, MachineStatus

GOOD_FAILS, BAD_FAILS = 0.03, 0.30
LIMIT = math.log((1 - 0.05) / 0.005)
_AGAINST = math.log(BAD_FAILS / GOOD_FAILS)
_FOR = math.log((1 - BAD_FAILS) / (1 - GOOD_FAILS))

GOLDEN_CAUSED = codes_of(Fault.GOLDEN, Fault.MACHINE)
"""Failure codes that a golden's content can cause; a full disk, a refused host or a person cannot.

Damage to what is stored of a golden does not count: it is found before a start, and made again.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Standing:
    """What the machines of a golden say of it."""

    machines: int
    failures: tuple[str, ...]
    """Codes of the failures that count, oldest first."""
    score: float
    """The cumulative sum; LIMIT condemns."""

    @property
    def condemned(self) -> bool:
        """Whether the golden is to be left."""
        return self.score > LIMIT

    @property
    def sentence(self) -> str:
        """For the register, the log and the operator."""
        codes = ", ".join(dict.fromkeys(self.failures))
        return f"{len(self.failures)} of {self.machines} machines failed by the golden's fault ({codes})"


def standing(ended: Sequence[MachineRecord]) -> Standing:
    """The standing of a golden by its ended machines, oldest first."""
    told = [(machine, _tells(machine)) for machine in ended]
    counted = [(machine, good) for machine, good in told if good is not None]
    return Standing(
        machines=len(counted),
        failures=tuple(str(machine.error_code) for machine, good in counted if not good),
        score=_score(good for _, good in counted),
    )


def _tells(machine: MachineRecord) -> bool | None:
    """Whether a machine tells for its golden; None when it tells nothing.

    Nobody has met one that was not claimed, or was not confirmed after its claim: whoever would have had it
    got a fresh one, which tells.  A host that was asleep fails all that are warm at once.
    """
    if machine.warmth is not None or (machine.claimed_at is not None and machine.agent_build is None):
        return None
    if machine.status is MachineStatus.FAILED and machine.error_code in GOLDEN_CAUSED:
        return False
    return True if machine.agent_build is not None else None


def _score(outcomes: Iterable[bool]) -> float:
    score = 0.0
    for good in outcomes:
        score = max(0.0, score + (_FOR if good else _AGAINST))
        if score > LIMIT:
            return score  # nothing that comes after acquits it
    return score
