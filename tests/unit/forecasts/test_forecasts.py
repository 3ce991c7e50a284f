"""A credential's end is told before it comes, once, whatever controllers and receivers do meanwhile."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs
from vault_lab import NOW
from waiting import until

from vestibule.core.errors import Unavailable
from vestibule.core.forecast import PAUSES
from vestibule.drivers.webhook import SIGNATURE, HttpWebhook
from vestibule.services import forecasts

from .conftest import AHEAD, Bench

pytestmark = pytest.mark.anyio
HOUR_S = 3600.0


async def test_what_ends_within_the_time_is_posted_with_what_it_is(bench: Bench) -> None:
    credential_id = await bench.ends_in(71)
    await bench.controller().look()
    (event,) = bench.events
    assert event.pop("id")
    assert event == {
        "type": "credential.expires_soon",
        "at": NOW.isoformat(),
        "credential_id": credential_id,
        "session_id": (await bench.lab.rows.get(credential_id)).session_id,
        "user_id": bench.ann.user_id,
        "provider": "demo",
        "account": "ann",
        "expires_at": (NOW + dt.timedelta(hours=71)).isoformat(),
        "custody": "sealed",
        "holder": None,
    }


async def test_a_post_is_signed_over_the_very_bytes(bench: Bench) -> None:
    await bench.ends_in(1)
    await bench.controller().look()
    ((headers, body),) = bench.receiver.got
    expected = hmac.new(b"visibly-fake-secret", body, hashlib.sha256).hexdigest()
    assert headers[SIGNATURE.lower()] == f"sha256={expected}"


async def test_without_a_secret_nothing_is_signed(bench: Bench) -> None:
    await bench.ends_in(1)
    await bench.controller(HttpWebhook(bench.receiver.url, None)).look()
    ((headers, _body),) = bench.receiver.got
    assert SIGNATURE.lower() not in headers


async def test_no_secret_of_the_vault_is_posted(bench: Bench) -> None:
    await bench.ends_in(1)
    await bench.controller().look()
    ((_headers, body),) = bench.receiver.got
    assert b"fake" not in body


@pytest.mark.parametrize("hours", [73, -73])
async def test_what_ends_much_later_or_ended_long_ago_is_not_told(bench: Bench, hours: float) -> None:
    await bench.ends_in(hours)
    await bench.controller().look()
    assert bench.events == []


async def test_what_ended_a_moment_ago_while_no_controller_ran_is_told(bench: Bench) -> None:
    await bench.ends_in(-1)
    await bench.controller().look()
    assert len(bench.events) == 1


async def test_what_nobody_knows_the_end_of_is_not_told(bench: Bench) -> None:
    credential_id = await bench.lab.sealed(bench.ann)
    await bench.lab.spoil(credential_id, login_expires_at=None)
    await bench.controller().look()
    assert bench.events == []


async def test_a_deleted_one_is_not_told(bench: Bench) -> None:
    await bench.lab.custodian.delete(bench.ann, await bench.ends_in(1))
    await bench.controller().look()
    assert bench.events == []


async def test_each_end_is_told_once_by_later_controllers_too(bench: Bench) -> None:
    await bench.ends_in(1)
    for _ in range(2):
        controller = bench.controller()
        await controller.look()
        await controller.look()
    assert len(bench.events) == 1


async def test_another_end_of_the_same_credential_is_told_anew(bench: Bench) -> None:
    credential_id = await bench.ends_in(1)
    await bench.controller().look()
    await bench.ends_then(credential_id, 100)
    await bench.controller().look()
    bench.lab.clock.move(50 * HOUR_S)
    await bench.controller().look()
    first, second = bench.events
    assert first["id"] != second["id"]
    assert second["expires_at"] == (NOW + dt.timedelta(hours=100)).isoformat()


async def test_a_warning_is_in_the_audit_log_once_without_a_webhook_too(bench: Bench) -> None:
    credential_id = await bench.ends_in(1)
    quiet = bench.controller()
    quiet._webhook = None
    with capture_logs() as logs:
        await quiet.look()
        await quiet.look()
    (entry,) = [entry for entry in logs if entry["event"] == "Credential expires soon"]
    assert (entry["credential_id"], entry["user_id"]) == (credential_id, bench.ann.user_id)
    await bench.controller().look()
    assert bench.events == []  # told before there was a webhook


async def test_zero_hours_means_never(bench: Bench) -> None:
    await bench.ends_in(-1)
    await bench.controller(ahead=dt.timedelta(0)).run()
    assert bench.events == []


async def test_a_post_that_is_refused_is_tried_again_after_a_pause_by_a_later_controller_too(
    bench: Bench,
) -> None:
    await bench.ends_in(1)
    bench.receiver.answers = [503]
    await bench.controller().look()
    await bench.controller().look()
    assert len(bench.events) == 1
    bench.lab.clock.move(PAUSES[0].total_seconds())
    await bench.controller().look()
    first, second = bench.events
    assert first == second
    bench.lab.clock.move(24 * HOUR_S)
    await bench.controller().look()
    assert len(bench.events) == 2


class FailingOnce:
    """A webhook with a fault of its own: the first post raises what no webhook may raise."""

    def __init__(self, webhook: HttpWebhook) -> None:
        self._webhook = webhook
        self.faults: list[Exception] = [ValueError("nobody foresaw this")]

    async def post(self, body: Mapping[str, object]) -> None:
        if self.faults:
            raise self.faults.pop()
        await self._webhook.post(body)


async def test_a_post_with_an_unforeseen_fault_is_an_attempt_and_keeps_no_other_waiting(bench: Bench) -> None:
    both = {await bench.ends_in(1), await bench.ends_in(2)}
    controller = bench.controller(FailingOnce(HttpWebhook(bench.receiver.url, None)))
    with capture_logs() as logs:
        await controller.look()
        await controller.look()
    assert len(bench.events) == 1
    (failed,) = [entry for entry in logs if entry["event"] == "A warning could not be posted yet"]
    assert (failed["log_level"], failed["attempts"], repr(failed["exc_info"])) == (
        "error",
        1,
        "ValueError('nobody foresaw this')",
    )
    bench.lab.clock.move(PAUSES[0].total_seconds())
    await controller.look()
    assert {event["credential_id"] for event in bench.events} == both


async def test_it_is_given_up_after_some_attempts_and_that_is_logged(bench: Bench) -> None:
    await bench.ends_in(60)
    bench.receiver.answers = [500] * 99
    with capture_logs() as logs:
        for pause in (dt.timedelta(0), *PAUSES, AHEAD):
            bench.lab.clock.move(pause.total_seconds())
            await bench.controller().look()
    assert len(bench.events) == len(PAUSES) + 1
    said = [entry["event"] for entry in logs if "posted" in entry["event"]]
    assert said[-1] == "A warning could not be posted, and is given up"
    assert said.count(said[-1]) == 1


async def test_a_credential_that_is_deleted_before_the_next_attempt_is_not_told(bench: Bench) -> None:
    credential_id = await bench.ends_in(1)
    bench.receiver.answers = [503]
    await bench.controller().look()
    await bench.lab.custodian.delete(bench.ann, credential_id)
    bench.lab.clock.move(PAUSES[0].total_seconds())
    await bench.controller().look()
    assert len(bench.events) == 1


async def test_a_receiver_that_is_not_there_is_named_by_its_host_alone() -> None:
    """The address may hold a token."""
    webhook = HttpWebhook("http://127.0.0.1:9/hook?token=visibly-fake-token", None)
    with pytest.raises(Unavailable) as failed:
        await webhook.post({})
    assert (failed.value.failure_code, failed.value.__cause__) == ("webhook_failed", None)
    assert "127.0.0.1" in failed.value.cause
    assert "fake" not in failed.value.cause + failed.value.remedy


async def test_a_redirection_is_no_delivery(bench: Bench) -> None:
    bench.receiver.answers = [302]
    with pytest.raises(Unavailable, match="302"):
        await HttpWebhook(bench.receiver.url, None).post({})


async def test_a_look_that_fails_is_told_and_the_next_is_taken(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecasts, "EVERY_S", 0.001)
    await bench.ends_in(1)
    controller = bench.controller()
    look, failures = controller.look, [OSError("a full disk")]

    async def failing_once() -> None:
        if failures:
            raise failures.pop()
        await look()

    monkeypatch.setattr(controller, "look", failing_once)
    with capture_logs() as logs:
        task = asyncio.create_task(controller.run())
        await until(lambda: bench.events)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert "Credentials could not be looked through for those that end" in [line["event"] for line in logs]
