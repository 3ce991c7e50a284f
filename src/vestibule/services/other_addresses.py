"""Addresses that a tool shows and its provider file does not accept: told at once, kept as evidence."""

from __future__ import annotations

from urllib.parse import urlsplit

from vestibule.core.errors import MachineFailed
from vestibule.services.guest_events import MAX_OTHER_URLS, MAX_URL

OTHER_URL = "other_url"
"""Code of the notice; the event of the agent has the same name."""


class OtherAddresses:
    """Of one sign-in."""

    def __init__(self) -> None:
        self._seen: list[str] = []

    def add(self, url: str) -> str:
        """Keep it, unless there are several already; what the person is told."""
        if len(self._seen) < MAX_OTHER_URLS:
            self._seen.append(url[:MAX_URL])
        return (
            f"The tool shows an address that its provider file does not accept: {_brief(url)}. The"
            " sign-in waits for another; if this is its page, the tool has changed since that was written."
        )

    def not_seen(self, limit_s: float, screen: str) -> MachineFailed:
        """No address came that the provider accepts: the screen, and what others there were."""
        evidence = {"screen": screen}
        if self._seen:
            evidence["addresses"] = "\n".join(self._seen)
        others = " It showed others, which the provider file does not accept." if self._seen else ""
        return MachineFailed(
            f"The tool showed no sign-in address within {limit_s:g} s.{others}",
            remedy="Read the tool's screen below: it may be asking something, or be another version.",
            code="url_not_seen",
            **evidence,
        )


def _brief(url: str) -> str:
    """Without what follows the path: it may be a secret of the sign-in's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0][:MAX_URL]
    return f"{parts.scheme}://{parts.netloc}{parts.path}"[:MAX_URL]
