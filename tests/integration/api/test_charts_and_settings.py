"""What charts are drawn from, and the settings in force."""

from __future__ import annotations

import httpx
import pytest
from event_stream import Stream
from golden_doubles import GOLDEN
from lab import Lab

from vestibule.core.sessions import SessionStatus

pytestmark = pytest.mark.anyio


async def test_start_times_are_everybody_s_for_the_operator_and_one_s_own_for_others(
    lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    await lab.timeline.close()  # steps are stored behind
    seen = (await ann.get("/api/health/starts?days=1")).json()
    (times,) = seen["goldens"]
    assert seen["of_everybody"] is True
    assert (times["golden_id"], times["driver"], times["p50_s"]) == (GOLDEN, "fake", 0)
    assert times["counts"] == [1, *[0] * len(seen["bounds_s"])]
    own = (await bob.get("/api/health/starts")).json()
    assert (own["of_everybody"], own["goldens"]) == (False, [])


@pytest.mark.parametrize("days", ["0", "367", "x"])
async def test_days_that_there_are_not(ann: httpx.AsyncClient, days: str) -> None:
    answer = await ann.get(f"/api/health/starts?days={days}")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


async def test_the_host_s_history_is_told_sample_by_sample(
    lab: Lab, bob: httpx.AsyncClient, served: str
) -> None:
    history = lab.context.monitor.history
    await history.look()
    headers = {"Authorization": bob.headers["Authorization"]}
    async with (
        httpx.AsyncClient(base_url=f"http://{served}", headers=headers, trust_env=False) as client,
        client.stream("GET", "/api/health/host/history/events") as answer,
    ):
        stream = Stream(answer)
        assert (await stream.next() or {})["samples"] == []
        await history.look()
        event = await stream.next()
        assert event is not None
        (sample,) = event["samples"]
        assert 0 <= sample["cpu_busy"] <= 1
        assert 0 < sample["mem_used_bytes"] < sample["mem_total_bytes"]
    told = (await bob.get("/api/health/host/history")).json()
    assert (told["host"], told["samples"]) == ("lab", [sample])


async def test_settings_are_told_to_the_operator(ann: httpx.AsyncClient) -> None:
    body = (await ann.get("/api/settings")).json()
    assert body["file"] is None
    assert body["settings"] == [
        {
            "name": "port",
            "variable": "VESTIBULE_PORT",
            "group": "controller",
            "value": "4001",
            "default": "4000",
            "source": "environment",
            "secret": False,
            "is_set": True,
            "text": "Port that the controller listens on.",
        }
    ]
