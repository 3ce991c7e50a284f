"""A provider's trial over the real services and fake machines: what passes, and what each check finds."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from lab import SCRIPT, Lab, open_lab

from vestibule.core.egress import Reason, Verdict
from vestibule.core.machines import DriverName
from vestibule.core.providers import Flow, Install, InstallMethod, Login, LoginFlow
from vestibule.core.verification import Outcome, TrialCheck, Verification
from vestibule.drivers.machines.fake_agent import Script
from vestibule.services import provider_trial
from vestibule.services.provider_trial import ProviderTrial
from vestibule.services.sign_ins import SignIns

pytestmark = pytest.mark.anyio

URL = r"^http://login\.demo\.test/authorize\?"
COMMAND = ("tool", "login")
LOOPBACK = LoginFlow(kind=Flow.LOOPBACK, command=COMMAND, url_pattern=URL)
DEVICE = LoginFlow(kind=Flow.DEVICE, command=COMMAND, url_pattern=URL, user_code_pattern="(.)")
PASTE = LoginFlow(kind=Flow.PASTE, command=COMMAND, url_pattern=URL, code_prompt="Code:")
INSTALL = Install(method=InstallMethod.AGENT, version_command=("tool-version",))
SOUND = dataclasses.replace(
    SCRIPT, prints={"tool-version": "tool 1.0.0"}, user_code="ABCD-1234", refusal="wrong code"
)


async def trial(
    folder: Path, *flows: LoginFlow, script: Script = SOUND, url_timeout_s: float = 5.0
) -> Verification:
    login = Login(flows=flows, errors=("wrong (.+)",))
    changes = {"login": login, "install": INSTALL, "version": "1.0.0"}
    async with open_lab(folder, script=script, provider_changes=changes, url_timeout_s=url_timeout_s) as lab:
        return await _run(lab)


async def _run(lab: Lab) -> Verification:
    told: list[TrialCheck] = []
    trials = ProviderTrial(machines=lab.machines, sign_ins=lab.sign_ins, user=lab.ann, clock=lab.clock)
    found = await trials.run(lab.sign_ins.providers["demo"], "d" * 64, DriverName.FAKE, told.append)
    assert tuple(told) == found.checks
    await lab.sign_ins.stop()
    await lab.nothing_left()
    return found


def outcomes(found: Verification) -> dict[tuple[str, Flow | None], Outcome]:
    return {(check.name, check.flow): check.outcome for check in found.checks}


async def test_everything_that_a_sound_tool_does_is_seen(tmp_path: Path) -> None:
    found = await trial(tmp_path, LOOPBACK, DEVICE, PASTE)
    assert outcomes(found) == dict.fromkeys(
        [
            ("version", None),
            ("address", Flow.LOOPBACK),
            ("address", Flow.DEVICE),
            ("user code", Flow.DEVICE),
            ("address", Flow.PASTE),
            ("question for the code", Flow.PASTE),
            ("refusal of a wrong code", Flow.PASTE),
        ],
        Outcome.PASSED,
    )
    assert (found.provider, found.version, found.digest) == ("demo", "1.0.0", "d" * 64)
    assert [found.shortfall(flow) for flow in (Flow.LOOPBACK, Flow.DEVICE, Flow.PASTE)] == [None] * 3


@pytest.mark.parametrize(
    ("change", "failed", "why"),
    [
        ({"prints": {"tool-version": "tool 2.0.0"}}, ("version", None), "tool 2.0.0"),
        ({"exit_code": 3}, ("address", Flow.PASTE), "tool_exited"),
        ({"auth_url": None}, ("address", Flow.PASTE), "url_not_seen"),
        ({"auth_url": None, "other_urls": ["https://x.test/"]}, ("address", Flow.PASTE), "does not accept"),
        ({"refusal": None}, ("refusal of a wrong code", Flow.PASTE), ""),
    ],
)
async def test_what_is_not_as_the_file_says_is_named(
    tmp_path: Path, change: dict[str, Any], failed: tuple[str, Flow | None], why: str
) -> None:
    script = dataclasses.replace(SOUND, **change)
    found = await trial(tmp_path, PASTE, script=script, url_timeout_s=0.2)
    assert outcomes(found)[failed] is Outcome.FAILED
    assert why in (found.shortfall(Flow.PASTE) or "")
    assert [(check.name, check.flow) for check in found.failed] == [failed]


async def test_a_tool_that_swallows_a_wrong_code_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_trial, "ANSWER_S", 0.2)
    found = await trial(tmp_path, PASTE, script=dataclasses.replace(SOUND, refusal=""))
    assert outcomes(found)["refusal of a wrong code", Flow.PASTE] is Outcome.FAILED
    assert "login.errors" in (found.shortfall(Flow.PASTE) or "")


async def test_a_refusal_of_the_network_is_no_refusal_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missed = Verdict(host="auth.example.com", port=443, reason=Reason.UNREACHABLE)
    paste = SignIns.paste

    async def missing(self: Any, user: Any, session_id: Any, text: str) -> Any:
        await self._runs[session_id].site_missed(missed)
        return await paste(self, user, session_id, text)

    monkeypatch.setattr(SignIns, "paste", missing)
    found = await trial(tmp_path, PASTE)
    assert outcomes(found)["refusal of a wrong code", Flow.PASTE] is Outcome.UNREACHABLE
    assert "auth.example.com could not be reached" in (found.shortfall(Flow.PASTE) or "")


def _miss_at_the_start(monkeypatch: pytest.MonkeyPatch, missed: Verdict) -> None:
    start = SignIns.start

    async def missing(self: Any, *arguments: Any, **options: Any) -> Any:
        record = await start(self, *arguments, **options)
        await self._runs[record.session_id].site_missed(missed)
        return record

    monkeypatch.setattr(SignIns, "start", missing)


async def test_an_errand_of_the_browser_does_not_excuse_a_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missed = Verdict(host="update.googleapis.com", port=80, reason=Reason.UNRESOLVED)
    _miss_at_the_start(monkeypatch, missed)
    found = await trial(tmp_path, DEVICE, script=dataclasses.replace(SOUND, exit_code=1))
    assert outcomes(found)["address", Flow.DEVICE] is Outcome.FAILED


async def test_a_tool_without_its_provider_is_told_from_a_wrong_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The egress proxy tells of the site before the tool gives up."""
    missed = Verdict(host="auth.example.com", port=443, reason=Reason.UNREACHABLE)
    _miss_at_the_start(monkeypatch, missed)
    found = await trial(tmp_path, DEVICE, script=dataclasses.replace(SOUND, exit_code=1))
    assert outcomes(found)["address", Flow.DEVICE] is Outcome.UNREACHABLE
    assert "auth.example.com:443 did not answer" in (found.shortfall(Flow.DEVICE) or "")
    assert found.failed == ()
