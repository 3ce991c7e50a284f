"""The demo tool with a code that a person types on the provider's page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from demo_desk import PATIENCE_S, Desk, Person, desk, shown

from vestibule.laboratory.scenario import Broken, Lives, Scenario

PERSON = Person()
PATIENT = Lives(device_s=10**9)
"""The tool's pauses take no time here: it asks as often as it can until the person has answered."""


def _ended(desk: Desk, decision: str) -> tuple[int, str, str]:
    """Exit code, words and last words of a sign-in that somebody answers."""
    with desk.start("login", "--device") as tool:
        address, code = shown(tool)
        PERSON.type_code(address, code, decision)
        out, err = tool.communicate(timeout=PATIENCE_S)
    return tool.returncode, out, err


def test_a_typed_code_signs_in(tmp_path: Path) -> None:
    with desk(tmp_path, Scenario(lives=PATIENT)) as made:
        code, out, err = _ended(made, "allow")
    assert (code, err) == (0, "")
    assert out.endswith("Signed in as ann.\n")
    document = json.loads(made.credentials.read_text())
    assert document["account"] == "ann"
    assert document["id_token"]


def test_it_waits_as_long_as_the_provider_asks_and_longer_when_told_to_slow_down(tmp_path: Path) -> None:
    with desk(tmp_path, Scenario(lives=PATIENT, interval_s=7, slow_downs=2)) as made:
        with made.start("login", "--device") as tool:
            address, code = shown(tool)
            made.waited(4)
            PERSON.type_code(address, code)
            tool.communicate(timeout=PATIENCE_S)
        assert tool.returncode == 0
    assert made.pauses[:3] == [7, 12, 17]
    assert set(made.pauses[3:]) == {17}


def test_a_person_who_denies_ends_the_tool(tmp_path: Path) -> None:
    with desk(tmp_path, Scenario(lives=PATIENT)) as made:
        code, _, err = _ended(made, "deny")
    assert code == 1
    assert err.endswith("/token: access_denied: the person denied the request\n")
    assert not made.credentials.exists()


def test_a_code_that_nobody_types_expires(tmp_path: Path) -> None:
    with desk(tmp_path, Scenario(lives=Lives(device_s=12))) as made:
        ended = made.run("login", "--device")
    assert ended.returncode == 1
    assert ended.stderr.endswith("/token: expired_token: nobody answered before the code expired\n")
    assert made.pauses == [5, 5, 5]


def test_a_tool_whose_device_flow_is_refused_says_why(tmp_path: Path) -> None:
    with desk(tmp_path, Scenario(errors={"/device_authorization": "unauthorized_client"})) as made:
        ended = made.run("login", "--device")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "/device_authorization: unauthorized_client" in ended.stderr


@pytest.mark.parametrize("path", ["/device_authorization", "/token"])
@pytest.mark.parametrize("broken", list(Broken))
def test_an_answer_that_is_no_providers_ends_the_tool(tmp_path: Path, path: str, broken: Broken) -> None:
    with desk(tmp_path, Scenario(broken={path: broken})) as made:
        ended = made.run("login", "--device")
    assert ended.returncode == 3
    assert re.search(f"{path}(: HTTP 50[23]| did not answer with (JSON|a JSON object))$", ended.stderr)
