"""What a tool says on its screen: told to the person, or kept as the evidence of a failure."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from lab import SCRIPT, URL, Lab

from vestibule.core.egress import Reason, Verdict
from vestibule.core.errors import BadInput
from vestibule.core.providers import Flow, Login, LoginFlow
from vestibule.core.sessions import SessionStatus
from vestibule.services import guest_events
from vestibule_agent.protocol import Event

pytestmark = pytest.mark.anyio

S = SessionStatus
OpenLab = Callable[..., AbstractAsyncContextManager[Lab]]
PATTERN = r"^http://login\.demo\.test/authorize\?"
LOOPBACK = LoginFlow(kind=Flow.LOOPBACK, command=("tool",), url_pattern=PATTERN)
PASTE = LoginFlow(kind=Flow.PASTE, command=("tool", "paste"), url_pattern=PATTERN, code_prompt="Code:")


@pytest.fixture
async def two_ways(new_lab: OpenLab) -> AsyncIterator[Lab]:
    """Every tool prefers its loopback, and asks for a code when told to."""
    login = Login(flows=(LOOPBACK, PASTE))
    async with new_lab(provider_changes={"login": login}) as opened:
        yield opened


async def _start(lab: Lab, flow: Flow | None) -> Any:
    return await lab.sign_ins.start(lab.ann, "demo", driver=None, flow=flow, page_url=lambda id_: id_)


async def test_the_preferred_flow_is_taken_unless_another_is_asked_for(two_ways: Lab) -> None:
    assert (await _start(two_ways, None)).flow is Flow.LOOPBACK
    record = await two_ways.sign_ins.start(
        two_ways.bob, "demo", driver=None, flow=Flow.PASTE, page_url=lambda id_: id_
    )
    asked = await two_ways.until(record.session_id, lambda now: now.code_asked)
    assert (asked.flow, asked.status, asked.auth_url) == (Flow.PASTE, S.AWAITING_USER_AUTH, URL)


async def test_a_flow_that_there_is_not_starts_nothing(two_ways: Lab) -> None:
    with pytest.raises(BadInput) as refused:
        await _start(two_ways, Flow.DEVICE)
    assert refused.value.failure_code == "unknown_flow"
    assert await two_ways.sign_ins.list(two_ways.ann) == []


@pytest.mark.parametrize(
    ("kind", "data", "code", "told"),
    [
        ("tool_error", {"text": "OAuth error: wrong code"}, "tool_error", "OAuth error: wrong code"),
        ("tool_waits", {"screen": "Sell your soul? [y/N]"}, "tool_waits", "Sell your soul? [y/N]"),
        ("credential_invalid", {"path": "~/x", "cause": "it is blank"}, "credential_invalid", "blank"),
    ],
)
async def test_what_a_tool_says_reaches_the_person(
    lab: Lab, kind: str, data: dict[str, str], code: str, told: str
) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.tell(kind, **data)
    await lab.machine().agent.sign_in()
    await lab.ended(record.session_id)
    _stages, notices = await lab.sign_ins.history(record.session_id)
    assert [notice.code for notice in notices] == [code]
    assert told in notices[0].text


async def test_a_login_that_the_tool_could_not_confirm_is_sealed_and_said_to_be_so() -> None:
    event = _event("credential_valid", expires_at=None, account=None, unverified="tool whoami hung")
    assert guest_events.notice(event) == (
        "login_unverified",
        "The tool could not confirm its login: tool whoami hung.",
    )
    confirmed = _event("credential_valid", expires_at=None, account=None, unverified=None)
    assert guest_events.notice(confirmed) is None


@pytest.mark.parametrize("kind", ["tool_error", "tool_waits"])
async def test_words_of_a_guest_are_bounded(kind: str) -> None:
    noticed = guest_events.notice(_event(kind, text="x" * 10**6, screen="x" * 10**6))
    assert noticed is not None
    assert len(noticed[1]) < 2000


def _event(kind: str, **data: object) -> Event:
    return Event(seq=1, at="2026-11-24T12:00:00Z", type=kind, data=data)


async def test_addresses_that_the_provider_does_not_accept_are_evidence(new_lab: OpenLab) -> None:
    others = ["https://example.com/terms", "https://login.example.com/other"]
    script = dataclasses.replace(SCRIPT, auth_url=None, other_urls=others)
    async with new_lab(script=script, url_timeout_s=0.2) as lab:
        ended = await lab.ended((await lab.connect()).session_id)
    assert (ended.status, ended.error_code) == (S.FAILED, "url_not_seen")
    assert ended.error_evidence["addresses"] == "\n".join(others)
    assert "does not accept" in (ended.error_cause or "")


async def test_a_few_other_addresses_are_kept(new_lab: OpenLab) -> None:
    others = [f"https://example.com/{n}" for n in range(9)]
    script = dataclasses.replace(SCRIPT, auth_url=None, other_urls=others)
    async with new_lab(script=script, url_timeout_s=0.2) as lab:
        ended = await lab.ended((await lab.connect()).session_id)
    assert ended.error_evidence["addresses"] == "\n".join(others[:5])


@pytest.mark.parametrize(("length", "status"), [(8192, S.COMPLETED), (8193, S.FAILED)])
async def test_an_address_longer_than_any_sign_in_s_is_refused(
    new_lab: OpenLab, length: int, status: SessionStatus
) -> None:
    url = f"{URL}&state=".ljust(length, "x")
    async with new_lab(script=dataclasses.replace(SCRIPT, auth_url=url)) as lab:
        record = await lab.connect()
        if status is S.COMPLETED:
            await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
            await lab.machine().agent.sign_in()
        ended = await lab.ended(record.session_id)
    assert ended.status is status
    assert (ended.error_code == "agent_mismatch") is (status is S.FAILED)


async def test_the_address_of_another_attempt_takes_the_place_of_the_first(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.tell("auth_url", url=f"{URL}&second=1", source="screen")
    await lab.machine().agent.sign_in()
    ended = await lab.ended(record.session_id)
    assert (ended.status, ended.auth_url) == (S.COMPLETED, f"{URL}&second=1")


async def test_sites_out_of_reach_are_evidence_of_a_tool_that_gave_up(new_lab: OpenLab) -> None:
    async with new_lab(script=dataclasses.replace(SCRIPT, auth_url=None), url_timeout_s=5) as lab:
        record = await lab.connect()
        await lab.reach(record.session_id, S.READY)
        run = lab.sign_ins._runs[record.session_id]
        await run.site_missed(Verdict(host="a.test", port=443, reason=Reason.UNREACHABLE))
        await run.site_missed(Verdict(host="b.test", port=443, reason=Reason.NAME_REFUSED))
        await lab.machine().agent.tell("tool_exited", exit_code=1, screen="no network")
        ended = await lab.ended(record.session_id)
    assert ended.error_code == "egress_unreachable"
    assert ended.error_evidence["screen"] == "no network"
    assert ended.error_evidence["sites_unreachable"].startswith("a.test:443 did not answer")
    assert ended.error_evidence["sites_refused"].startswith("b.test:443 is not one of")
    assert "A site that it needs was out of reach: a.test:443 did not answer" in (ended.error_cause or "")


async def test_a_tool_that_wrote_no_login_and_ended_is_told_with_what_was_wrong(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    agent = lab.machine().agent
    await agent.tell("credential_invalid", path="~/x", cause="tokens.refresh_token is missing or empty")
    await agent.tell("tool_exited", exit_code=1, screen="done")
    ended = await lab.ended(record.session_id)
    assert ended.error_code == "credential_invalid"
    assert "tokens.refresh_token is missing or empty" in (ended.error_cause or "")
    assert "[credential]" in (ended.error_remedy or "")
    assert ended.error_evidence["screen"] == "done"
