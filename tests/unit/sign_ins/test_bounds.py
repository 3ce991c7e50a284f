"""A guest may say anything, as often as it likes: what is kept of it is bounded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lab import Lab

from vestibule.core import sessions as s
from vestibule.core.egress import Reason, Verdict
from vestibule.services import guest_events, missed_sites
from vestibule.services.inbox import Inbox
from vestibule_agent.protocol import Event

pytestmark = pytest.mark.anyio


async def test_of_many_titles_the_newest_waits_and_nothing_is_lost() -> None:
    inbox = Inbox()
    inbox.put(s.PageShown(title="old"))
    inbox.put(s.CredentialReady())
    for number in range(1000):
        inbox.put(s.PageShown(title=str(number)))
        inbox.put(s.CredentialReady())
    assert len(inbox._pending) == 2
    assert [await inbox.get(), await inbox.get()] == [s.PageShown(title="999"), s.CredentialReady()]


async def test_the_first_failure_is_the_one_that_is_told() -> None:
    inbox = Inbox()
    first, second = (s.Failed(failure=s.Failure(code=code, cause="", remedy="")) for code in ("a", "b"))
    inbox.put(first)
    inbox.put(second)
    assert await inbox.get() == first


async def test_an_empty_inbox_is_waited_for() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)  # it waits now
    inbox.put(s.CancelAsked())
    assert await asyncio.wait_for(waiting, 5) == s.CancelAsked()


CASES = [
    ("page", {"title": "t" * 1000}, s.PageShown(title="t" * 200)),
    ("page", {"title": "Success code=visiblyFAKE0123"}, s.PageShown(title="Success code=(hidden)")),
    ("user_code", {"code": "c" * 1000}, s.UserCodeSeen(code="c" * 64)),
    (
        "tool_exited",
        {"exit_code": 1, "screen": "s" * 20_000 + "end"},
        s.ToolExited(exit_code=1, screen="s" * (16_384 - 3) + "end"),
    ),
]


@pytest.mark.parametrize(("kind", "data", "meant"), CASES)
async def test_long_words_are_cut(lab: Lab, kind: str, data: dict[str, Any], meant: s.SessionEvent) -> None:
    event = Event(seq=1, at="2026-11-22T12:00:00Z", type=kind, data=data)
    assert guest_events.meaning(event, lab.sign_ins.providers["demo"], None) == meant


async def test_notices_of_one_session_replace_each_other(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, s.SessionStatus.AWAITING_USER_AUTH)
    agent = lab.machine().agent
    for number in range(3):
        await agent.tell("credential_invalid", path="~/x", cause=f"{number}" * 1000)
    await agent.sign_in()
    await lab.ended(record.session_id)
    _stages, notices = await lab.sign_ins.history(record.session_id)
    assert [notice.text for notice in notices] == ["The tool wrote no login yet: " + "2" * 200]


async def test_sites_that_were_missed_are_forgotten_in_turn(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, s.SessionStatus.AWAITING_USER_AUTH)
    run = lab.sign_ins._runs[record.session_id]
    for number in range(missed_sites.KEPT * 2):
        await run.site_missed(Verdict(host=f"{number}.test", port=80, reason=Reason.UNREACHABLE))
    assert len(run.missed.unreachable) == missed_sites.KEPT
    assert f"{number}.test" in run.missed.unreachable
