"""Settings of viewers: how many look at one desktop, and whether somebody without an account may.

A part of ``settings.Settings``, where they are read and refused as all others.
"""

from __future__ import annotations

from pydantic import BaseModel, Field


class ViewerSettings(BaseModel):
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
