"""Settings of viewers: how many look at a desktop, whether somebody without an account may, what files pass.

A part of ``settings.Settings``, where they are read and refused as all others.
"""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from vestibule.core.file_transfer import FilePolicy, FileTransfer


class ViewerSettings(BaseSettings):
    """Units are in the names."""

    max_viewers: int = Field(
        default=8,
        ge=1,
        le=256,
        description="Pages that show one desktop at a time (`too_many_viewers`); those of view links are"
        " counted apart, so that they never keep the owner out.",
    )
    view_link_max_s: int = Field(
        default=3600,
        ge=0,
        le=86_400,
        description="A view link, which shows a sign-in's desktop to whoever has it, is good for so long at"
        " most, and never for longer than the sign-in; 0: nobody can make one (`sharing_off`).",
    )
    file_transfer: FileTransfer = Field(
        default=FileTransfer.BOTH,
        description="Files between a person and their machine's Downloads: off, upload (into it), download"
        " (out of it), both.",
    )
    file_max_mib: int = Field(
        default=64, ge=1, le=4096, description="Largest file that goes into a machine, or comes out of it."
    )
    file_quota_mib: int = Field(
        default=256,
        ge=1,
        le=65536,
        description="A file that would make a machine's Downloads larger is not taken in: a machine's disk is"
        " its memory.",
    )

    def file_policy(self) -> FilePolicy:
        """The same as one value."""
        return FilePolicy(
            transfer=self.file_transfer,
            max_bytes=self.file_max_mib << 20,
            quota_bytes=self.file_quota_mib << 20,
        )
