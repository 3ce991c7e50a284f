"""The sign-in's state machine: what ``decide`` may and may not do."""

from __future__ import annotations

import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.core import sessions as s

S = s.SessionStatus

EVENTS: st.SearchStrategy[s.SessionEvent] = st.one_of(
    st.just(s.MachineRunning()),
    st.builds(s.AgentConfirmed, agent_build=st.text(max_size=5)),
    st.builds(s.UrlSeen, url=st.text(max_size=5)),
    st.builds(s.UserCodeSeen, code=st.text(max_size=5)),
    st.just(s.CodeAsked()),
    st.builds(s.PageShown, title=st.text(max_size=5)),
    st.just(s.CredentialReady()),
    st.just(s.CredentialSealed()),
    st.builds(s.ToolExited, exit_code=st.integers(0, 255), screen=st.text(max_size=5)),
    st.builds(s.GraceOver, screen=st.text(max_size=5)),
    st.just(s.Failed(failure=s.Failure(code="x", cause="y", remedy="z"))),
    st.just(s.DeadlinePassed(after_s=900)),
    st.just(s.CancelAsked()),
)


def test_the_strategy_knows_every_event() -> None:
    drawn = {type(item) for item in (s.MachineRunning(), s.CredentialReady(), s.CredentialSealed())}
    assert drawn < set(typing.get_args(s.SessionEvent))
    assert len(typing.get_args(s.SessionEvent)) == 13


@given(st.sampled_from(S), EVENTS)
def test_every_decision_keeps_to_the_transition_table(status: S, event: s.SessionEvent) -> None:
    decision = s.decide(status, event)
    assert decision.to is None or decision.to in s.TRANSITIONS[status]


@given(st.sampled_from(sorted(s.FINAL)), EVENTS)
def test_a_final_state_answers_nothing(status: S, event: s.SessionEvent) -> None:
    assert s.decide(status, event) == s.NOTHING


@given(st.lists(EVENTS, max_size=40))
def test_a_machine_is_destroyed_once_and_only_at_the_end(events: list[s.SessionEvent]) -> None:
    status, destroyed = S.STARTED, 0
    for event in events:
        decision = s.decide(status, event)
        status = decision.to or status
        destroyed += decision.effects.count(s.Effect.DESTROY_MACHINE)
        assert destroyed == (1 if status in s.FINAL else 0)


@given(st.lists(EVENTS, max_size=40))
def test_a_session_completes_only_after_its_credential_was_sealed(events: list[s.SessionEvent]) -> None:
    status, claimed = S.STARTED, False
    for event in events:
        decision = s.decide(status, event)
        claimed = claimed or s.Effect.CLAIM_CREDENTIAL in decision.effects
        if decision.to is S.COMPLETED:
            assert claimed
            assert isinstance(event, s.CredentialSealed)
        status = decision.to or status


def test_the_whole_path() -> None:
    path: list[tuple[s.SessionEvent, S]] = [
        (s.MachineRunning(), S.VM_CREATED),
        (s.AgentConfirmed(agent_build="b"), S.READY),
        (s.UrlSeen(url="https://example.com"), S.AWAITING_USER_AUTH),
        (s.CredentialReady(), S.AUTHENTICATING),
        (s.CredentialSealed(), S.COMPLETED),
    ]
    status = S.STARTED
    for event, expected in path:
        status = s.decide(status, event).to or status
        assert status is expected


def test_a_tool_that_ends_well_is_given_time_to_leave_its_credential() -> None:
    decision = s.decide(S.AWAITING_USER_AUTH, s.ToolExited(exit_code=0, screen=""))
    assert decision == s.Decision(effects=(s.Effect.AWAIT_CREDENTIAL,))


@pytest.mark.parametrize(("exit_code", "code"), [(1, "tool_exited"), (127, "tool_missing")])
def test_a_tool_that_ends_badly_fails_the_session_with_its_screen(exit_code: int, code: str) -> None:
    decision = s.decide(S.READY, s.ToolExited(exit_code=exit_code, screen="no network"))
    assert decision.to is S.FAILED
    assert decision.fields["error_code"] == code
    assert decision.fields["error_evidence"] == {"screen": "no network"}
    assert decision.fields["error_stage"] is S.READY


def test_a_tool_that_was_killed_is_told_with_its_signal_and_its_last_words() -> None:
    event = s.ToolExited(exit_code=-9, screen="waiting …\nhalf a line.\n\n")
    failure = s.failure_in(s.decide(S.AWAITING_USER_AUTH, event))
    assert failure is not None
    assert failure.cause == (
        "The tool ended with signal 9 before a credential was there; the last that it said: half a line."
    )


def test_a_tool_that_ends_after_its_credential_changes_nothing() -> None:
    assert s.decide(S.AUTHENTICATING, s.ToolExited(exit_code=1, screen="")) == s.NOTHING


@pytest.mark.parametrize("status", sorted(set(S) - s.FINAL))
def test_a_machine_is_touched_only_once_it_has_confirmed_and_its_view_is_opened_before(status: S) -> None:
    confirmed = status in {S.READY, S.AWAITING_USER_AUTH, S.AUTHENTICATING}
    assert (s.Action.VIEW in s.allowed_actions(status)) == (confirmed or status is S.VM_CREATED)
    assert (s.Action.PASTE in s.allowed_actions(status)) == confirmed
    assert s.Action.CANCEL in s.allowed_actions(status)


def test_a_failed_session_can_only_be_tried_again() -> None:
    assert s.allowed_actions(S.FAILED) == (s.Action.RETRY,)
    assert s.allowed_actions(S.COMPLETED) == ()
