"""What goes wrong without a provider saying so: waits, other servers' answers, forged returns."""

from __future__ import annotations

import json

import pytest
from oauth_client import STATE, laboratory, refusal, returned

from vestibule.laboratory.__main__ import scenario_of
from vestibule.laboratory.app import ISSUER
from vestibule.laboratory.scenario import Broken, Lives, Scenario

pytestmark = pytest.mark.anyio


async def test_a_slow_answer_comes_late_and_whole() -> None:
    async with laboratory(Scenario(delays_s={"/token": 20})) as client:
        code, before = await client.code(), client.clock.now
        assert (await client.redeem(code)).status_code == 200
        assert client.clock.now - before == 20


async def test_an_answer_that_is_slower_than_a_code_lives_finds_it_expired() -> None:
    async with laboratory(Scenario(delays_s={"/token": Lives().code_s})) as client:
        assert refusal(await client.redeem(await client.code())) == (400, "invalid_grant")


async def test_a_code_can_be_born_expired() -> None:
    async with laboratory(Scenario(lives=Lives(code_s=0))) as client:
        answer = await client.redeem(await client.code())
    assert answer.json()["error_description"] == "the code has expired"


async def test_a_wrong_state_comes_back() -> None:
    async with laboratory(Scenario(wrong_state=True)) as client:
        assert returned(await client.decide())["state"] not in {"", STATE}


async def test_another_provider_seems_to_answer() -> None:
    async with laboratory(Scenario(wrong_issuer=True)) as client:
        assert returned(await client.decide())["iss"] != ISSUER


async def test_consent_is_denied_for_the_person() -> None:
    async with laboratory(Scenario(deny=True)) as client:
        assert returned(await client.decide("allow"))["error"] == "access_denied"


@pytest.mark.parametrize("broken", [Broken.NOT_JSON, Broken.TRUNCATED, Broken.EMPTY])
async def test_an_answer_that_claims_to_be_json_is_none(broken: Broken) -> None:
    async with laboratory(Scenario(broken={"/token": broken})) as client:
        answer = await client.redeem("fake")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def test_json_that_is_no_object() -> None:
    async with laboratory(Scenario(broken={"/token": Broken.NOT_AN_OBJECT})) as client:
        assert (await client.redeem("fake")).json() == ["fake"]


@pytest.mark.parametrize(("broken", "status"), [(Broken.HTML_502, 502), (Broken.HTML_503, 503)])
async def test_a_proxys_page_in_place_of_an_answer(broken: Broken, status: int) -> None:
    async with laboratory(Scenario(broken={"/token": broken})) as client:
        answer = await client.redeem("fake")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


async def test_what_is_not_named_is_not_broken() -> None:
    async with laboratory(Scenario(broken={"/token": Broken.HTML_502})) as client:
        assert (await client.ask()).status_code == 200


def test_a_command_line_describes_a_scenario() -> None:
    argv = "--port 9 --error /token=invalid_scope --broken /jwks=empty --delay /token=2 --deny --code-life 0"
    assert scenario_of(argv.split()) == (
        9,
        Scenario(
            errors={"/token": "invalid_scope"},
            broken={"/jwks": Broken.EMPTY},
            delays_s={"/token": 2},
            deny=True,
            lives=Lives(code_s=0, pasted_code_s=0),
        ),
    )


def test_a_command_line_without_words_is_the_plain_laboratory() -> None:
    assert scenario_of([]) == (8930, Scenario())


@pytest.mark.parametrize(
    "wrong", ["--error token=invalid_scope", "--error /token", "--broken /token=a-bit", "--delay /token=soon"]
)
def test_a_fault_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(SystemExit):
        scenario_of(wrong.split())
