"""Shapes of machines' logs."""

from __future__ import annotations

from pydantic import Field

from vestibule.api.schemas import Model


class LogFile(Model):
    """One log of a machine."""

    name: str
    size_bytes: int


class LogTail(Model):
    """``event: log``: the end of a log without secrets, whole each time."""

    text: str
    whole: bool = Field(description="Whether that is all of it.")
    ended: bool = Field(description="Nothing is written to it any more; the last event.")
