"""A setting as an operator sees it: its value now, where that came from, what it is for; never a secret."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Sequence


class SettingSource(enum.StrEnum):
    """Where a value came from; the first that has one wins."""

    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShownSetting:
    """One row of the page of settings."""

    name: str
    variable: str
    group: str
    """What it is a part of: controller, room, deadlines."""
    value: str | None
    """None: it is not set, or ``secret``."""
    default: str | None
    """None: it is not set by default."""
    source: SettingSource
    secret: bool
    """Only whether it is set is told."""
    is_set: bool
    text: str
    """Its documentation: Markdown of one line."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SettingsReport:
    """Every setting as a controller was started with it."""

    file: str | None
    """The file that was read; None: there is none."""
    settings: Sequence[ShownSetting]
