"""A webhook whose posts are counted."""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.core.metrics import WEBHOOK_POSTS
from vestibule.services.meter import Meter
from vestibule.services.ports import Webhook


class MeteredWebhook:
    """Implements ``Webhook`` around another."""

    def __init__(self, webhook: Webhook, meter: Meter) -> None:
        self._webhook = webhook
        self._meter = meter

    async def post(self, event: Mapping[str, object]) -> None:
        """See services.ports.Webhook."""
        try:
            await self._webhook.post(event)
        except Exception:
            self._meter.count(WEBHOOK_POSTS, "failed")
            raise
        self._meter.count(WEBHOOK_POSTS, "delivered")
