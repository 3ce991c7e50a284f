"""The demo tool of the golden against the demo provider of the controller: the two that must fit."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_desk import PATIENCE_S, ROOT, Desk, Person, desk
from oauth_client import part

from vestibule.core.providers import login_spec
from vestibule.drivers import providers
from vestibule.laboratory.scenario import Broken, Lives, Scenario

DEMO = providers.load([ROOT / "providers"])["demo"]
FILE = DEMO.credential.files[0]
PERSON = Person()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


def _printed_address(tool: subprocess.Popen[str]) -> str:
    assert tool.stdout is not None
    for line in tool.stdout:
        if found := re.fullmatch(r"(http://\S+/authorize\?\S+)\n", line):
            return found[1]
    raise AssertionError(tool.communicate())


def _failed(desk: Desk, decision: str = "allow") -> tuple[int, str, str]:
    """Exit code, the page where the person lands, and the tool's last words."""
    with desk.start("login") as tool:
        landed = PERSON.decide(_printed_address(tool), decision)
        _, err = tool.communicate(timeout=PATIENCE_S)
    assert not desk.credentials.exists()
    return tool.returncode, landed.text, err


def test_the_tool_ends_signed_in_with_the_credential_that_its_provider_file_declares(plain: Desk) -> None:
    with plain.start("login") as tool:
        landed = PERSON.decide(_printed_address(tool))
        out, err = tool.communicate(timeout=PATIENCE_S)
    assert landed.status_code == 200
    assert (tool.returncode, err) == (0, "")
    assert out.endswith("Signed in as ann.\n")
    document = json.loads(plain.credentials.read_text())
    assert plain.credentials == plain.home / FILE.path.removeprefix("~/")
    assert stat.S_IMODE(plain.credentials.stat().st_mode) == 0o600
    assert all(document[key] for key in FILE.required)
    assert document[FILE.account or ""] == "ann"
    assert plain.run("whoami").stdout == "ann\n"


def test_the_credential_holds_scope_and_id_token(plain: Desk) -> None:
    with plain.start("login") as tool:
        PERSON.decide(_printed_address(tool))
        tool.communicate(timeout=PATIENCE_S)
    document = json.loads(plain.credentials.read_text())
    assert document["scope"] == "demo openid profile offline_access"
    assert part(document["id_token"], 1)["preferred_username"] == "ann"


def test_the_provider_file_accepts_the_address_that_the_tool_prints(plain: Desk) -> None:
    with plain.start("login") as tool:
        url = _printed_address(tool)
        tool.kill()
    shipped = url.replace(plain.issuer, "http://login.demo.test")
    assert re.match(login_spec(DEMO).url_pattern, shipped)


def test_a_person_who_denies_ends_the_tool_without_a_credential(plain: Desk) -> None:
    code, landed, err = _failed(plain, "deny")
    assert (code, err) == (1, "vestibule-demo: access_denied: the person denied the request\n")
    assert "Sign-in failed" in landed


def test_a_code_that_has_expired_is_told_in_the_browser_and_on_the_terminal(tmp_path: Path) -> None:
    with desk(tmp_path, Scenario(lives=Lives(code_s=0))) as made:
        code, landed, err = _failed(made)
    assert code == 1
    assert "invalid_grant: the code has expired" in landed
    assert err.endswith("/token: invalid_grant: the code has expired\n")


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (Broken.HTML_502, "/token: HTTP 502"),
        (Broken.HTML_503, "/token: HTTP 503"),
        (Broken.NOT_JSON, "/token did not answer with JSON"),
        (Broken.TRUNCATED, "/token did not answer with JSON"),
        (Broken.EMPTY, "/token did not answer with JSON"),
        (Broken.NOT_AN_OBJECT, "/token did not answer with a JSON object"),
    ],
)
def test_an_answer_that_is_no_providers_is_named(tmp_path: Path, broken: Broken, words: str) -> None:
    with desk(tmp_path, Scenario(broken={"/token": broken})) as made:
        code, landed, err = _failed(made)
    assert code == 3
    assert words in landed
    assert err.endswith(f"{words}\n")


def test_an_answer_from_another_provider_is_refused(tmp_path: Path) -> None:
    with desk(tmp_path, Scenario(wrong_issuer=True)) as made:
        code, _, err = _failed(made)
    assert (code, err) == (
        1,
        "vestibule-demo: the answer is from another provider: http://other.demo.test\n",
    )


def test_an_answer_with_a_wrong_state_is_told_and_changes_nothing(tmp_path: Path) -> None:
    with desk(tmp_path, Scenario(wrong_state=True)) as made, made.start("login") as tool:
        assert "state differs" in PERSON.decide(_printed_address(tool)).text
        assert tool.poll() is None
        tool.kill()
    assert not made.credentials.exists()


def test_an_error_at_the_beginning_comes_back_to_the_tool(tmp_path: Path) -> None:
    scenario = Scenario(errors={"/authorize": "temporarily_unavailable"})
    with desk(tmp_path, scenario) as made, made.start("login") as tool:
        assert "temporarily_unavailable" in PERSON.open(_printed_address(tool)).text
        assert "temporarily_unavailable" in tool.communicate(timeout=PATIENCE_S)[1]
    assert tool.returncode == 1


@pytest.mark.parametrize("flow", [[], ["--paste"], ["--device"]])
def test_a_provider_that_cannot_be_reached_ends_every_flow_at_once(plain: Desk, flow: list[str]) -> None:
    away = Desk(issuer="http://127.0.0.1:9", home=plain.home)
    ended = away.run("login", *flow)
    assert ended.returncode == 3
    assert "http://127.0.0.1:9/.well-known/oauth-authorization-server cannot be reached" in ended.stderr


@pytest.mark.parametrize("flow", [[], ["--paste"], ["--device"]])
def test_a_provider_that_talks_nonsense_ends_every_flow_at_once(tmp_path: Path, flow: list[str]) -> None:
    metadata = "/.well-known/oauth-authorization-server"
    with desk(tmp_path, Scenario(broken={metadata: Broken.HTML_503})) as made:
        ended = made.run("login", *flow)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == f"vestibule-demo: {made.issuer}{metadata}: HTTP 503\n"
