"""Goldens over HTTP: what is promoted and why, who moves it, and what a sign-in answers without one."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from event_stream import Stream
from golden_doubles import BUILD, GOLDEN, LATER, NEXT, report_of
from lab import Lab
from waiting import until

from vestibule.api import goldens
from vestibule.core.errors import GoldenFailed
from vestibule.core.goldens import Change, Damage, GoldenPlan, MachineShape, Manifest, PlannedProduct
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.pictures import Picture
from vestibule.core.promotion import StalePolicy
from vestibule.services.promotions import IDLE, ServingRule
from vestibule.services.renewals import GOLDENS
from vestibule.services.scrubbing import Scrubbed
from vestibule_agent.protocol import CONTRACT

pytestmark = pytest.mark.anyio

PNG = Picture(width=2, height=1, pixels=bytes(8)).png()
BROKEN = GoldenFailed(
    "no route to the mirror", remedy="Look.", code="mirror_failed", url="http://mirror.test/"
)


def tried(lab: Lab, golden_id: GoldenId, *, ok: bool = True, driver: DriverName = DriverName.FAKE) -> None:
    """It is there, and a canary has tried it."""
    if not lab.goldens.has(golden_id):
        lab.goldens.add(golden_id)
    lab.works.prepared.add((golden_id, driver))
    lab.works.canaries.reports[golden_id, driver] = report_of(golden_id, driver, ok=ok)


def edit(lab: Lab, golden_id: GoldenId) -> None:
    """Today's inputs make this one."""
    lab.works.inputs = lab.goldens.today = golden_id


