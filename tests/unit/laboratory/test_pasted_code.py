"""A tool that cannot be returned to: the provider's own page shows the code."""

from __future__ import annotations

import html

import pytest
from oauth_client import CODE_PAGE, STATE, Client, refusal, returned

from vestibule.laboratory.scenario import Lives

pytestmark = pytest.mark.anyio


async def _code(client: Client) -> str:
    return returned(await client.decide(redirect_uri=CODE_PAGE), CODE_PAGE)["code"]


async def test_the_page_shows_code_and_state_to_copy_at_a_click(client: Client) -> None:
    answer = await client.decide(redirect_uri=CODE_PAGE)
    code = returned(answer, CODE_PAGE)["code"]
    page = await client.http.get(answer.headers["location"])
    assert page.status_code == 200
    assert f">{html.escape(f'{code}#{STATE}')}</output>" in page.text
    assert "user-select: all" in page.text


async def test_the_consent_page_says_that_there_will_be_a_code(client: Client) -> None:
    page = await client.ask(redirect_uri=CODE_PAGE)
    assert "a code to paste" in page.text
    assert page.headers["content-security-policy"].endswith("form-action 'self'")


async def test_the_code_is_exchanged_for_tokens(client: Client) -> None:
    answer = await client.redeem(await _code(client), redirect_uri=CODE_PAGE)
    assert answer.json()["access_token"]


async def test_a_code_without_state_is_shown_alone(client: Client) -> None:
    answer = await client.decide(redirect_uri=CODE_PAGE, state=None)
    page = await client.http.get(answer.headers["location"])
    assert f">{returned(answer, CODE_PAGE)['code']}</output>" in page.text


async def test_a_person_has_ten_minutes_to_carry_it(client: Client) -> None:
    code = await _code(client)
    client.clock.now += Lives().pasted_code_s - 1
    assert (await client.redeem(code, redirect_uri=CODE_PAGE)).status_code == 200


async def test_a_code_that_is_pasted_too_late_has_expired(client: Client) -> None:
    code = await _code(client)
    client.clock.now += Lives().pasted_code_s
    assert refusal(await client.redeem(code, redirect_uri=CODE_PAGE)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "query", ["", "code=made-up", "error=made-up&error_description=Call+this+number", "code=%3Cscript%3E"]
)
async def test_no_link_puts_words_on_the_page(client: Client, query: str) -> None:
    page = await client.http.get(f"/code?{query}")
    assert page.status_code == 400
    assert "There is no code to show." in page.text
    for word in ("made-up", "number", "<script"):
        assert word not in page.text


@pytest.mark.parametrize("elsewhere", ["http://other.demo.test/code", f"{CODE_PAGE}/", f"{CODE_PAGE}?x=1"])
async def test_only_the_page_itself_is_returned_to(client: Client, elsewhere: str) -> None:
    page = await client.ask(redirect_uri=elsewhere)
    assert page.status_code == 400
    assert "location" not in page.headers
