"""Goldens: read by everyone who has signed in, moved by the operator."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response, StreamingResponse

from vestibule.api import golden_schemas as shapes
from vestibule.api import goldens
from vestibule.api.context import Caller, Context, Operator, Services
from vestibule.api.deeds import CallersDeeds, Deed
from vestibule.core.audit import AuditAction
from vestibule.core.errors import Absent
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.services.renewals import GOLDENS

GoldenPath = Annotated[str, Path(pattern="^g-[0-9a-f]{16}$")]

router = APIRouter(tags=["goldens"])


@router.get("/api/goldens")
async def list_goldens(services: Services, _: Caller) -> list[shapes.Golden]:
    """The goldens on this host, newest first."""
    return (await goldens.present(services)).goldens


@router.get("/api/goldens/state")
async def read_goldens(services: Services, _: Caller) -> shapes.Goldens:
    """What is promoted, wanted and being made, and all goldens."""
    return await goldens.present(services)


@router.get(
    "/api/goldens/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "model": shapes.Goldens}},
)
async def follow_goldens(services: Services, _: Caller) -> StreamingResponse:
    """Server-sent events: the same, now and after every change; ``trouble`` with a problem meanwhile."""
    await goldens.present(services)  # what is wrong is said before the stream begins
    return goldens.stream(services)


@router.get("/api/canaries")
async def list_reports(services: Services, _: Caller) -> list[shapes.CanaryReport]:
    """Every canary's report that is kept, the newest first; of goldens that are gone too."""
    return await goldens.reports(services)


@router.post("/api/goldens/renew", status_code=202)
async def renew_golden(services: Services, _: Operator, deeds: CallersDeeds) -> shapes.Goldens:
    """Build, try and promote the golden of today's inputs; one that was dismissed gets another try."""
    async with deeds.doing(AuditAction.GOLDEN_RENEWED):
        await services.freshness.ask()
    return await goldens.present(services)


@router.post("/api/goldens/rollback")
async def roll_back(
    body: shapes.RollBack, services: Services, _: Operator, deeds: CallersDeeds
) -> shapes.Goldens:
    """Return to the golden before; machines that run are not touched."""
    async with deeds.doing(AuditAction.GOLDEN_ROLLED_BACK, detail=body.why) as deed:
        await asyncio.to_thread(_roll_back, services, body.why, deed)
    return await _moved(services)


def _roll_back(services: Context, why: str, deed: Deed) -> None:
    """The register's own time and name of the move are the audit's: whoever looks there knows it again."""
    promoted = services.promotions.register.promoted
    deed.subject = promoted or ""
    services.promotions.roll_back(why=why)
    left = services.promotions.register.last(promoted) if promoted else None
    deed.at = left.at if left else None


@router.get("/api/goldens/{golden_id}")
async def read_golden(golden_id: GoldenPath, services: Services, _: Caller) -> shapes.GoldenDetail:
    """One golden: its inputs' changes, its history, its canaries."""
    return await goldens.detail(services, GoldenId(golden_id))


@router.post("/api/goldens/{golden_id}/promote")
async def promote_golden(
    golden_id: GoldenPath, body: shapes.Promote, services: Services, _: Operator, deeds: CallersDeeds
) -> shapes.Goldens:
    """Have machines start from it from now on; those that run are not touched."""
    wanted = GoldenId(golden_id)
    promote = _promote_untested if body.untested else _promote_tried
    async with deeds.doing(AuditAction.GOLDEN_PROMOTED, wanted, "untested" if body.untested else "") as deed:
        deed.at = await asyncio.to_thread(promote, services, wanted)
    return await _moved(services)


@router.get("/api/goldens/{golden_id}/canary/{driver}/screenshot", response_class=Response)
async def read_screenshot(
    golden_id: GoldenPath, driver: DriverName, services: Services, _: Caller
) -> Response:
    """A clone's desktop as its canary saw it: a PNG."""
    picture = await asyncio.to_thread(_screenshot, services, GoldenId(golden_id), driver)
    return Response(picture, media_type="image/png")


def _promote_tried(services: Context, golden_id: GoldenId) -> dt.datetime | None:
    services.goldens.manifest(golden_id)
    services.renewals.require_tried(golden_id)
    return _promote_untested(services, golden_id)


def _promote_untested(services: Context, golden_id: GoldenId) -> dt.datetime | None:
    """When that was, by the register: so the audit knows the move again.  None: it was promoted before."""
    began = services.audit.now()
    move = services.promotions.promote_by_hand(golden_id).last(golden_id)
    return move.at if move and move.at >= began else None


def _screenshot(services: Context, golden_id: GoldenId, driver: DriverName) -> bytes:
    picture = services.canaries.screenshot(golden_id, driver)
    if picture is None:
        raise Absent(
            f"There is no screenshot of {golden_id} with {driver}.",
            remedy="Try it again: vestibule golden build.",
        )
    return picture


async def _moved(services: Services) -> shapes.Goldens:
    services.renewals.feed.publish(GOLDENS)
    return await goldens.present(services)
