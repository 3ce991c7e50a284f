"""How far a renewal has come, as its news tell it."""

from __future__ import annotations

import dataclasses
import datetime as dt

from vestibule.core.ids import GoldenId
from vestibule.core.renewal import Forecast, Outcome, Phase, Renewal, StepNews
from vestibule.core.sessions import Failure

T0 = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
BEGUN = Renewal(golden_id=GoldenId("g-1"), why="its inputs are today's", began_at=T0)
NEWS = StepNews(phase=Phase.BUILD, step="packages", to_come=4, estimate_s=90.0)


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def test_a_step_that_begins_is_added_with_its_time_and_what_is_to_come() -> None:
    renewal = BEGUN.told(NEWS, at(1))
    (step,) = renewal.steps
    assert (step.name, step.began_at, step.estimate_s, step.seconds) == ("packages", at(1), 90.0, None)
    assert renewal.to_come == 4


def test_a_step_that_ends_is_the_one_that_began() -> None:
    other = StepNews(phase=Phase.BUILD, step="browser", to_come=3)
    renewal = BEGUN.told(NEWS, at(1)).told(other, at(2))
    ended = renewal.told(dataclasses.replace(NEWS, seconds=7.5, trouble="slow"), at(9))
    assert [(step.name, step.seconds, step.trouble) for step in ended.steps] == [
        ("packages", 7.5, "slow"),
        ("browser", None, None),
    ]


def test_steps_of_one_name_in_two_phases_are_two() -> None:
    again = dataclasses.replace(NEWS, phase=Phase.CANARY)
    renewal = BEGUN.told(NEWS, at(1)).told(again, at(2)).told(dataclasses.replace(again, seconds=1.0), at(3))
    assert [step.seconds for step in renewal.steps] == [None, 1.0]


def test_a_step_that_ended_before_is_not_ended_again() -> None:
    twice = BEGUN.told(NEWS, at(1)).told(dataclasses.replace(NEWS, seconds=1.0), at(2)).told(NEWS, at(3))
    ended = twice.told(dataclasses.replace(NEWS, seconds=5.0), at(8))
    assert [step.seconds for step in ended.steps] == [1.0, 5.0]


def test_an_ended_renewal_has_nothing_to_come() -> None:
    ended = BEGUN.told(NEWS, at(1)).ended(Outcome.PROMOTED, at(9))
    assert (ended.outcome, ended.ended_at, ended.to_come, ended.failure) == (Outcome.PROMOTED, at(9), 0, None)


def test_its_end_is_expected_by_the_last_times_until_it_has_ended() -> None:
    begun = BEGUN.told(dataclasses.replace(NEWS, left_s=120.0), at(10))
    assert begun.expected_end_at == at(130)
    no_new_guess = begun.told(dataclasses.replace(NEWS, step="browser"), at(20))
    assert no_new_guess.expected_end_at == at(130)
    assert no_new_guess.ended(Outcome.PROMOTED, at(99)).expected_end_at is None


def test_what_is_made_is_known_until_something_else_is() -> None:
    begun = BEGUN.told(dataclasses.replace(NEWS, products=("l-base-1",)), at(1))
    assert begun.told(NEWS, at(2)).products == ("l-base-1",)
    assert begun.told(dataclasses.replace(NEWS, products=("g-1",)), at(2)).products == ("g-1",)


def test_a_forecast_adds_the_phases_that_come_after() -> None:
    forecast = Forecast(phases={Phase.SNAPSHOT: 20.0, Phase.CANARY: 6.0})
    building = dataclasses.replace(NEWS, left_s=4.0)
    assert forecast.whole(building).left_s == 30.0
    assert forecast.whole(dataclasses.replace(building, phase=Phase.SNAPSHOT)).left_s == 10.0
    assert forecast.whole(dataclasses.replace(building, phase=Phase.CANARY)).left_s == 4.0


def test_nothing_is_foreseen_of_what_was_never_done() -> None:
    building = dataclasses.replace(NEWS, left_s=4.0)
    assert Forecast(phases={Phase.CANARY: None}).whole(building).left_s is None
    assert Forecast(phases={}).whole(NEWS).left_s is None


def test_the_line_says_what_is_being_done() -> None:
    assert BEGUN.line == "Golden g-1 is being made; try again in a minute."
    under_way = BEGUN.told(NEWS, at(1))
    assert under_way.line == "Golden g-1 is being made, step “packages”; try again in a minute."


def test_the_line_says_how_it_ended_in_whole_sentences() -> None:
    assert BEGUN.ended(Outcome.PROMOTED, at(9)).line == "The last renewal, of g-1, ended as promoted."
    failure = Failure(code="disk_full", cause="the disk is full", remedy="Free space.", evidence={})
    for cause in ("the disk is full", "the disk is full."):
        ended = BEGUN.ended(Outcome.FAILED, at(9), dataclasses.replace(failure, cause=cause))
        assert ended.line == "The last renewal, of g-1, ended as failed: the disk is full."
