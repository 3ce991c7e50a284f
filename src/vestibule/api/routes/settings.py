"""The settings in force."""

from __future__ import annotations

import dataclasses

from fastapi import APIRouter

from vestibule.api import setting_schemas as shapes
from vestibule.api.context import Operator, Services

router = APIRouter(tags=["settings"])


@router.get("/api/settings")
async def read_settings(services: Services, _: Operator) -> shapes.SettingsInForce:
    """Every setting with its value, where that came from, and its meaning; for the operator."""
    report = services.settings
    shown = [shapes.Setting(**dataclasses.asdict(setting)) for setting in report.settings]
    return shapes.SettingsInForce(file=report.file, settings=shown)
