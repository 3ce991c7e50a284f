"""What a confirmation left open is waited for; what never comes has its check's code."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from vestibule.core.diagnosis import confirm
from vestibule.core.errors import MachineFailed
from vestibule.services.adoption import Note
from vestibule.services.introductions import Live
from vestibule.services.late_checks import made_up_for
from vestibule.services.ports import Guest
from vestibule_agent.protocol import CONTRACT, Check, HandoverReply, Health

pytestmark = pytest.mark.anyio


def _check(name: str, *, ok: bool = True) -> Check:
    return Check(name=name, ok=ok, detail="told by a test")


@dataclasses.dataclass
class _Guest:
    """Its browser is there at the question with this number."""

    there_at: int
    unanswered: int = 0
    """So many of the first questions are not answered,"""
    code: str = "agent_unreachable"
    """which is told with this code."""
    asked: int = 0

    async def health(self) -> Health:
        self.asked += 1
        if self.asked <= self.unanswered:
            raise MachineFailed("No answer came.", remedy="Start again.", code=self.code)
        browser = _check("browser", ok=self.asked >= self.there_at)
        told = {"status": "", "timestamp": "", "contract": CONTRACT, "build_id": "", "vm_id": None}
        return Health.from_mapping({**told, "checks": [dataclasses.asdict(browser)]})


async def _wait(guest: _Guest, pending: frozenset[str], seconds: Iterator[float]) -> frozenset[str]:
    live = cast("Live", SimpleNamespace(pending=pending))
    await made_up_for(live, cast("Guest", guest), limit_s=10, seconds=lambda: next(seconds))
    return live.pending


async def test_nothing_is_asked_of_a_machine_that_left_nothing_open() -> None:
    guest = _Guest(there_at=1)
    await _wait(guest, frozenset(), iter([0]))
    assert guest.asked == 0


async def test_a_browser_that_comes_later_is_waited_for() -> None:
    guest = _Guest(there_at=3)
    assert await _wait(guest, frozenset({"browser"}), iter(range(9))) == frozenset()
    assert guest.asked == 3


async def test_a_browser_that_never_comes_is_named() -> None:
    with pytest.raises(MachineFailed) as failed:
        await _wait(_Guest(there_at=99), frozenset({"browser"}), iter([0, 5, 11]))
    assert failed.value.failure_code == "browser_absent"


@pytest.mark.parametrize("code", ["agent_unreachable", "machine_not_paused"])
async def test_an_agent_that_is_too_busy_to_answer_is_asked_again(code: str) -> None:
    guest = _Guest(there_at=3, unanswered=2, code=code)
    assert await _wait(guest, frozenset({"browser"}), iter(range(9))) == frozenset()
    assert guest.asked == 3


async def test_an_agent_that_never_answers_is_named_in_the_end() -> None:
    guest = _Guest(there_at=99, unanswered=99)
    with pytest.raises(MachineFailed) as failed:
        await _wait(guest, frozenset({"browser"}), iter([0, 5, 11]))
    assert (failed.value.failure_code, guest.asked) == ("agent_unreachable", 2)


async def test_an_answer_that_is_wrong_is_not_asked_for_again() -> None:
    guest = _Guest(there_at=99, unanswered=99, code="agent_mismatch")
    with pytest.raises(MachineFailed, match="No answer came"):
        await _wait(guest, frozenset({"browser"}), iter([0, 5, 11]))
    assert guest.asked == 1


def test_a_note_of_before_tells_of_no_open_checks() -> None:
    note = Note.decode('{"token": "t", "random_sample": "r", "typed": ["x"]}')
    assert (note.token, note.typed, note.pending) == ("t", ("x",), ())


def _reply(names: list[str], pending: list[str]) -> HandoverReply:
    checks = [_check(name) for name in names]
    return HandoverReply(
        contract=CONTRACT, vm_id="vm-1", build_id="b", random_sample="", checks=checks, pending=pending
    )


ALL = ["desktop", "browser", "vnc", "clock", "random", "address"]


@pytest.mark.parametrize("name", ALL)
def test_only_the_browser_may_be_left_open(name: str) -> None:
    reply = _reply([other for other in ALL if other != name], [name])
    if name == "browser":
        confirm(reply, vm_id="vm-1", agent_build="b")
    else:
        with pytest.raises(MachineFailed, match=f"{name} check failed"):
            confirm(reply, vm_id="vm-1", agent_build="b")