@asynccontextmanager
async def fresh(lab: Lab) -> AsyncIterator[None]:
    """The controller's freshness at work."""
    task = asyncio.create_task(lab.context.freshness.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def state(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/api/goldens/state")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def by_id(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {golden["golden_id"]: golden for golden in body["goldens"]}


# -- reading ---------------------------------------------------------------------------------------------


async def test_the_state_says_what_is_promoted_and_wanted(ann: httpx.AsyncClient) -> None:
    body = await state(ann)
    assert (body["promoted"], body["wanted"], body["stale"]) == (GOLDEN, GOLDEN, False)
    assert body["policy"] == "rebuild"
    assert (body["refusal"], body["trouble"], body["roll_back_to"], body["renewal"]) == (None,) * 4
    assert body["changes"] == []


async def test_every_golden_is_told_with_its_state_and_since_when_and_why(
    lab: Lab, ann: httpx.AsyncClient
) -> None:
    lab.goldens.add(NEXT)
    lab.goldens.add(LATER)
    lab.context.promotions.promote(NEXT, why="its canary passed")
    body = await state(ann)
    assert [golden["golden_id"] for golden in body["goldens"]] == [LATER, NEXT, GOLDEN]
    found = by_id(body)
    assert [found[golden]["status"] for golden in (GOLDEN, NEXT, LATER)] == [
        "superseded",
        "promoted",
        "candidate",
    ]
    assert found[NEXT]["why"] == "its canary passed"
    assert found[NEXT]["since"] == lab.clock.now().isoformat().replace("+00:00", "Z")
    assert (found[LATER]["since"], found[LATER]["why"]) == (None, None)
    assert [golden["wanted"] for golden in body["goldens"]] == [False, False, True]
    assert found[NEXT]["agent_build"] == BUILD
    assert body["roll_back_to"] == GOLDEN
    assert (await ann.get("/api/goldens")).json() == body["goldens"]


async def test_a_stale_golden_is_told_as_stale(lab: Lab, bob: httpx.AsyncClient) -> None:
    edit(lab, NEXT)
    body = await state(bob)
    assert (body["promoted"], body["wanted"], body["stale"]) == (GOLDEN, NEXT, True)


async def test_why_no_machine_can_be_started_is_told(lab: Lab, ann: httpx.AsyncClient) -> None:
    del lab.goldens.stored[GOLDEN]
    assert (await state(ann))["refusal"] == {
        "code": "golden_absent",
        "cause": f"The promoted golden {GOLDEN} is no longer on this host.",
        "remedy": IDLE,
    }


async def test_a_promotion_while_the_state_is_read_is_shown_whole_or_not_at_all(
    lab: Lab, ann: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.goldens.add(NEXT)
    wanted, reads = lab.goldens.wanted, 0

    def promoted_meanwhile() -> GoldenId:
        nonlocal reads
        reads += 1
        if reads == 1:
            lab.context.promotions.promote(NEXT, why="it is today's")
        return wanted()

    monkeypatch.setattr(lab.goldens, "wanted", promoted_meanwhile)
    body = await state(ann)
    assert body["promoted"] == NEXT
    assert by_id(body)[NEXT]["status"] == "promoted"


async def test_what_the_last_scrub_found_is_told(lab: Lab, ann: httpx.AsyncClient) -> None:
    assert (await state(ann))["scrub"] is None
    damage = Damage(product=GOLDEN, file="kernel", problem="was changed")
    at = lab.clock.now()
    lab.context.scrubbing.last = Scrubbed(golden_id=GOLDEN, at=at, damages=(damage,))
    assert (await state(ann))["scrub"] == {
        "golden_id": GOLDEN,
        "at": at.isoformat().replace("+00:00", "Z"),
        "damages": 1,
    }


async def test_why_the_inputs_cannot_be_read_is_told(lab: Lab, ann: httpx.AsyncClient) -> None:
    lab.works.failing["read"] = GoldenFailed("base.toml has no packages", remedy="Mend it.")
    await lab.context.freshness.look_again()
    assert (await state(ann))["trouble"] == "base.toml has no packages"


async def test_a_damaged_register_is_a_problem_that_names_the_file(lab: Lab, ann: httpx.AsyncClient) -> None:
    register = lab.folder / "state/goldens.json"
    register.write_text("{")
    answer = await ann.get("/api/goldens/state")
    assert (answer.status_code, answer.json()["code"]) == (503, "register_damaged")
    assert str(register) in answer.json()["cause"]


async def test_a_golden_is_told_with_its_moves_and_what_made_it_another(
    lab: Lab, ann: httpx.AsyncClient
) -> None:
    lab.goldens.add(NEXT)
    lab.context.promotions.promote(NEXT, why="its canary passed")
    lab.context.promotions.roll_back(why="3 of 8 machines failed")
    body = (await ann.get(f"/api/goldens/{NEXT}")).json()
    assert body["golden"]["status"] == "rolled_back"
    assert [(move["to"], move["why"]) for move in body["moves"]] == [
        ("promoted", "its canary passed"),
        ("rolled_back", "3 of 8 machines failed"),
    ]
    assert body["compared_with"] == GOLDEN
    assert body["changes"] == [{"layer": "agent", "input": "golden", "before": GOLDEN, "after": NEXT}]


async def test_the_first_golden_is_compared_with_nothing(ann: httpx.AsyncClient) -> None:
    body = (await ann.get(f"/api/goldens/{GOLDEN}")).json()
    assert (body["compared_with"], body["changes"]) == (None, [])


async def test_a_golden_that_is_not_there_is_absent(ann: httpx.AsyncClient) -> None:
    for method, path in (
        ("GET", f"/api/goldens/{NEXT}"),
        ("POST", f"/api/goldens/{NEXT}/promote"),
        ("GET", f"/api/goldens/{NEXT}/canary/fake/screenshot"),
    ):
        answer = await ann.request(method, path, json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "absent"), path


# -- canaries --------------------------------------------------------------------------------------------


async def test_a_canary_is_told_with_every_check(lab: Lab, ann: httpx.AsyncClient) -> None:
    tried(lab, GOLDEN, ok=False)
    (report,) = by_id(await state(ann))[GOLDEN]["canaries"]
    assert (report["driver"], report["passed"], report["screenshot"]) == ("fake", False, None)
    assert report["verdict"] == report_of(GOLDEN, ok=False).verdict
    (check,) = report["checks"]
    assert (check["name"], check["ok"]) == ("desktop of clone 1", False)


async def test_a_screenshot_is_the_png_that_the_canary_left(lab: Lab, bob: httpx.AsyncClient) -> None:
    tried(lab, GOLDEN)
    lab.works.canaries.pictures = {GOLDEN: PNG}
    (report,) = by_id(await state(bob))[GOLDEN]["canaries"]
    answer = await bob.get(report["screenshot"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content == PNG


async def test_the_report_of_a_golden_that_is_gone_is_listed_with_its_evidence_and_screenshot(
    lab: Lab, bob: httpx.AsyncClient
) -> None:
    tried(lab, NEXT, ok=False)
    lab.works.canaries.pictures = {NEXT: PNG}
    del lab.goldens.stored[NEXT]
    (report,) = (await bob.get("/api/canaries")).json()
    assert (report["golden_id"], report["passed"]) == (NEXT, False)
    assert report["evidence"] == f"/cache/canaries/{NEXT}/fake"
    assert (await bob.get(report["screenshot"])).content == PNG


async def test_a_screenshot_that_there_is_not_is_absent(lab: Lab, ann: httpx.AsyncClient) -> None:
    tried(lab, GOLDEN)
    for driver in ("fake", "qemu"):
        answer = await ann.get(f"/api/goldens/{GOLDEN}/canary/{driver}/screenshot")
        assert (answer.status_code, answer.json()["code"]) == (404, "absent")
    answer = await ann.get(f"/api/goldens/{GOLDEN}/canary/firecracker/screenshot")
    assert answer.status_code == 422


# -- moving ----------------------------------------------------------------------------------------------


async def test_an_operator_promotes_what_passed_its_canary(lab: Lab, ann: httpx.AsyncClient) -> None:
    tried(lab, NEXT)
    answer = await ann.post(f"/api/goldens/{NEXT}/promote", json={})
    assert (answer.status_code, answer.json()["promoted"]) == (200, NEXT)
    assert by_id(answer.json())[NEXT]["why"] == "the operator promoted it"
    assert lab.context.promotions.serving() == NEXT


@pytest.mark.parametrize("canary", ["never run", "failed"])
async def test_what_passed_no_canary_is_refused_unless_the_operator_insists(
    lab: Lab, ann: httpx.AsyncClient, canary: str
) -> None:
    lab.goldens.add(NEXT)
    if canary == "failed":
        tried(lab, NEXT, ok=False)
    answer = await ann.post(f"/api/goldens/{NEXT}/promote", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "golden_untested")
    assert lab.context.promotions.serving() == GOLDEN
    answer = await ann.post(f"/api/goldens/{NEXT}/promote", json={"untested": True})
    assert (answer.status_code, answer.json()["promoted"]) == (200, NEXT)


async def test_why_a_golden_is_untested_is_told(lab: Lab, ann: httpx.AsyncClient) -> None:
    lab.works.drivers = (DriverName.FAKE, DriverName.QEMU)
    tried(lab, NEXT)
    told = by_id(await state(ann))[NEXT]["untested"]
    assert told == "what qemu starts from today was never tried"
    tried(lab, NEXT, driver=DriverName.QEMU)
    assert by_id(await state(ann))[NEXT]["untested"] is None


async def test_snapshots_are_in_the_plan_with_what_names_them(
    lab: Lab, ann: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = MachineShape(vmm="ab" * 32, machine="q35-1", cpu="max", accelerator="tcg", mem_mib=1536, vcpus=2)
    plan = GoldenPlan(
        golden_id=GOLDEN,
        since=GOLDEN,
        products=(PlannedProduct(kind="snapshot", name=None, done=False, last_build_s=12.5, needed=True),),
        changes=(Change(layer="snapshot", input="qemu", before="cd" * 32, after="ab" * 32),),
        shape=shape,
    )
    monkeypatch.setattr(lab.goldens, "plan", lambda *_: plan)
    body = await state(ann)
    assert body["plan"] == [
        {"kind": "snapshot", "name": None, "done": False, "needed": True, "last_build_s": 12.5}
    ]
    assert body["shape"] == dataclasses.asdict(shape)
    assert body["changes"] == [
        {"layer": "snapshot", "input": "qemu", "before": "cd" * 32, "after": "ab" * 32}
    ]


async def test_one_driver_s_canary_that_failed_is_enough_to_refuse(lab: Lab, ann: httpx.AsyncClient) -> None:
    lab.works.drivers = (DriverName.FAKE, DriverName.QEMU)
    tried(lab, NEXT)
    tried(lab, NEXT, ok=False, driver=DriverName.QEMU)
    answer = await ann.post(f"/api/goldens/{NEXT}/promote", json={})
    assert "qemu" in answer.json()["cause"]
    assert (answer.status_code, answer.json()["code"]) == (409, "golden_untested")


async def test_a_golden_of_another_contract_is_refused_even_so(lab: Lab, ann: httpx.AsyncClient) -> None:
    lab.goldens.add(NEXT, contract=CONTRACT + 1)
    answer = await ann.post(f"/api/goldens/{NEXT}/promote", json={"untested": True})
    assert (answer.status_code, answer.json()["code"]) == (503, "golden_incompatible")


async def test_an_operator_rolls_back_and_says_why(lab: Lab, ann: httpx.AsyncClient) -> None:
    tried(lab, NEXT)
    await ann.post(f"/api/goldens/{NEXT}/promote", json={})
    answer = await ann.post("/api/goldens/rollback", json={"why": "pages stay white"})
    assert (answer.status_code, answer.json()["promoted"]) == (200, GOLDEN)
    rolled_back = by_id(answer.json())[NEXT]
    assert (rolled_back["status"], rolled_back["why"]) == ("rolled_back", "pages stay white")


async def test_a_roll_back_without_a_golden_before_is_refused(lab: Lab, ann: httpx.AsyncClient) -> None:
    answer = await ann.post("/api/goldens/rollback", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_golden_before")
    assert lab.context.promotions.serving() == GOLDEN


async def test_machines_that_run_are_not_touched_by_a_move(lab: Lab, ann: httpx.AsyncClient) -> None:
    started = (await ann.post("/api/vms", json={})).json()
    tried(lab, NEXT)
    await ann.post(f"/api/goldens/{NEXT}/promote", json={})
    again = (await ann.post("/api/vms", json={})).json()
    machines = {machine["vm_id"]: machine for machine in (await ann.get("/api/vms")).json()}
    assert machines[started["vm_id"]]["status"] == "running"
    assert machines[started["vm_id"]]["golden_id"] == GOLDEN
    assert machines[again["vm_id"]]["golden_id"] == NEXT


# -- renewing --------------------------------------------------------------------------------------------


async def test_an_operator_has_the_golden_of_today_s_inputs_made(lab: Lab, ann: httpx.AsyncClient) -> None:
    edit(lab, NEXT)
    lab.context.promotions.rule = ServingRule(policy=StalePolicy.ALLOW, contract=CONTRACT)
    async with fresh(lab):
        assert (await ann.post("/api/goldens/renew")).status_code == 202
        await until(lambda: lab.context.promotions.register.promoted == NEXT)
        await until(lambda: not lab.context.renewals.busy)
    renewal = (await state(ann))["renewal"]
    assert (renewal["golden_id"], renewal["outcome"], renewal["failure"]) == (NEXT, "promoted", None)
    assert [step["phase"] for step in renewal["steps"]] == ["build", "snapshot", "canary", "promotion"]
    assert renewal["log"] == ["log of l-fake"]


async def test_a_renewal_is_told_while_it_is_under_way(lab: Lab, ann: httpx.AsyncClient) -> None:
    edit(lab, NEXT)
    lab.works.gate = asyncio.Event()
    async with fresh(lab):
        await until(lambda: lab.context.renewals.busy)
        await until(lambda: lab.context.renewals.current and lab.context.renewals.current.steps)
        renewal = (await state(ann))["renewal"]
        lab.works.gate.set()
    assert (renewal["outcome"], renewal["ended_at"]) == (None, None)
    assert [(step["name"], step["seconds"]) for step in renewal["steps"]] == [("fake", None)]


async def test_a_renewal_that_failed_says_why(lab: Lab, ann: httpx.AsyncClient) -> None:
    edit(lab, NEXT)
    lab.works.failing["build"] = BROKEN
    await lab.context.renewals.renew(NEXT, "a test asked")
    renewal = (await state(ann))["renewal"]
    assert renewal["outcome"] == "failed"
    assert renewal["failure"] == {
        "code": "mirror_failed",
        "stage": "build",
        "cause": BROKEN.cause,
        "remedy": "Look.",
        "evidence": {"url": "http://mirror.test/"},
        "retryable": True,
        "golden_id": NEXT,
        "agent_build": None,
    }


async def test_a_renewal_whose_canary_failed_names_the_agent_that_was_tried(
    lab: Lab, ann: httpx.AsyncClient
) -> None:
    edit(lab, NEXT)
    lab.works.canaries.sound = False
    await lab.context.renewals.renew(NEXT, "a test asked")
    failure = (await state(ann))["renewal"]["failure"]
    assert (failure["code"], failure["stage"], failure["retryable"]) == ("canary_failed", "canary", False)
    assert (failure["golden_id"], failure["agent_build"]) == (NEXT, BUILD)
    assert failure["evidence"]


async def test_a_rejected_golden_gets_another_try_when_an_operator_asks(
    lab: Lab, ann: httpx.AsyncClient
) -> None:
    edit(lab, NEXT)
    lab.works.canaries.sound = False
    async with fresh(lab):
        await until(lambda: lab.context.promotions.is_dismissed(NEXT))
        lab.works.canaries.sound = True
        await ann.post("/api/goldens/renew")
        await until(lambda: lab.context.promotions.register.promoted == NEXT)


# -- events ----------------------------------------------------------------------------------------------


@asynccontextmanager
async def following(client: httpx.AsyncClient, served: str) -> AsyncIterator[Stream]:
    """A subscriber on a connection of its own."""
    own = httpx.AsyncClient(headers=client.headers, trust_env=False)
    async with own, own.stream("GET", f"http://{served}/api/goldens/events") as answer:
        yield Stream(answer)


async def seen(stream: Stream) -> dict[str, Any]:
    event = await stream.next()
    assert event is not None, "the stream has ended"
    return event


async def test_the_first_event_is_the_state_now(bob: httpx.AsyncClient, served: str) -> None:
    async with following(bob, served) as stream:
        event = await seen(stream)
        assert (event.pop("event"), event.pop("id")) == ("goldens", "1")
        assert event == await state(bob)


async def test_a_promotion_is_an_event(lab: Lab, ann: httpx.AsyncClient, served: str) -> None:
    tried(lab, NEXT)
    async with following(ann, served) as stream:
        await seen(stream)
        await ann.post(f"/api/goldens/{NEXT}/promote", json={})
        event = await seen(stream)
        assert (event["id"], event["promoted"], event["roll_back_to"]) == ("2", NEXT, GOLDEN)


async def test_every_step_of_a_renewal_that_is_waited_for_is_an_event(
    lab: Lab, ann: httpx.AsyncClient, served: str
) -> None:
    edit(lab, NEXT)
    lab.works.gate, lab.works.later_s = asyncio.Event(), 10.0
    async with following(ann, served) as stream:
        await seen(stream)
        async with fresh(lab):
            while not ((event := await seen(stream))["renewal"] or {}).get("steps"):
                pass
            assert event["renewal"]["outcome"] is None
            assert event["renewal"]["expected_end_at"] == "2026-11-22T12:00:24Z"
            lab.works.gate.set()
            while (event := await seen(stream))["promoted"] != NEXT or not event["renewal"]["outcome"]:
                pass
            assert event["renewal"]["outcome"] == "promoted"


async def test_a_log_that_grows_during_a_build_is_told_without_news(
    lab: Lab, ann: httpx.AsyncClient, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goldens, "LOOK_S", 0.02)
    lab.works.gate = asyncio.Event()
    lines = ["unpacking"]
    monkeypatch.setattr(lab.goldens, "log_tail", lambda products, _: lines if "l-fake" in products else [])
    building = asyncio.create_task(lab.context.renewals.renew(GOLDEN, "a test asked"))
    await until(lambda: lab.context.renewals.current and lab.context.renewals.current.steps)
    async with following(ann, served) as stream:
        assert (await seen(stream))["renewal"]["log"] == ["unpacking"]
        lines.append("configuring")
        assert (await seen(stream))["renewal"]["log"] == ["unpacking", "configuring"]
    lab.works.gate.set()
    await building


async def test_a_register_that_breaks_is_told_and_the_stream_goes_on_once_it_is_mended(
    lab: Lab, ann: httpx.AsyncClient, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goldens, "LOOK_S", 0.02)
    register = lab.folder / "state/goldens.json"
    sound = register.read_text()
    async with following(ann, served) as stream:
        before = await seen(stream)
        register.write_text("{")
        lab.context.renewals.feed.publish(GOLDENS)
        event = await seen(stream)
        assert (event["event"], event["code"]) == ("trouble", "register_damaged")
        assert str(register) in event["cause"]
        assert event["remedy"]
        register.write_text(sound)  # nobody tells of it
        after = await seen(stream)
        assert (after["event"], after["promoted"]) == ("goldens", before["promoted"])


async def test_trouble_that_lasts_is_told_once(
    lab: Lab, ann: httpx.AsyncClient, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goldens, "LOOK_S", 0.02)
    async with following(ann, served) as stream:
        await seen(stream)
        monkeypatch.setattr(lab.goldens, "list", _broken)
        lab.context.renewals.feed.publish(GOLDENS)
        assert (await seen(stream))["code"] == "internal"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await seen(stream)


def _broken() -> Sequence[Manifest]:
    raise OSError(24, "Too many open files")


async def test_the_controller_s_end_ends_the_events_of_goldens(
    lab: Lab, ann: httpx.AsyncClient, served: str
) -> None:
    async with following(ann, served) as stream:
        await seen(stream)
        lab.context.renewals.feed.close()
        assert await stream.all() == []


# -- what a sign-in answers ------------------------------------------------------------------------------


async def failure_of_a_sign_in(lab: Lab, client: httpx.AsyncClient) -> dict[str, Any]:
    started = await client.post("/api/vm/auth", json={"provider": "demo"})
    assert started.status_code == 201, started.text
    session_id: Any = started.json()["session_id"]
    await lab.ended(session_id)
    shown = (await client.get(f"/api/auth/session/{session_id}")).json()
    assert shown["status"] == "failed"
    failure: dict[str, Any] = shown["failure"]
    return failure


async def test_a_sign_in_without_a_promoted_golden_fails_and_says_so(
    lab: Lab, bob: httpx.AsyncClient
) -> None:
    (lab.folder / "state/goldens.json").unlink()
    failure = await failure_of_a_sign_in(lab, bob)
    assert (failure["code"], failure["remedy"]) == ("golden_absent", IDLE)
    await lab.nothing_left()


async def test_a_sign_in_while_the_golden_is_made_is_told_which_step(
    lab: Lab, bob: httpx.AsyncClient
) -> None:
    (lab.folder / "state/goldens.json").unlink()
    lab.works.gate = asyncio.Event()
    making = asyncio.create_task(lab.context.renewals.renew(GOLDEN, "nothing is promoted"))
    await until(lambda: lab.context.renewals.current and lab.context.renewals.current.steps)
    failure = await failure_of_a_sign_in(lab, bob)
    assert failure["code"] == "golden_absent"
    assert failure["remedy"] == f"Golden {GOLDEN} is being made, step “fake”; try again in a minute."
    lab.works.gate.set()
    await making


async def test_a_sign_in_from_an_incompatible_golden_fails_and_says_so(
    lab: Lab, bob: httpx.AsyncClient
) -> None:
    lab.goldens.add(GOLDEN, contract=CONTRACT + 1)
    failure = await failure_of_a_sign_in(lab, bob)
    assert failure["code"] == "golden_incompatible"
    assert f"contract {CONTRACT + 1}" in failure["cause"]


async def test_a_sign_in_from_a_stale_golden_fails_where_the_policy_refuses(
    lab: Lab, bob: httpx.AsyncClient
) -> None:
    edit(lab, NEXT)
    lab.context.promotions.rule = ServingRule(policy=StalePolicy.REFUSE, contract=CONTRACT)
    failure = await failure_of_a_sign_in(lab, bob)
    assert failure["code"] == "golden_stale"
    assert failure["remedy"].startswith(IDLE)
    assert "set stale_policy to rebuild or allow" in failure["remedy"]


async def test_a_sign_in_from_a_stale_golden_goes_on_where_the_policy_does_not_refuse(
    lab: Lab, bob: httpx.AsyncClient
) -> None:
    edit(lab, NEXT)
    started = (await bob.post("/api/vm/auth", json={"provider": "demo"})).json()
    record = await lab.until(started["session_id"], lambda now: now.auth_url is not None)
    assert record.golden_id == GOLDEN
