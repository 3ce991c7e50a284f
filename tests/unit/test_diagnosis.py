"""An agent that is not the golden's is told by the files that make the difference."""

from __future__ import annotations

import pytest

from vestibule.core.diagnosis import NAMED_FILES, confirm, different_files
from vestibule.core.errors import MachineFailed
from vestibule_agent.protocol import CONTRACT, HandoverReply

WANTED = {"vestibule_agent/login.py": "aa", "vestibule_agent/urls.py": "bb", "vestibule_agent/x.py": "cc"}
FOUND = {"vestibule_agent/login.py": "aa", "vestibule_agent/urls.py": "xx", "vestibule_agent/old.py": "dd"}


def _reply(files: dict[str, str]) -> HandoverReply:
    return HandoverReply(
        contract=CONTRACT, vm_id="vm-1", build_id="older", random_sample="", checks=[], files=files
    )


def test_changed_missing_and_foreign_files_are_named_in_cause_and_evidence() -> None:
    with pytest.raises(MachineFailed) as failure:
        confirm(_reply(FOUND), vm_id="vm-1", agent_build="newer", agent_files=WANTED)
    assert failure.value.failure_code == "agent_mismatch"
    assert "Its files that changed: vestibule_agent/urls.py." in failure.value.cause
    assert failure.value.evidence == {
        "files_that_changed": "vestibule_agent/urls.py",
        "files_that_are_missing": "vestibule_agent/x.py",
        "files_that_do_not_belong_there": "vestibule_agent/old.py",
    }


def test_a_long_list_is_cut_and_the_rest_counted() -> None:
    wanted = {f"{number:02}.py": "aa" for number in range(NAMED_FILES + 3)}
    (named,) = different_files(wanted, dict.fromkeys(wanted, "bb")).values()
    assert named.startswith("00.py, 01.py")
    assert named.endswith(f"{NAMED_FILES - 1:02}.py and 3 more")


@pytest.mark.parametrize(("wanted", "found"), [({}, FOUND), (WANTED, {})])
def test_a_side_that_names_no_files_is_compared_by_build_alone(
    wanted: dict[str, str], found: dict[str, str]
) -> None:
    with pytest.raises(MachineFailed, match="answered as build older") as failure:
        confirm(_reply(found), vm_id="vm-1", agent_build="newer", agent_files=wanted)
    assert failure.value.evidence == {}
