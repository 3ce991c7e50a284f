"""Which files may pass between a person and a machine."""

from __future__ import annotations

import dataclasses
import enum


class FileTransfer(enum.StrEnum):
    """What the operator allows."""

    OFF = "off"
    UPLOAD = "upload"
    """Into the machine alone."""
    DOWNLOAD = "download"
    """Out of it alone."""
    BOTH = "both"


@dataclasses.dataclass(frozen=True, kw_only=True)
class FilePolicy:
    """The rules of every machine of a controller."""

    transfer: FileTransfer
    max_bytes: int
    """Of one file, either way."""
    quota_bytes: int
    """Of all that Downloads may hold once a file has come in."""

    @property
    def upload(self) -> bool:
        """Whether files may go in."""
        return self.transfer not in {FileTransfer.OFF, FileTransfer.DOWNLOAD}

    @property
    def download(self) -> bool:
        """Whether files may come out."""
        return self.transfer not in {FileTransfer.OFF, FileTransfer.UPLOAD}
