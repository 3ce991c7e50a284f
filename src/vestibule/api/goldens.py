"""Goldens as the API shows them: what is stored, promoted, wanted, being made."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence

import structlog
from fastapi.responses import StreamingResponse

from vestibule.api import golden_schemas as shapes
from vestibule.api.context import Context
from vestibule.api.events import HEADERS, KEEP_ALIVE_S
from vestibule.api.present import failure as shown_failure
from vestibule.api.schemas import Problem
from vestibule.core import diagnosis
from vestibule.core.canary import CanaryReport
from vestibule.core.errors import VestibuleError
from vestibule.core.failure_records import of_renewal
from vestibule.core.goldens import Change, GoldenPlan, Manifest, PlannedProduct
from vestibule.core.ids import GoldenId
from vestibule.core.promotion import Move, Register
from vestibule.core.renewal import Renewal
from vestibule.services.renewals import GOLDENS

log = structlog.get_logger()

LOG_LINES = 20
TROUBLE = "trouble"
"""Name of the event that tells why nothing can be shown; "error" is what browsers call a lost connection."""
LOOK_S = 1.0
"""While something is built its log grows without an event."""


async def present(context: Context) -> shapes.Goldens:
    """Everything about goldens, now; reads small files of every golden."""
    return await asyncio.to_thread(_present, context)


def _present(context: Context) -> shapes.Goldens:
    """Of one moment: a promotion while it is read would show the old golden without what was against it."""
    while True:
        register = context.promotions.register
        shown = _shown(context, register)
        if context.promotions.register == register:
            return shown


def _shown(context: Context, register: Register) -> shapes.Goldens:
    wanted = context.goldens.wanted()
    plan = _plan(context, register)
    back = context.promotions.roll_back_target()
    return shapes.Goldens(
        promoted=register.promoted,
        wanted=wanted,
        stale=register.promoted != wanted,
        policy=context.promotions.rule.policy,
        refusal=_refusal(context),
        trouble=context.freshness.trouble,
        scrub=_scrub(context),
        roll_back_to=back,
        plan=[_planned(product) for product in plan.products],
        shape=_shape(plan),
        changes=_changes(plan.changes) if register.promoted is not None else [],
        renewal=_renewal(context),
        goldens=[_golden(context, m, register, wanted) for m in context.goldens.list()],
    )


def _planned(product: PlannedProduct) -> shapes.PlannedProduct:
    return shapes.PlannedProduct(
        kind=product.kind,
        name=product.name,
        done=product.done,
        needed=product.needed,
        last_build_s=product.last_build_s,
    )


def _shape(plan: GoldenPlan) -> shapes.MachineShape | None:
    return None if plan.shape is None else shapes.MachineShape(**dataclasses.asdict(plan.shape))


def _plan(context: Context, register: Register) -> GoldenPlan:
    promoted = register.promoted
    if promoted is not None and context.goldens.has(promoted):
        return context.plans.plan(promoted)
    return context.plans.plan()


def _scrub(context: Context) -> shapes.Scrub | None:
    last = context.scrubbing.last
    if last is None:
        return None
    return shapes.Scrub(golden_id=last.golden_id, at=last.at, damages=len(last.damages))


def _refusal(context: Context) -> Problem | None:
    try:
        context.promotions.serving()
    except VestibuleError as error:
        return Problem(code=error.failure_code, cause=error.cause, remedy=error.remedy)
    return None


def _golden(context: Context, manifest: Manifest, register: Register, wanted: GoldenId) -> shapes.Golden:
    move = register.last(manifest.golden_id)
    return shapes.Golden(
        golden_id=manifest.golden_id,
        status=register.status(manifest.golden_id),
        since=move.at if move else None,
        why=move.story if move else None,
        failing=move.failing if move else None,
        wanted=manifest.golden_id == wanted,
        agent_build=manifest.agent_build,
        contract=manifest.contract,
        tools=dict(manifest.tools),
        layers=list(manifest.layers),
        built_at=manifest.built_at,
        build_s=manifest.build_s,
        canaries=[_canary(context, report) for report in context.canaries.of(manifest.golden_id)],
        untested=context.renewals.untested(manifest.golden_id),
    )


def _canary(context: Context, report: CanaryReport) -> shapes.CanaryReport:
    pictured = context.canaries.has_screenshot(report.golden_id, report.driver)
    path = f"/api/goldens/{report.golden_id}/canary/{report.driver}/screenshot"
    return shapes.CanaryReport(
        golden_id=report.golden_id,
        driver=report.driver,
        passed=report.passed,
        verdict=report.verdict,
        at=report.at,
        seconds=report.seconds,
        clones=report.clones,
        checks=[
            shapes.CanaryCheck(name=check.name, ok=check.ok, detail=check.detail, seconds=check.seconds)
            for check in report.checks
        ],
        screenshot=path if pictured else None,
        evidence=context.canaries.evidence(report.golden_id, report.driver),
    )


async def reports(context: Context) -> list[shapes.CanaryReport]:
    """Every canary's report that is kept, the newest first; of goldens that are gone too."""
    return await asyncio.to_thread(lambda: [_canary(context, report) for report in context.canaries.all()])


