"""A container's clock is the host's: a message may come late, never from another time."""

from __future__ import annotations

import time

import pytest
from guest_container import handover

from vestibule_agent import identity
from vestibule_agent.uplink import Uplink

SECOND_NS = 1_000_000_000
PATIENCE_S = 20.0


def _clock_of(message_age_s: float) -> bool:
    message = handover(time_ns=time.time_ns() - int(message_age_s * SECOND_NS), patience_s=PATIENCE_S)
    checks = identity.Identity(Uplink(apart=False), root=False).apply(message)
    return next(check.ok for check in checks if check.name == "clock")


@pytest.mark.parametrize("age_s", [0.0, identity.CLOCK_TOLERANCE_S + 1, PATIENCE_S])
def test_a_message_may_have_waited_for_its_machine(age_s: float) -> None:
    assert _clock_of(age_s)


@pytest.mark.parametrize("age_s", [-60.0, -identity.CLOCK_TOLERANCE_S - 1, PATIENCE_S + 60])
def test_a_clock_of_another_time_is_told(age_s: float) -> None:
    assert not _clock_of(age_s)
