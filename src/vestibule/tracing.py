"""The composition root's way to a collector of spans, where there is one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import metadata

from vestibule.core.steps import Span
from vestibule.settings import Settings

Export = Callable[[Span], None]


def nowhere(_span: Span) -> None:
    """Where spans go without a collector."""


@asynccontextmanager
async def exporting(settings: Settings) -> AsyncIterator[Export]:
    """Where spans go; at its end those that wait are sent."""
    if settings.otlp_endpoint is None:
        yield nowhere
        return
    from vestibule.drivers.traces import Traces  # noqa: PLC0415 (a third of a second, for those who export)

    traces = Traces(str(settings.otlp_endpoint), metadata.version("vestibule"))
    try:
        yield traces.export
    finally:
        await asyncio.to_thread(traces.close)