def _renewal(context: Context) -> shapes.Renewal | None:
    renewal = context.renewals.current
    if renewal is None:
        return None
    return shapes.Renewal(
        golden_id=renewal.golden_id,
        why=renewal.why,
        began_at=renewal.began_at,
        ended_at=renewal.ended_at,
        outcome=renewal.outcome,
        failure=shown_failure(of_renewal(renewal)),
        steps=_steps(renewal),
        to_come=renewal.to_come,
        expected_end_at=renewal.expected_end_at,
        log=list(context.goldens.log_tail(renewal.products, LOG_LINES)),
    )


def _steps(renewal: Renewal) -> list[shapes.RenewalStep]:
    return [
        shapes.RenewalStep(
            phase=step.phase,
            name=step.name,
            began_at=step.began_at,
            seconds=step.seconds,
            estimate_s=step.estimate_s,
            trouble=step.trouble,
        )
        for step in renewal.steps
    ]


def _changes(changes: Sequence[Change]) -> list[shapes.InputChange]:
    return [
        shapes.InputChange(layer=change.layer, input=change.input, before=change.before, after=change.after)
        for change in changes
    ]


async def detail(context: Context, golden_id: GoldenId) -> shapes.GoldenDetail:
    """One golden with its history and its difference to the one before.  Raises Absent."""
    return await asyncio.to_thread(_detail, context, golden_id)


def _detail(context: Context, golden_id: GoldenId) -> shapes.GoldenDetail:
    manifest, register = context.goldens.manifest(golden_id), context.promotions.register
    before = next((m for m in context.goldens.list() if m.built_at < manifest.built_at), None)
    moves = [move for move in register.moves if move.golden_id == golden_id]
    return shapes.GoldenDetail(
        golden=_golden(context, manifest, register, context.goldens.wanted()),
        moves=[_move(move) for move in moves],
        compared_with=before.golden_id if before else None,
        changes=_changes(context.goldens.changes(before.golden_id, golden_id)) if before else [],
        digests=dict(manifest.digests),
    )


def _move(move: Move) -> shapes.GoldenMove:
    return shapes.GoldenMove(golden_id=move.golden_id, to=move.to, at=move.at, why=move.why)


def stream(context: Context) -> StreamingResponse:
    """Answer with everything about goldens, now and after every change, or with what is wrong meanwhile."""
    return StreamingResponse(_events(context), media_type="text/event-stream", headers=HEADERS)


async def _events(context: Context) -> AsyncIterator[str]:
    """``event: goldens`` with everything, or ``event: trouble`` with a problem while it cannot be read."""
    seq, last, quiet_s = 0, ("", ""), 0.0
    async for changed in context.renewals.feed.changes(GOLDENS, LOOK_S):
        quiet_s += LOOK_S
        expected = changed or context.renewals.busy or last[0] == TROUBLE
        if not expected and quiet_s < KEEP_ALIVE_S:
            continue
        now, quiet_s = await _event(context), 0.0
        if now == last:
            yield ": still here\n\n"
            continue
        seq, last = seq + 1, now
        name, data = now
        yield f"event: {name}\nid: {seq}\ndata: {data}\n\n"


async def _event(context: Context) -> tuple[str, str]:
    """Name and data; a register that breaks for a while must not end what it is mended under."""
    try:
        return "goldens", (await present(context)).model_dump_json()
    except Exception as error:
        foreseen = isinstance(error, VestibuleError)
        log.warning("Goldens cannot be shown", error=repr(error), exc_info=None if foreseen else error)
        failure = diagnosis.failure_of(error)
        problem = Problem(code=failure.code, cause=failure.cause, remedy=failure.remedy)
        return TROUBLE, problem.model_dump_json()
