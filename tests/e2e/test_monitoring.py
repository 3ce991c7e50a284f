"""A real controller that is watched: what it says of itself while a machine runs, and when a thing breaks."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from controller import Controller, running
from exposition import Series, read

pytestmark = pytest.mark.golden

TOKEN = "visibly-fake-token-of-a-scraper"
PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    request.getfixturevalue("golden")
    token = tmp_path_factory.mktemp("scraper") / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    settings = {"VESTIBULE_ISOLATION": "container", "VESTIBULE_METRICS_TOKEN_FILE": str(token)}
    with running(**settings) as started:
        started.settled()
        yield started


def scrape(controller: Controller) -> Series:
    answer = httpx.get(
        f"{controller.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
    )
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def missing(controller: Controller) -> list[str]:
    """What /readyz says that fails; nobody signs in for it."""
    answer = httpx.get(f"{controller.url}/readyz", trust_env=False, timeout=20)
    body = answer.json()
    assert answer.status_code == (503 if body["failed"] else 200)
    assert all(check["remedy"] for check in body["checks"] if not check["ok"])
    return list(body["failed"])


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def broker_of(controller: Controller) -> int:
    """The controller's only child that goes on with machines."""
    (found,) = brokers_of(controller)
    return found


def brokers_of(controller: Controller) -> list[int]:
    """None at the moment when one is replaced."""
    pid = controller.process.pid
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [
        child
        for child in children
        if b"vestibule.drivers.net.broker" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def test_a_controller_that_runs_a_machine_says_so(watched: Controller) -> None:
    assert missing(watched) == []
    with watched.client() as client:
        machine = client.post("/api/vms", json={}).json()
        until(lambda: scrape(watched).get(("vestibule_machines_memory_bytes", ("container",)), 0) > 1 << 20)
        series = scrape(watched)
        assert series["vestibule_machines", ("container", "running")] == 1
        assert series["vestibule_machines_cpu_seconds_total", ("container",)] > 0
        assert series["vestibule_golden_info", (machine["agent_build"][:16], machine["golden_id"])] == 1
        assert series["vestibule_golden_stale", ()] == 0
        assert {value for (name, _), value in series.items() if name == "vestibule_metrics_unread"} == {0}
        client.delete(f"/api/vms/{machine['vm_id']}")
    series = scrape(watched)
    assert series["vestibule_machines_ended_total", ("none", "container", "destroyed")] == 1
    assert series["process_resident_memory_bytes", ()] > 10 << 20
    until(lambda: scrape(watched)["vestibule_evidence_machines", ()] >= 1)


def test_a_broker_that_is_stopped_is_named_and_one_that_goes_on_is_fine(watched: Controller) -> None:
    broker = broker_of(watched)
    os.kill(broker, signal.SIGSTOP)
    try:
        until(lambda: missing(watched) == ["broker"])
        assert scrape(watched)["vestibule_ready", ("broker",)] == 0
    finally:
        os.kill(broker, signal.SIGCONT)
    until(lambda: missing(watched) == [])


def test_a_broker_that_was_killed_is_replaced(watched: Controller) -> None:
    broker = broker_of(watched)
    os.kill(broker, signal.SIGKILL)
    until(lambda: missing(watched) == [] and brokers_of(watched) not in ([], [broker]))


def test_a_register_that_is_gone_is_named(watched: Controller) -> None:
    register = watched.folder / "state/goldens.json"
    register.rename(register.with_suffix(".away"))
    try:
        until(lambda: missing(watched) == ["golden"])
    finally:
        register.with_suffix(".away").rename(register)
    until(lambda: missing(watched) == [])


def test_what_failed_is_counted_by_the_command_line_too(watched: Controller) -> None:
    found = watched.command("failures", "--days", "1")
    assert (found["of_everybody"], found["score"]["failed"], len(found["bars"])) == (True, 0, 24)


def test_changes_of_readiness_are_in_the_log_once(watched: Controller) -> None:
    changes = [line for line in watched.log if "Readiness changed" in line and re.search(r"broker", line)]
    assert 2 <= len(changes) <= 6
