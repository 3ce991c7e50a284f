"""The line: fair to users, in order for each of them."""

from __future__ import annotations

import itertools

import hypothesis.strategies as st
from hypothesis import given

from vestibule.core.ids import SessionId, UserId
from vestibule.core.line import Line

USERS = st.sampled_from([UserId(name) for name in ("ann", "bob", "cyd")])


def _of(*who: str) -> Line:
    line = Line()
    for one in who:
        user, _, _number = one.partition(" ")
        line = line.joined(UserId(user), SessionId(one))
    return line


def _order(line: Line) -> list[str]:
    return [session for _, session in line.order()]


def test_users_take_turns_and_each_one_s_own_stay_in_order() -> None:
    line = _of("ann 1", "ann 2", "ann 3", "bob 1")
    assert _order(line) == ["ann 1", "bob 1", "ann 2", "ann 3"]


def test_who_was_served_comes_after_the_others() -> None:
    line = _of("ann 1", "ann 2", "bob 1").served(UserId("ann"), SessionId("ann 1"))
    assert _order(line) == ["bob 1", "ann 2"]


def test_who_comes_new_overtakes_nobody_in_the_rotation() -> None:
    line = _of("ann 1", "ann 2", "bob 1").served(UserId("ann"), SessionId("ann 1"))
    assert _order(line.joined(UserId("cyd"), SessionId("cyd 1"))) == ["bob 1", "ann 2", "cyd 1"]


def test_who_is_skipped_keeps_the_turn() -> None:
    line = _of("ann 1", "bob 1", "bob 2").served(UserId("bob"), SessionId("bob 1"))
    assert _order(line) == ["ann 1", "bob 2"]


def test_who_leaves_is_gone_and_a_stranger_changes_nothing() -> None:
    line = _of("ann 1", "bob 1").left(SessionId("ann 1"))
    assert _order(line) == ["bob 1"]
    assert line.left(SessionId("cyd 9")) == line
    assert not line.left(SessionId("bob 1"))


@given(st.lists(USERS, max_size=30), st.integers(0, 30))
def test_nobody_is_lost_or_doubled_and_nobody_waits_for_more_than_a_round(
    users: list[UserId], rounds: int
) -> None:
    line = Line()
    for number, user in enumerate(users):
        line = line.joined(user, SessionId(f"{user} {number:02}"))
    served: list[UserId] = []
    while line and len(served) < rounds:
        user, session = line.order()[0]
        line = line.served(user, session)
        served.append(user)
    assert len(line) == len(line.order()) == len(users) - len(served)
    own = [session for user, session in line.order() if user == "ann"]
    assert own == sorted(own)
    for one, other in itertools.pairwise(served):
        assert one != other or not (set(line.rotation) - {one}), "another one's turn it was"
