"""The catalogue of failures: every code, whose fault it is, what it means, what to do.

::

    FailureCode ─▶ FailureMeaning { fault, meaning, remedy, retryable }
                        └─ docs/reference/failures.md

A failure's own cause and remedy are closer to it, and come first; the catalogue knows what is true of all
failures of one code.
"""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.core.failures.codes import FailureCode
from vestibule.core.failures.meaning import FAULTS, FailureMeaning, Fault
from vestibule.core.failures.of_controllers import OF_CONTROLLERS
from vestibule.core.failures.of_goldens import OF_GOLDENS
from vestibule.core.failures.of_hosts import OF_HOSTS
from vestibule.core.failures.of_requests import OF_REQUESTS
from vestibule.core.failures.of_sign_ins import OF_SIGN_INS

MEANINGS: Mapping[FailureCode, FailureMeaning] = {
    **OF_HOSTS,
    **OF_GOLDENS,
    **OF_SIGN_INS,
    **OF_REQUESTS,
    **OF_CONTROLLERS,
}

__all__ = ["FAULTS", "MEANINGS", "FailureCode", "FailureMeaning", "Fault", "codes_of", "is_retryable"]


def codes_of(*faults: Fault) -> frozenset[FailureCode]:
    """The codes of these kinds of fault."""
    return frozenset(code for code, known in MEANINGS.items() if known.fault in faults)


def is_retryable(code: str) -> bool:
    """Whether the same again may succeed; of a code that only an older release knew, nobody can say no."""
    try:
        return MEANINGS[FailureCode(code)].retryable
    except ValueError:
        return True
