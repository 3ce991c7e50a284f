"""What the project promises first: nobody gets an agent that is not the one they should get.

A controller runs from a copy of the sources, whose inputs are changed under it.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from controller import VESTIBULE, Controller, running

from vestibule.settings import load
from vestibule_agent.protocol import CONTRACT

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300.0
AGENT = "agent/vestibule_agent/urls.py"
PROTOCOL = "agent/vestibule_agent/protocol.py"
NONCE = secrets.token_hex(8)
"""Makes goldens that no run before has tried: one that was tried is promoted before anybody sees it stale."""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of all that a controller reads of its installation."""
    for name in ("src", "agent", "images", "providers"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "web").mkdir()
    shutil.copytree(ROOT / "web/dist", tmp_path / "web/dist")
    return tmp_path


@pytest.fixture
def copied(sources: Path, golden: None) -> Iterator[Controller]:
    """A controller of the copy; its golden is the one that the checkout makes, tried before."""
    assert golden is None
    with running(**_settings(sources, isolation="container")) as started:
        with started.client() as client:
            assert state(client)["promoted"] is not None
        yield started


@pytest.fixture
def copied_for_vms(sources: Path, snapshot: None) -> Iterator[Controller]:
    """The same, whose machines are virtual."""
    assert snapshot is None
    with running(**_settings(sources, isolation="vm")) as started:
        yield started


