"""Any order of check-outs, returns and deletions, against a model: the row, its history and its content."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from vault_lab import NOW, VaultLab, base64_of, brought, login, open_vault_lab

from vestibule.core.custody import TRANSITIONS, Custody
from vestibule.core.errors import VestibuleError
from vestibule.core.ids import CredentialId
from vestibule.core.records import User

T = TypeVar("T")
C = Custody
HOLDERS = st.sampled_from(["laptop", "desk", "ci"])
EXPIRIES = st.integers(1, 100_000)


class OneCredential(RuleBasedStateMachine):
    """The model is what the rules below say in words: who has it, and what was written last."""

    lab: VaultLab
    ann: User
    bob: User
    credential_id: CredentialId

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.custody = C.SEALED
        self.holder: str | None = None
        self.expires_in_s = 3600
        self.content = login(3600)
        self.moves: list[tuple[Custody, str | None]] = [(C.SEALED, None)]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def seal(self) -> None:
        self.lab = self.run(self.stack.enter_async_context(open_vault_lab()))
        self.ann, self.bob = self.run(self.lab.user("ann")), self.run(self.lab.user("bob"))
        self.credential_id = self.run(self.lab.sealed(self.ann, self.content))

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()

    def refused(self, work: Coroutine[Any, Any, object], code: str) -> None:
        with pytest.raises(VestibuleError) as refused:
            self.run(work)
        assert refused.value.failure_code == code
        assert refused.value.cause
        assert refused.value.remedy

    def moved(self, custody: Custody, holder: str | None) -> None:
        self.moves.append((custody, holder or self.holder))
        self.custody, self.holder = custody, holder

    @rule(holder=HOLDERS)
    def check_out(self, holder: str) -> None:
        work = self.lab.custodian.check_out(self.ann, self.credential_id, holder)
        match self.custody:
            case C.REVOKED:
                self.refused(work, "credential_revoked")
            case C.CHECKED_OUT:
                self.refused(work, "credential_checked_out")
            case _:
                _, opened = self.run(work)
                assert opened.files[0].content == base64_of(self.content)
                self.moved(C.CHECKED_OUT, holder)

    @precondition(lambda self: self.custody is C.CHECKED_OUT)
    @rule()
    def return_unchanged(self) -> None:
        self.run(self.lab.custodian.return_(self.ann, self.credential_id, str(self.holder), []))
        self.moved(C.RETURNED, None)

    @precondition(lambda self: self.custody is C.CHECKED_OUT)
    @rule(expires_in_s=EXPIRIES)
    def write_back(self, expires_in_s: int) -> None:
        content = login(expires_in_s, refresh_token=f"demo-rt-fake-{expires_in_s}")
        work = self.lab.custodian.return_(self.ann, self.credential_id, str(self.holder), brought(content))
        if expires_in_s < self.expires_in_s:
            self.refused(work, "credential_superseded")
            return
        self.run(work)
        self.content, self.expires_in_s = content, expires_in_s
        self.moved(C.RETURNED, None)

    @precondition(lambda self: self.custody is C.CHECKED_OUT)
    @rule(content=st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)))
    def write_back_nonsense(self, content: bytes) -> None:
        work = self.lab.custodian.return_(self.ann, self.credential_id, str(self.holder), brought(content))
        self.refused(work, "credential_invalid")

    @rule(holder=HOLDERS, expires_in_s=st.none() | EXPIRIES)
    def return_what_one_does_not_hold(self, holder: str, expires_in_s: int | None) -> None:
        if holder == self.holder:
            return
        content = [] if expires_in_s is None else brought(login(expires_in_s))
        work = self.lab.custodian.return_(self.ann, self.credential_id, holder, content)
        self.refused(
            work,
            {C.CHECKED_OUT: "credential_held_by_another", C.REVOKED: "credential_revoked"}.get(
                self.custody, "credential_not_checked_out"
            ),
        )

    @rule(holder=HOLDERS)
    def come_as_somebody_else(self, holder: str) -> None:
        custodian = self.lab.custodian
        self.refused(custodian.check_out(self.bob, self.credential_id, holder), "absent")
        self.refused(custodian.return_(self.bob, self.credential_id, holder, []), "absent")
        self.refused(custodian.delete(self.bob, self.credential_id), "absent")

    @precondition(lambda self: len(self.moves) > 3)
    @rule()
    def delete(self) -> None:
        work = self.lab.custodian.delete(self.ann, self.credential_id)
        if self.custody is C.REVOKED:
            self.refused(work, "credential_revoked")
            return
        self.run(work)
        self.moved(C.REVOKED, None)

    @rule(seconds=st.integers(1, 100_000))
    def wait(self, seconds: int) -> None:
        self.lab.clock.move(seconds)

    @invariant()
    def the_row_is_the_model_s(self) -> None:
        record, history = self.run(self.lab.credentials.read(self.ann, self.credential_id))
        assert (record.custody, record.holder, record.seq) == (self.custody, self.holder, len(self.moves) - 1)
        assert record.expires_at == NOW + dt.timedelta(seconds=self.expires_in_s)
        assert [(one.custody, one.holder) for one in history] == self.moves
        assert all(to.custody in TRANSITIONS[seen.custody] for seen, to in pairwise(history))
        assert [one.seq for one in history] == list(range(len(history)))

    @invariant()
    def the_vault_holds_what_was_written_last_or_nothing(self) -> None:
        if self.custody is C.REVOKED:
            assert self.run(self.lab.rows.get(self.credential_id)).sealed == b""
        else:
            assert self.run(self.lab.content(self.ann, self.credential_id)) == self.content


TestOneCredential = OneCredential.TestCase
TestOneCredential.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
