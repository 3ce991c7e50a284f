"""What the laboratory remembers of device grants (RFC 8628): codes, the person's answer, how often is asked.

::

    pending ──person allows──→ allowed ──polled──→ tokens, once
       │    ──person denies──→ denied
       └────15 minutes───────→ expired
"""

from __future__ import annotations

import base64
import dataclasses
import enum
from collections.abc import Callable

from vestibule.laboratory.errors import OAuthError
from vestibule.laboratory.scenario import Scenario
from vestibule.laboratory.store import Bounded, Grant

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""Letters that are not mistaken for others and make no words (RFC 8628, 6.1)."""
SLOWER_S = 5
"""By how much a client that polls too often must slow down, for good (RFC 8628, 3.5)."""


class _Answer(enum.Enum):
    PENDING = enum.auto()
    DENIED = enum.auto()
    USED = enum.auto()


@dataclasses.dataclass(kw_only=True)
class Device:
    """A device that waits for its person."""

    device_code: str
    user_code: str
    scope: str
    expires_at: float
    interval_s: float
    slow_downs: int
    """So many polls are still told to slow down whatever they do."""
    polled_at: float | None = None
    answer: _Answer | Grant = _Answer.PENDING


class Devices:
    """Device codes; ``now`` is in seconds since 1970."""

    def __init__(
        self, *, now: Callable[[], float], random: Callable[[int], bytes], scenario: Scenario
    ) -> None:
        self._now = now
        self._random = random
        self._scenario = scenario
        self._by_code: Bounded[Device] = Bounded()
        self._by_user_code: Bounded[Device] = Bounded()

    def start(self, scope: str) -> Device:
        """A new pair of codes: one for the device, one for its person to type."""
        device = Device(
            device_code="demo-device-" + base64.urlsafe_b64encode(self._random(32)).rstrip(b"=").decode(),
            user_code=_user_code(self._random(16)),
            scope=scope,
            expires_at=self._now() + self._scenario.lives.device_s,
            interval_s=self._scenario.interval_s,
            slow_downs=self._scenario.slow_downs,
        )
        self._by_code[device.device_code] = self._by_user_code[device.user_code] = device
        return device

    def waiting(self, typed: str) -> Device | None:
        """The device whose code a person typed, in whatever case, with or without the dash (6.1)."""
        letters = "".join(letter for letter in typed.upper() if letter.isalnum())
        device = self._by_user_code.get(f"{letters[:4]}-{letters[4:]}")
        if device is None or device.answer is not _Answer.PENDING or device.expires_at <= self._now():
            return None
        return device

    def allow(self, device: Device, grant: Grant) -> None:
        """The person said yes."""
        device.answer = grant

    def deny(self, device: Device) -> None:
        """The person said no."""
        device.answer = _Answer.DENIED

    def poll(self, device_code: str) -> Grant:
        """What the person agreed to.  Raises OAuthError while, or because, there is nothing."""
        device = self._by_code.get(device_code)
        if device is None or device.answer is _Answer.USED:
            raise OAuthError("invalid_grant", "the device code is unknown or was used before")
        if device.expires_at <= self._now():
            raise OAuthError("expired_token", "nobody answered before the code expired")
        self._hold_to_interval(device)
        return _taken(device)

    def _hold_to_interval(self, device: Device) -> None:
        before, device.polled_at = device.polled_at, self._now()
        forced, device.slow_downs = device.slow_downs > 0, max(0, device.slow_downs - 1)
        if forced or (before is not None and device.polled_at - before < device.interval_s):
            device.interval_s += SLOWER_S
            raise OAuthError("slow_down", f"wait {device.interval_s:.0f} seconds between two polls")


def _taken(device: Device) -> Grant:
    if device.answer is _Answer.DENIED:
        raise OAuthError("access_denied", "the person denied the request")
    if not isinstance(device.answer, Grant):
        raise OAuthError("authorization_pending", "the person has not answered yet")
    grant, device.answer = device.answer, _Answer.USED
    return grant


def _user_code(random: bytes) -> str:
    number, letters = int.from_bytes(random, "big"), ""
    for _ in range(8):
        number, index = divmod(number, len(ALPHABET))
        letters += ALPHABET[index]
    return f"{letters[:4]}-{letters[4:]}"