def _settings(sources: Path, *, isolation: str) -> dict[str, str]:
    return {
        "VESTIBULE_ISOLATION": isolation,
        # Others' goldens in this cache, the checkout's among them, are not this controller's to collect.
        "VESTIBULE_GOLDEN_KEEP": "100",
        "PYTHONPATH": f"{sources / 'src'}:{sources / 'agent'}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def test_an_edit_of_the_agent_reaches_people_without_a_restart(sources: Path, copied: Controller) -> None:
    with copied.client() as client:
        before = state(client)
        assert (before["stale"], before["refusal"]) == (False, None)
        running_on = await_session(client, start(client, "demo"), "awaiting_user_auth")
        edit(sources / AGENT, lambda text: text + f"# {NONCE}\n")

        stale = follow(client, lambda now: now["stale"])
        assert [change["input"] for change in stale["changes"]] == ["package.urls.py"]
        during = await_session(client, start(client, "codex"), "vm_created")
        renewed = follow(client, lambda now: now["promoted"] == now["wanted"] != before["promoted"])
        after = await_session(client, start(client, "claude-code"), "ready")

        assert (during["golden_id"], after["golden_id"]) == (before["promoted"], renewed["promoted"])
        assert after["agent_build"] != running_on["agent_build"]
        untouched = client.get(f"/api/auth/session/{running_on['session_id']}").json()
        assert (untouched["status"], untouched["golden_id"]) == ("awaiting_user_auth", before["promoted"])
        (report,) = next(g for g in renewed["goldens"] if g["golden_id"] == renewed["promoted"])["canaries"]
        assert report["passed"], report


def test_an_agent_of_another_contract_is_never_shown_to_anybody(sources: Path, copied: Controller) -> None:
    with copied.client() as client:
        old = state(client)["promoted"]
    copied.stop()
    edit(
        sources / PROTOCOL,
        lambda text: text.replace(f"CONTRACT = {CONTRACT}\n", f"CONTRACT = 1001  # {NONCE}\n"),
    )
    copied.start_again()
    with copied.client() as client:
        refused = await_session(client, start(client, "demo"), "failed")
        assert refused["failure"]["code"] == "golden_incompatible"
        assert refused["golden_id"] is None
        assert "is being made" in refused["failure"]["remedy"]

        renewed = follow(client, lambda now: now["refusal"] is None)
        served = await_session(client, start(client, "demo"), "awaiting_user_auth")
        assert served["golden_id"] == renewed["promoted"] != old
        goldens = {golden["golden_id"]: golden["contract"] for golden in renewed["goldens"]}
        assert (goldens[old], goldens[served["golden_id"]]) == (CONTRACT, 1001)


def test_a_golden_whose_canary_fails_is_rejected_and_the_one_before_is_served(
    sources: Path, copied: Controller
) -> None:
    with copied.client() as client:
        before = state(client)["promoted"]
        edit(sources / "agent/demo_tool/vestibule-demo", lambda _: "#!/bin/sh\necho broken\nexit 7\n")
        rejected = follow(client, lambda now: (now["renewal"] or {}).get("outcome") == "rejected")
        assert rejected["promoted"] == before != rejected["wanted"]
        assert rejected["renewal"]["failure"]["code"] == "canary_failed"
        candidate = next(g for g in rejected["goldens"] if g["golden_id"] == rejected["wanted"])
        (report,) = candidate["canaries"]
        assert candidate["status"] == "rejected"
        assert [check["name"] for check in report["checks"] if not check["ok"]] == ["sign-in"]
        picture = client.get(report["screenshot"])
        assert picture.headers["content-type"] == "image/png"
        served = await_session(client, start(client, "codex"), "ready")
        assert served["golden_id"] == before


def test_a_golden_that_fails_people_is_left_and_the_operator_is_told_why(
    sources: Path, copied: Controller
) -> None:
    with copied.client() as client:
        before = state(client)["promoted"]
        edit(sources / AGENT, lambda text: text + "# another line\n")
        renewed = follow(client, lambda now: now["promoted"] == now["wanted"] != before)
        for _ in range(3):
            session = await_session(client, start(client, "demo"), "awaiting_user_auth")
            machine = client.get(f"/api/vms/{session['vm_id']}").json()
            subprocess.run(["kill", "-9", str(machine["pid"])], check=True)
            await_session(client, session["session_id"], "failed")
        left = follow(client, lambda now: now["promoted"] != renewed["promoted"])
        assert left["promoted"] == before
        golden = next(g for g in left["goldens"] if g["golden_id"] == renewed["promoted"])
        assert golden["status"] == "rolled_back"
        assert "3 of 3 machines failed by the golden's fault (machine_exited)" in golden["why"]
    doctor = subprocess.run(
        [VESTIBULE, "doctor"], env=copied.environment, capture_output=True, text=True, check=False
    )
    assert "rolled_back" in doctor.stdout


def test_a_golden_that_was_written_to_is_refused_by_name_and_made_again(
    sources: Path, copied: Controller
) -> None:
    with copied.client() as client:
        before = state(client)["promoted"]
        edit(sources / AGENT, lambda text: text + f"# decays {NONCE}\n")
        damaged = follow(client, lambda now: now["promoted"] == now["wanted"] != before)["promoted"]
        running_on = await_session(client, start(client, "demo"), "awaiting_user_auth")
        disk = layer_of(client, damaged, "agent") / "layer.sqfs"
        spoil(disk)

        refused = await_session(client, start(client, "codex"), "failed")["failure"]
        assert refused["code"] == "golden_corrupt"
        assert f"layer.sqfs of {disk.parent.name} was changed" in refused["cause"]
        assert f"verify {damaged} --discard" in refused["remedy"]
        waiting = follow(client, lambda now: failure_code(now) == "golden_in_use")
        assert waiting["refusal"]["code"] == "golden_corrupt"
        untouched = client.get(f"/api/auth/session/{running_on['session_id']}").json()
        assert untouched["status"] == "awaiting_user_auth"

        client.post(f"/api/auth/session/{running_on['session_id']}/cancel").raise_for_status()
        await_session(client, running_on["session_id"], "cancelled")
        client.post("/api/goldens/renew").raise_for_status()
        follow(client, lambda now: now["refusal"] is None)
        served = await_session(client, start(client, "demo"), "awaiting_user_auth")
        assert served["golden_id"] == damaged
    assert copied.command("golden", "verify", damaged)["sound"]


def test_a_snapshot_that_was_written_to_is_refused_by_name_then_made_and_tried_again(
    sources: Path, copied_for_vms: Controller
) -> None:
    with copied_for_vms.client() as client:
        before = state(client)["promoted"]
        edit(sources / AGENT, lambda text: text + f"# its memory decays {NONCE}\n")
        damaged = follow(client, lambda now: now["promoted"] == now["wanted"] != before)["promoted"]
        tried_at = canary_of(client, damaged)["at"]
        memory = snapshot_of(damaged) / "memory.img"
        spoil(memory)

        refused = await_session(client, start(client, "demo"), "failed")["failure"]
        assert refused["code"] == "golden_corrupt"
        assert f"memory.img of {memory.parent.name} was changed" in refused["cause"]

        follow(client, lambda _: canary_of(client, damaged)["at"] != tried_at)
        follow(client, lambda now: now["renewal"]["outcome"] == "promoted")
        served = await_session(client, start(client, "demo"), "ready")
        assert served["golden_id"] == damaged
    assert copied_for_vms.command("golden", "verify", damaged)["sound"]


def canary_of(client: httpx.Client, golden_id: str) -> dict[str, Any]:
    """Its one canary's report."""
    (report,) = client.get(f"/api/goldens/{golden_id}").json()["golden"]["canaries"]
    return dict(report)


def snapshot_of(golden_id: str) -> Path:
    """The folder of a golden's memory snapshot."""
    manifests = (load().cache_dir / "snapshots").glob("*/manifest.json")
    (found,) = (path for path in manifests if json.loads(path.read_text())["key"]["golden_id"] == golden_id)
    return found.parent


def layer_of(client: httpx.Client, golden_id: str, kind: str) -> Path:
    """The folder of a golden's layer."""
    golden = client.get(f"/api/goldens/{golden_id}").json()["golden"]
    (name,) = (layer for layer in golden["layers"] if layer.startswith(f"l-{kind}-"))
    return load().cache_dir / "layers" / str(name)


def spoil(file: Path) -> None:
    """Write one other byte into a finished product."""
    file.chmod(0o644)
    with file.open("r+b") as opened:
        opened.seek(-1, 2)
        (last,) = opened.read(1)
        opened.seek(-1, 2)
        opened.write(bytes([last ^ 1]))


def failure_code(now: dict[str, Any]) -> str | None:
    """Why the newest renewal failed."""
    failure = (now["renewal"] or {}).get("failure") or {}
    return failure.get("code")


def edit(file: Path, change: Callable[[str], str]) -> None:
    """Save a file as editors do: aside, then in place of the old."""
    aside = file.with_name(f".{file.name}.swp")
    aside.write_text(change(file.read_text()))
    aside.chmod(file.stat().st_mode)
    aside.rename(file)


def state(client: httpx.Client) -> dict[str, Any]:
    return dict(client.get("/api/goldens/state").json())


def follow(client: httpx.Client, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first state of the goldens' events that fits."""
    deadline, last = time.monotonic() + PATIENCE_S, {}
    with client.stream("GET", "/api/goldens/events", timeout=60) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                last = json.loads(line.removeprefix("data: "))
                if until(last):
                    return dict(last)
            assert time.monotonic() < deadline, last
    raise AssertionError(f"the events ended: {last}")


def start(client: httpx.Client, provider: str) -> str:
    answer = client.post("/api/vm/auth", json={"provider": provider})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["session_id"])


def await_session(client: httpx.Client, session_id: str, status: str) -> dict[str, Any]:
    """The session once it has been in this state."""
    with client.stream("GET", f"/api/auth/session/{session_id}/events", timeout=60) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                session = json.loads(line.removeprefix("data: "))["session"]
                if status in {stage["status"] for stage in session["stages"]}:
                    return dict(session)
    raise AssertionError(f"{session_id} never was {status}: {session}")
