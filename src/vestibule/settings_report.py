"""The settings in force, as the page of settings shows them: value, default, source, documentation."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from pydantic.fields import FieldInfo

from vestibule.core.settings_report import SettingSource, SettingsReport, ShownSetting
from vestibule.room_settings import RoomSettings
from vestibule.settings import (
    KEY_VARIABLE,
    OTHER_VARIABLES,
    PREFIX,
    SECRET,
    TOKEN_VARIABLE,
    Settings,
    config_path,
)
from vestibule.stage_settings import StageSettings
from vestibule.viewer_settings import ViewerSettings

_ENVIRONMENT = "environment"
_SECRET_VARIABLES = frozenset({KEY_VARIABLE, TOKEN_VARIABLE})


def report(settings: Settings, environ: Mapping[str, str] = os.environ) -> SettingsReport:
    """Every setting of ``settings``, which was read from ``environ`` and the file that it leads to."""
    path = config_path(environ)
    in_file = _names_in(path)
    shown = [
        _setting(name, field, getattr(settings, name), _source(name, environ, in_file))
        for name, field in type(settings).model_fields.items()
    ]
    others = [_variable(name, environ) for name in OTHER_VARIABLES]
    return SettingsReport(file=str(path) if path else None, settings=[*shown, *others])


def _names_in(path: Path | None) -> Collection[str]:
    return frozenset(tomllib.loads(path.read_text()) if path else {})


def _source(name: str, environ: Mapping[str, str], in_file: Collection[str]) -> SettingSource:
    if any(given.upper() == f"{PREFIX}{name}".upper() for given in environ):
        return SettingSource.ENVIRONMENT
    return SettingSource.FILE if name in in_file else SettingSource.DEFAULT


def _setting(name: str, field: FieldInfo, value: object, source: SettingSource) -> ShownSetting:
    extra = field.json_schema_extra
    secret = isinstance(extra, dict) and extra.get(SECRET) is True
    default = _text(field.get_default(call_default_factory=True, validated_data={}))
    text = _text(value)
    return ShownSetting(
        name=name,
        variable=f"{PREFIX}{name.upper()}",
        group=_group(name),
        value=None if secret else text,
        default=None if secret else default,
        source=source,
        secret=secret,
        is_set=text is not None,
        text=field.description or "",
    )


def _variable(name: str, environ: Mapping[str, str]) -> ShownSetting:
    """One with our prefix that is no setting."""
    secret, value = name in _SECRET_VARIABLES, environ.get(name)
    return ShownSetting(
        name=name,
        variable=name,
        group=_ENVIRONMENT,
        value=None if secret else value,
        default=None,
        source=SettingSource.DEFAULT if value is None else SettingSource.ENVIRONMENT,
        secret=secret,
        is_set=value is not None,
        text=OTHER_VARIABLES[name],
    )


def _group(name: str) -> str:
    if name in RoomSettings.model_fields:
        return "room"
    if name in ViewerSettings.model_fields:
        return "viewers"
    return "deadlines" if name in StageSettings.model_fields else "controller"


def _text(value: object) -> str | None:
    """As it would be typed; None for what is unset."""
    if value is None or value in ((), {}):
        return None
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} = {item}" for key, item in value.items())
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int | Path):
        return str(value)
    return _without_password(str(value))


def _without_password(text: str) -> str:
    """An address without the name and password that it may hold."""
    parts = urlsplit(text) if "://" in text and "@" in text else None
    if parts is None or parts.username is None:
        return text
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"(hidden)@{host}"))
