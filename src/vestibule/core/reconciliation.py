"""Reconciliation: what the table, the processes, the folders and the sign-ins say of one another.

A machine that is being made or ended looks, for a moment, like one that nobody owns: only what is found in
two looks in a row is true.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Set as AbstractSet
from typing import Self

from vestibule.core.ids import SessionId, VmId


@dataclasses.dataclass(frozen=True, kw_only=True)
class Look:
    """What one look found."""

    rows: AbstractSet[VmId]
    """Machines that the table says live."""
    held: AbstractSet[VmId]
    """Machines that this controller starts, runs or ends."""
    gone: AbstractSet[VmId]
    """Of those that it runs: the process of that pid and start time is not there."""
    folders: AbstractSet[VmId]
    """Machines with a folder, of which the table says that they have ended."""
    open: AbstractSet[SessionId]
    """Sign-ins that the table says are under way."""
    carried: AbstractSet[SessionId]
    """Sign-ins that this controller carries on."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Differences:
    """What is not as it should be."""

    unheld: AbstractSet[VmId] = frozenset()
    """Rows that live, of machines that nothing runs."""
    exited: AbstractSet[VmId] = frozenset()
    """Machines whose process ended without a word."""
    leftovers: AbstractSet[VmId] = frozenset()
    """Folders of machines that have ended."""
    stranded: AbstractSet[SessionId] = frozenset()
    """Sign-ins that nothing carries on."""

    def confirmed_by(self, later: Self) -> Differences:
        """What is in both looks."""
        return Differences(
            unheld=self.unheld & later.unheld,
            exited=self.exited & later.exited,
            leftovers=self.leftovers & later.leftovers,
            stranded=self.stranded & later.stranded,
        )


def differences(look: Look) -> Differences:
    """Compare."""
    return Differences(
        unheld=look.rows - look.held,
        exited=look.gone & look.held,
        leftovers=look.folders - look.held - look.rows,
        stranded=look.open - look.carried,
    )
