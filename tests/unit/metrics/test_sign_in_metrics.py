"""Sign-ins, machines, goldens, credentials and webhooks are counted as they go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from exposition import Series, read
from golden_doubles import GOLDEN, NEXT, report_of
from lab import Lab

from vestibule.assembly import _Verdicts
from vestibule.core.egress import Reason, Verdict
from vestibule.core.errors import GoldenFailed, MachineFailed, Unavailable
from vestibule.core.ids import VmId
from vestibule.core.machines import DriverName
from vestibule.core.sessions import CancelAsked, SessionStatus
from vestibule.drivers.metrics.prometheus import PrometheusMeter
from vestibule.services.metered_webhook import MeteredWebhook

pytestmark = pytest.mark.anyio
S = SessionStatus


async def scrape(lab: Lab) -> Series:
    return read((await lab.context.monitor.exposition()).decode())


async def test_a_sign_in_counts_its_stages_and_its_end_once(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    series = await scrape(lab)
    assert series["vestibule_sessions_open", ("awaiting_user_auth",)] == 1
    assert series["vestibule_sessions_open", ("started",)] == 0
    assert series["vestibule_machines", ("fake", "running")] == 1
    lab.clock.move(40)
    await lab.machine().agent.sign_in()
    await lab.ended(record.session_id)
    series = await scrape(lab)
    assert series["vestibule_sessions_ended_total", ("none", "demo", "completed")] == 1
    for stage in ("started", "vm_created", "ready", "awaiting_user_auth", "authenticating"):
        assert series["vestibule_session_stage_seconds_count", ("fake", stage)] == 1, stage
    assert series["vestibule_session_stage_seconds_sum", ("fake", "awaiting_user_auth")] == 40
    assert series["vestibule_session_seconds_sum", ("completed",)] == 40
    assert series["vestibule_machines_ended_total", ("none", "fake", "destroyed")] == 1
    assert series["vestibule_credentials", ("sealed",)] == 1
    assert sum(value for (name, _), value in series.items() if name == "vestibule_sessions_open") == 0


async def test_a_failure_is_counted_by_its_code_of_session_and_machine(lab: Lab) -> None:
    lab.driver.refuse(MachineFailed("It did not start.", remedy="Look.", code="machine_not_started"))
    record = await lab.connect()
    await lab.ended(record.session_id)
    series = await scrape(lab)
    assert series["vestibule_sessions_ended_total", ("machine_not_started", "demo", "failed")] == 1
    assert series["vestibule_machines_ended_total", ("machine_not_started", "fake", "failed")] == 1


@pytest.mark.parametrize(
    ("code", "check"), [("desktop_absent", "desktop"), ("vnc_absent", "vnc"), ("no_identity_ack", "agent")]
)
async def test_what_a_machine_could_not_confirm_is_counted_by_the_check(
    lab: Lab, code: str, check: str
) -> None:
    lab.driver.refuse(MachineFailed("It came up, but …", remedy="Look.", code=code))
    await lab.ended((await lab.connect()).session_id)
    assert (await scrape(lab))["vestibule_health_check_failures_total", (check,)] == 1


async def test_a_cancelled_one_is_counted_though_nobody_waits_for_its_write(lab: Lab) -> None:
    record = await lab.connect()
    # The page's title is the last that a run has to store by itself: it would see that the state has changed.
    await lab.until(record.session_id, lambda now: now.page_title is not None)
    task = asyncio.create_task(
        lab.sessions.advance(record.session_id, seen=S.AWAITING_USER_AUTH, to=S.CANCELLED, at=lab.clock.now())
    )
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert (await scrape(lab))["vestibule_sessions_ended_total", ("none", "demo", "cancelled")] == 1
    lab.sign_ins._runs[record.session_id].post(CancelAsked())


async def test_a_step_that_cannot_be_timed_is_stored_and_counted_all_the_same(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(_session_id: object) -> Any:
        raise Unavailable("It is locked.", remedy="Wait.", code="database_busy")

    monkeypatch.setattr(lab.sessions, "stages", busy)
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    assert (await lab.ended(record.session_id)).status is S.COMPLETED
    assert (await scrape(lab))["vestibule_sessions_ended_total", ("none", "demo", "completed")] == 1


async def test_the_promoted_golden_its_age_and_its_staleness(lab: Lab) -> None:
    lab.works.canaries.reports[GOLDEN, DriverName.FAKE] = report_of(GOLDEN)
    series = await scrape(lab)
    assert series["vestibule_golden_info", ("fake-build", GOLDEN)] == 1
    assert (
        series["vestibule_golden_age_seconds", ()]
        == (lab.clock.now() - lab.goldens.manifest(GOLDEN).built_at).total_seconds()
    )
    assert (series["vestibule_golden_stale", ()], series["vestibule_ready", ("golden",)]) == (0, 1)
    assert series["vestibule_canary_passed", ("fake",)] == 1
    lab.goldens.today = NEXT
    lab.works.canaries.reports[GOLDEN, DriverName.FAKE] = report_of(GOLDEN, ok=False)
    series = await scrape(lab)
    assert (series["vestibule_golden_stale", ()], series["vestibule_canary_passed", ("fake",)]) == (1, 0)


async def test_a_golden_that_cannot_be_served_is_no_silence(lab: Lab) -> None:
    lab.goldens.damaged[GOLDEN] = GoldenFailed(
        "Its disk was changed.", remedy="Build.", code="golden_corrupt"
    )
    series = await scrape(lab)
    assert (series["vestibule_ready", ("golden",)], series["vestibule_ready", ("database",)]) == (0, 1)


def test_verdicts_are_counted_by_what_came_of_them() -> None:
    ledger = PrometheusMeter()
    verdicts = _Verdicts(ledger)
    for reason in (Reason.ALLOWED, Reason.INTERNAL, Reason.NAME_REFUSED, Reason.UNRESOLVED):
        verdicts(VmId("vm-1"), Verdict(host="secret.example.com", port=443, reason=reason))
    text = ledger.text([]).decode()
    series = read(text)
    assert series["vestibule_egress_verdicts_total", ("allowed", "allowed")] == 1
    assert series["vestibule_egress_verdicts_total", ("internal", "allowed")] == 1
    assert series["vestibule_egress_verdicts_total", ("name_refused", "refused")] == 1
    assert series["vestibule_egress_verdicts_total", ("unresolved", "unreachable")] == 1
    assert "secret.example.com" not in text


async def test_posts_are_counted_and_their_failure_is_still_told() -> None:
    class Flaky:
        fails = False

        async def post(self, _event: Mapping[str, object]) -> None:
            if self.fails:
                raise Unavailable("It broke.", remedy="Look.", code="webhook_failed")

    ledger, flaky = PrometheusMeter(), Flaky()
    webhook = MeteredWebhook(flaky, ledger)
    await webhook.post({})
    flaky.fails = True
    with pytest.raises(Unavailable):
        await webhook.post({})
    series = read(ledger.text([]).decode())
    assert series["vestibule_webhook_posts_total", ("delivered",)] == 1
    assert series["vestibule_webhook_posts_total", ("failed",)] == 1


async def test_no_label_names_a_session_a_machine_or_a_user(lab: Lab) -> None:
    record = await lab.reach((await lab.connect()).session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    done = await lab.ended(record.session_id)
    text = (await lab.context.monitor.exposition()).decode()
    ids: list[Any] = [done.session_id, done.vm_id, done.user_id, done.credential_id, done.vm_ip, lab.ann.name]
    assert [each for each in ids if f'"{each}"' in text] == []
