"""Shapes of the settings."""

from __future__ import annotations

from pydantic import Field

from vestibule.api.schemas import Model
from vestibule.core.settings_report import SettingSource


class Setting(Model):
    """A setting in force; it is changed in the environment or the file, before a start."""

    name: str
    variable: str = Field(description="Of the environment.")
    group: str = Field(description="controller, room, deadlines, or environment for what is no setting.")
    value: str | None = Field(description="null: it is not set, or secret.")
    default: str | None = Field(description="null: it is not set by default, or secret.")
    source: SettingSource
    secret: bool = Field(description="Its value is told to nobody.")
    is_set: bool
    text: str = Field(description="Its documentation: Markdown of one line.")


class SettingsInForce(Model):
    """GET /api/settings."""

    file: str | None = Field(description="The file that was read; null: none.")
    settings: list[Setting]
