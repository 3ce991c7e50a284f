"""Which machines may be paused while nobody looks."""

from __future__ import annotations

from vestibule.core.providers import Flow
from vestibule.core.sessions import SessionStatus

_COMES_BY_THE_PERSON = frozenset({Flow.LOOPBACK, Flow.PASTE})
"""Flows that go on in the machine's own browser, or with a code that is pasted: both wake the machine."""


def may_pause(status: SessionStatus, flow: Flow | None) -> bool:
    """Whether a sign-in waits for nothing but its person.

    A tool that waits for a device's code asks its provider by itself: paused, it would miss the approval.
    """
    return status is SessionStatus.AWAITING_USER_AUTH and flow in _COMES_BY_THE_PERSON
