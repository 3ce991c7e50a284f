"""Shapes of what a viewer passes to and from a machine."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from vestibule.api.schemas import Model
from vestibule_agent.protocol import MAX_CLIPBOARD_BYTES


class ClipboardText(Model):
    """PUT /api/vm/{vm_id}/clipboard."""

    text: str = Field(
        max_length=MAX_CLIPBOARD_BYTES,
        description=f"At most {MAX_CLIPBOARD_BYTES} bytes as UTF-8.",
        repr=False,
    )


class Copied(Model):
    """A message of the WebSocket /api/vm/{vm_id}/clipboard/copies."""

    number: int = Field(description="Counts the machine's copies.")
    text: str | None = Field(
        description=f"Null when it was longer than {MAX_CLIPBOARD_BYTES} bytes as UTF-8.", repr=False
    )


class DownloadsFile(Model):
    """A file in a machine's Downloads."""

    file: str = Field(description="Stands for its name in addresses.")
    name: str = Field(description="To be shown; bytes that are no UTF-8 are escaped.")
    size: int = Field(description="Bytes.")
    modified_at: dt.datetime


class Downloads(Model):
    """GET /api/vm/{vm_id}/files."""

    upload: bool = Field(description="Whether files may go into the machine.")
    download: bool = Field(description="Whether files may come out; if not, none are listed.")
    max_bytes: int = Field(description="Of one file, either way.")
    files: list[DownloadsFile] = Field(description="The newest first.")
