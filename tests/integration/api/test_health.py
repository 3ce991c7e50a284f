"""Readiness, metrics and failures over HTTP: who may ask, and what is said when something is broken."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import httpx
import pytest
from exposition import read
from golden_doubles import GOLDEN
from lab import Lab
from monitor_lab import SCRAPE_TOKEN

from vestibule.core.errors import GoldenFailed, MachineFailed
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db import engine
from vestibule.services import promotions

pytestmark = pytest.mark.anyio


def failed(answer: httpx.Response) -> dict[str, tuple[str, str]]:
    body = answer.json()
    wrong = {check["name"]: (check["code"], check["remedy"]) for check in body["checks"] if not check["ok"]}
    assert (answer.status_code, body["ready"]) == ((503, False) if wrong else (200, True))
    assert body["failed"] == list(wrong)
    return wrong


async def test_a_ready_controller_says_so_to_anybody(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.get("/readyz")
    assert failed(answer) == {}
    assert [check["name"] for check in answer.json()["checks"]] == ["database", "golden"]


async def test_a_golden_that_cannot_be_served(lab: Lab, nobody: httpx.AsyncClient) -> None:
    lab.goldens.damaged[GOLDEN] = GoldenFailed(
        "Its disk was changed.", remedy="Build.", code="golden_corrupt"
    )
    assert failed(await nobody.get("/readyz")) == {"golden": ("golden_corrupt", "Build.")}


async def test_no_golden_at_all(lab: Lab, nobody: httpx.AsyncClient) -> None:
    (lab.folder / "state/goldens.json").unlink()
    assert failed(await nobody.get("/readyz")) == {"golden": ("golden_absent", promotions.IDLE)}


async def test_a_database_that_another_program_holds(
    lab: Lab, nobody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_S", 0.05)  # of connections that are made from now on
    await lab.database.close()
    with closing(sqlite3.connect(lab.folder / "state/vestibule.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        code, remedy = failed(await nobody.get("/readyz"))["database"]
        assert code == "database_busy"
        assert remedy
        other.execute("ROLLBACK")
    assert failed(await nobody.get("/readyz")) == {}


async def test_a_database_that_is_gone(lab: Lab, nobody: httpx.AsyncClient) -> None:
    await lab.database.close()
    state = lab.folder / "state"
    state.rename(lab.folder / "elsewhere")
    try:
        assert "database" in failed(await nobody.get("/readyz"))
    finally:
        (lab.folder / "elsewhere").rename(state)


async def test_what_is_told_to_anybody_names_no_path(lab: Lab, nobody: httpx.AsyncClient) -> None:
    await lab.database.close()
    state = lab.folder / "state"
    state.rename(lab.folder / "elsewhere")
    try:
        assert str(lab.folder) not in (await nobody.get("/readyz")).text
    finally:
        (lab.folder / "elsewhere").rename(state)


async def test_who_has_signed_in_sees_causes_and_the_host(lab: Lab, bob: httpx.AsyncClient) -> None:
    lab.goldens.damaged[GOLDEN] = GoldenFailed(
        "Its disk was changed.", remedy="Build.", code="golden_corrupt"
    )
    body = (await bob.get("/api/health/host")).json()
    assert [check["cause"] for check in body["checks"] if not check["ok"]] == ["Its disk was changed."]
    assert 0 < body["mem_available_bytes"] <= body["mem_total_bytes"]
    assert [disk["folder"] for disk in body["disks"]] == ["state", "run", "cache"]
    assert body["cpus"] == os.cpu_count()


async def test_metrics_are_for_the_operator_and_the_scraper(
    ann: httpx.AsyncClient, bob: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    scraper = {"Authorization": f"Bearer {SCRAPE_TOKEN}"}
    for client, headers in ((ann, {}), (nobody, scraper)):
        answer = await client.get("/metrics", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert read(answer.text)["vestibule_ready", ("database",)] == 1
    assert (await bob.get("/metrics")).json()["code"] == "operator_only"
    assert (await nobody.get("/metrics", headers={"Authorization": "Bearer x"})).status_code == 401


@pytest.mark.parametrize("path", ["/api/me", "/api/health/host", "/api/health/failures", "/api/users"])
async def test_the_scraper_s_token_opens_nothing_else(nobody: httpx.AsyncClient, path: str) -> None:
    answer = await nobody.get(path, headers={"Authorization": f"Bearer {SCRAPE_TOKEN}"})
    assert answer.status_code == 401


async def test_failures_are_counted_for_all_and_shown_to_their_owner(
    lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    done = await lab.connect()
    await lab.reach(done.session_id, SessionStatus.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    await lab.ended(done.session_id)
    lab.driver.refuse(MachineFailed("It did not start.", remedy="Look.", code="machine_not_started"))
    hers, his = await lab.connect(), await lab.connect(lab.bob)
    for record in (hers, his):
        await lab.ended(record.session_id)
    operator = (await ann.get("/api/health/failures?days=1")).json()
    assert (operator["of_everybody"], operator["score"]["failed"], operator["score"]["completed"]) == (
        True,
        2,
        1,
    )
    assert operator["score"]["success_rate"] == pytest.approx(1 / 3)
    (reason,) = operator["reasons"]
    assert (reason["code"], reason["count"], len(reason["over_time"])) == ("machine_not_started", 2, 24)
    assert [example["session_id"] for example in reason["examples"]] == [hers.session_id]
    own = (await bob.get("/api/health/failures?days=1")).json()
    assert (own["of_everybody"], own["score"]["failed"], own["score"]["completed"]) == (False, 1, 0)
    assert [example["session_id"] for example in own["reasons"][0]["examples"]] == [his.session_id]
    assert {golden["golden_id"] for golden in operator["goldens"]} == {GOLDEN}


@pytest.mark.parametrize("days", ["0", "367", "x"])
async def test_a_time_that_makes_no_sense_is_refused(ann: httpx.AsyncClient, days: str) -> None:
    answer = await ann.get(f"/api/health/failures?days={days}")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
