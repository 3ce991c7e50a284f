"""From what was observed to the most specific failure.

::

    what was raised ─▶ failure_of ─┐
    exit, memory, console, checks  ├▶ Observation ─▶ diagnose: the first rule of ``core.symptoms`` that
    screen, sites, host's pressure ┘                 finds something, or the failure as it was
"""

from __future__ import annotations

import dataclasses
import errno
from collections.abc import Mapping, Sequence

from vestibule.core.errors import MachineFailed, VestibuleError
from vestibule.core.failures import MEANINGS, FailureCode
from vestibule.core.observations import Observation, evidence
from vestibule.core.sessions import Failure
from vestibule.core.symptoms import CHECK_CODES, RULES
from vestibule_agent.protocol import CONTRACT, Check, HandoverReply

_REBUILD = "Rebuild the golden (vestibule golden build); sessions that run are not touched."
REQUIRED_CHECKS = frozenset(CHECK_CODES)
LATE_CHECKS = frozenset({"browser"})
"""What a confirmation may leave open: a desktop can be looked at before they are made."""
NAMED_FILES = 8
"""Of each kind; more are counted."""


def confirm(
    reply: HandoverReply, *, vm_id: str, agent_build: str, agent_files: Mapping[str, str] | None = None
) -> None:
    """Accept the agent's confirmation or say why not.

    ``agent_build`` and ``agent_files`` are those of the golden's manifest; without files none can be named.
    Raises MachineFailed: ``agent_mismatch`` when contract, machine or build is another than expected,
    otherwise the code of the first check that failed or is missing.
    """
    if (reply.contract, reply.vm_id, reply.build_id) != (CONTRACT, vm_id, agent_build):
        different = different_files(agent_files or {}, reply.files)
        raise MachineFailed(
            f"The agent answered as build {reply.build_id[:16]}, contract {reply.contract}, machine"
            f" {reply.vm_id}; expected build {agent_build[:16]}, contract {CONTRACT}, machine {vm_id}."
            + "".join(f" Its files that {how}: {names}." for how, names in different.items()),
            remedy=_REBUILD,
            code="agent_mismatch",
            **{f"files_that_{how.replace(' ', '_')}": names for how, names in different.items()},
        )
    require_checks(reply.checks, REQUIRED_CHECKS - (LATE_CHECKS & set(reply.pending)))


def different_files(wanted: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """How files differ → which, a bounded list; empty when one side does not name its files."""
    if not wanted or not found:
        return {}
    kinds = {
        "changed": [path for path in wanted if path in found and found[path] != wanted[path]],
        "are missing": [path for path in wanted if path not in found],
        "do not belong there": [path for path in found if path not in wanted],
    }
    return {how: _named(sorted(paths)) for how, paths in kinds.items() if paths}


def _named(paths: Sequence[str]) -> str:
    more = len(paths) - NAMED_FILES
    return ", ".join(paths[:NAMED_FILES]) + (f" and {more} more" if more > 0 else "")


def require_checks(checks: Sequence[Check], required: frozenset[str]) -> None:
    """Raise MachineFailed with the code of the first check that failed, or is ``required`` and missing."""
    failed = {check.name: check.detail for check in checks if not check.ok}
    failed |= dict.fromkeys(required - {check.name for check in checks}, "the agent did not look")
    for name, code in CHECK_CODES.items():
        if name in failed:
            raise MachineFailed(
                f"The machine came up, but its {name} check failed: {failed[name]}.",
                remedy=MEANINGS[code].remedy,
                code=code,
                **failed,
            )


def diagnose(seen: Observation) -> Failure:
    """The most specific failure that the observation allows, all of it as evidence, not yet redacted."""
    found = next((finding for rule in RULES if (finding := rule(seen)) is not None), None)
    kept = evidence(seen)
    if found is None:
        return dataclasses.replace(seen.failure, evidence=kept)
    if found.code != seen.failure.code:
        kept = {**kept, "first_seen_as": f"{seen.failure.code}: {seen.failure.cause}"}
    remedy = found.remedy or MEANINGS[found.code].remedy
    return dataclasses.replace(seen.failure, code=found.code, cause=found.cause, remedy=remedy, evidence=kept)


def failure_of(error: BaseException) -> Failure:
    """The failure record of an exception; an unforeseen one is named as such, never hidden."""
    if isinstance(error, VestibuleError):
        told = {name: str(value) for name, value in error.evidence.items()}
        return Failure(
            code=error.failure_code,
            cause=error.cause,
            remedy=error.remedy,
            evidence=told,
            golden_id=error.golden_id,
        )
    if isinstance(error, OSError) and error.errno in _FULL:
        return Failure(
            code=FailureCode.DISK_FULL,
            cause="The controller could not write: there is no room left on its disk.",
            remedy="Free space where state_dir, run_dir and cache_dir are; then start again.",
        )
    return Failure(
        code="internal",
        cause=f"An unforeseen {type(error).__name__} occurred in the controller.",
        remedy="Read the controller's log at this time and report it as a bug.",
    )


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
