"""A failure is whole, whatever it befell: a session, a machine or a renewal."""

from __future__ import annotations

import dataclasses
import datetime as dt

from vestibule.core.failure_records import FailureRecord, actions_of, of_machine, of_renewal, of_session
from vestibule.core.failures import MEANINGS, FailureCode
from vestibule.core.ids import GoldenId, SessionId, UserId, VmId
from vestibule.core.machines import DriverName, Isolation, MachineRecord, MachineStatus, MachineType
from vestibule.core.records import SessionRecord
from vestibule.core.renewal import Outcome, Phase, Renewal, StepNews
from vestibule.core.sessions import Action, Failure, SessionStatus

T0 = dt.datetime(2026, 11, 30, 1, tzinfo=dt.UTC)
GOLDEN = GoldenId("g-1")

SESSION = SessionRecord(
    session_id=SessionId("s-1"),
    user_id=UserId("u-1"),
    provider="demo",
    status=SessionStatus.FAILED,
    golden_id=GOLDEN,
    agent_build="a-1",
    error_code="tool_missing",
    error_cause="The tool's command is not in this golden.",
    error_remedy="Rebuild.",
    error_stage=SessionStatus.READY,
    error_evidence={"screen": "command not found"},
    created_at=T0,
)
MACHINE = MachineRecord(
    vm_id=VmId("vm-1"),
    user_id=UserId("u-1"),
    session_id=None,
    type=MachineType.BROWSER,
    driver=DriverName.CONTAINER,
    isolation=Isolation.CONTAINER,
    status=MachineStatus.FAILED,
    vm_ip="192.168.100.2",
    golden_id=GOLDEN,
    agent_build="a-1",
    host="here",
    pid=None,
    pid_started=None,
    error_code="machine_exited",
    error_cause="The machine ended by itself (signal 9).",
    created_at=T0,
    running_at=T0,
    ended_at=T0,
    error_stage=MachineStatus.RUNNING,
    error_remedy="Try again.",
    error_evidence={"console": "panic"},
)
RENEWAL = Renewal(golden_id=GOLDEN, why="inputs have changed", began_at=T0)


def test_a_session_s_failure() -> None:
    assert of_session(SESSION) == FailureRecord(
        code="tool_missing",
        stage="ready",
        cause="The tool's command is not in this golden.",
        remedy="Rebuild.",
        evidence={"screen": "command not found"},
        retryable=False,
        golden_id=GOLDEN,
        agent_build="a-1",
    )


def test_a_machine_s_failure() -> None:
    assert of_machine(MACHINE) == FailureRecord(
        code="machine_exited",
        stage="running",
        cause="The machine ended by itself (signal 9).",
        remedy="Try again.",
        evidence={"console": "panic"},
        retryable=True,
        golden_id=GOLDEN,
        agent_build="a-1",
    )


def test_a_renewal_s_failure_is_of_the_phase_that_it_had_come_to() -> None:
    begun = RENEWAL.told(StepNews(phase=Phase.CANARY, step="start of clone 1"), T0)
    failure = Failure(code="canary_failed", cause="It failed.", remedy="Read.", evidence={"vnc": "black"})
    rejected = dataclasses.replace(begun, agent_build="a-2").ended(Outcome.REJECTED, T0, failure)
    assert of_renewal(rejected) == FailureRecord(
        code="canary_failed",
        stage="canary",
        cause="It failed.",
        remedy="Read.",
        evidence={"vnc": "black"},
        retryable=False,
        golden_id=GOLDEN,
        agent_build="a-2",
    )


def test_a_renewal_that_came_to_no_step_failed_in_its_first_phase() -> None:
    failure = Failure(code="recipe_invalid", cause="It is no TOML.", remedy="Mend it.")
    found = of_renewal(RENEWAL.ended(Outcome.FAILED, T0, failure))
    assert found is not None
    assert (found.stage, found.agent_build) == ("build", None)


def test_what_did_not_fail_has_no_failure() -> None:
    assert of_session(dataclasses.replace(SESSION, error_code=None)) is None
    assert of_machine(dataclasses.replace(MACHINE, error_code=None)) is None
    assert of_renewal(RENEWAL) is None


def test_a_machine_of_an_older_release_has_the_catalogue_s_remedy() -> None:
    old = dataclasses.replace(MACHINE, error_stage=None, error_remedy=None, error_evidence={})
    found = of_machine(old)
    assert found is not None
    assert (found.stage, found.remedy) == (None, MEANINGS[FailureCode.MACHINE_EXITED].remedy)


def test_a_code_that_nobody_knows_any_more_still_has_a_next_step() -> None:
    found = of_machine(dataclasses.replace(MACHINE, error_code="renamed_since", error_remedy=None))
    assert found is not None
    assert found.remedy


def test_a_retry_is_offered_where_it_may_help_and_only_there() -> None:
    assert actions_of(SESSION) == ()
    assert actions_of(dataclasses.replace(SESSION, error_code="machine_exited")) == (Action.RETRY,)
    cancelled = dataclasses.replace(SESSION, status=SessionStatus.CANCELLED, error_code=None)
    assert actions_of(cancelled) == (Action.RETRY,)


def test_a_session_under_way_may_do_what_its_state_allows() -> None:
    waiting = dataclasses.replace(SESSION, status=SessionStatus.AWAITING_USER_AUTH, error_code=None)
    assert Action.VIEW in actions_of(waiting)
