"""The device grant, as a tool and its person meet it (RFC 8628)."""

from __future__ import annotations

import re

import pytest
from oauth_client import Client, laboratory, refusal

from vestibule.laboratory import store
from vestibule.laboratory.devices import ALPHABET, SLOWER_S
from vestibule.laboratory.scenario import Lives, Scenario

pytestmark = pytest.mark.anyio


async def test_what_a_tool_gets_to_begin_with(client: Client) -> None:
    device = await client.device()
    assert re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", device["user_code"])
    assert device["verification_uri"] == "http://login.demo.test/device"
    complete = f"http://login.demo.test/device?user_code={device['user_code']}"
    assert device["verification_uri_complete"] == complete
    assert (device["expires_in"], device["interval"]) == (900, 5)


async def test_a_whole_sign_in(client: Client) -> None:
    device = await client.device(scope="demo openid")
    assert "It shows this code" in (await client.type_code(device["user_code"])).text
    done = await client.type_code(device["user_code"], decision="allow", account="ann")
    assert "Access allowed" in done.text
    tokens = (await client.poll(device)).json()
    assert (await client.whose(tokens["access_token"])).json()["account"] == "ann"
    assert tokens["id_token"]


async def test_tokens_of_a_device_rotate_too(client: Client) -> None:
    device = await client.device()
    await client.type_code(device["user_code"], decision="allow", account="ann")
    first = (await client.poll(device)).json()
    assert (await client.refresh(first["refresh_token"])).status_code == 200
    assert refusal(await client.refresh(first["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.parametrize("written", ["{}", " {} ", "{lower}", "{bare}", "{spaced}"])
async def test_a_code_may_be_typed_as_people_do(client: Client, written: str) -> None:
    code = (await client.device())["user_code"]
    variants = {"lower": code.lower(), "bare": code.replace("-", ""), "spaced": code.replace("-", " ")}
    assert "It shows this code" in (await client.type_code(written.format(code, **variants))).text


async def test_an_address_with_the_code_fills_it_in_and_asks_to_compare(client: Client) -> None:
    device = await client.device()
    page = await client.http.get(device["verification_uri_complete"])
    assert f'value="{device["user_code"]}"' in page.text
    assert "shows this very code" in page.text
    assert refusal(await client.poll(device)) == (400, "authorization_pending")


@pytest.mark.parametrize("code", ["", "AAAA-AAAA", "<script>"])
async def test_a_wrong_code_can_be_corrected(client: Client, code: str) -> None:
    page = await client.type_code(code)
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert 'name="user_code"' in page.text
    assert "<script" not in page.text


async def test_a_code_is_answered_once(client: Client) -> None:
    code = (await client.device())["user_code"]
    await client.type_code(code, decision="deny")
    again = await client.type_code(code, decision="allow", account="ann")
    assert again.status_code == 400
    assert "answered before" in again.text


async def test_a_code_that_is_too_old_is_told_to_the_person(client: Client) -> None:
    code = (await client.device())["user_code"]
    client.clock.now += Lives().device_s
    assert (await client.type_code(code)).status_code == 400


@pytest.mark.parametrize(("decision", "account"), [("allow", ""), ("allow", "x" * 65), ("perhaps", "ann")])
async def test_a_consent_filled_in_wrongly_can_be_corrected(
    client: Client, decision: str, account: str
) -> None:
    device = await client.device()
    page = await client.type_code(device["user_code"], decision=decision, account=account)
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    fixed = await client.type_code(device["user_code"], decision="allow", account="ann")
    assert fixed.status_code == 200


async def test_polls_at_the_interval_are_told_to_wait_and_no_more(client: Client) -> None:
    device = await client.device()
    for _ in range(3):
        assert refusal(await client.poll(device)) == (400, "authorization_pending")
        client.clock.now += device["interval"]


async def test_a_hasty_poll_makes_the_interval_longer_for_good(client: Client) -> None:
    device = await client.device()
    await client.poll(device)
    assert refusal(await client.poll(device)) == (400, "slow_down")
    client.clock.now += device["interval"]
    assert refusal(await client.poll(device)) == (400, "slow_down")
    client.clock.now += device["interval"] + 2 * SLOWER_S
    assert refusal(await client.poll(device)) == (400, "authorization_pending")


async def test_a_scenario_slows_even_patient_tools_down() -> None:
    async with laboratory(Scenario(slow_downs=1)) as client:
        device = await client.device()
        assert refusal(await client.poll(device)) == (400, "slow_down")
        client.clock.now += device["interval"] + SLOWER_S
        assert refusal(await client.poll(device)) == (400, "authorization_pending")


async def test_a_device_code_is_good_once(client: Client) -> None:
    device = await client.device()
    await client.type_code(device["user_code"], decision="allow", account="ann")
    assert (await client.poll(device)).status_code == 200
    assert refusal(await client.poll(device)) == (400, "invalid_grant")


async def test_an_unknown_device_code_is_refused(client: Client) -> None:
    assert refusal(await client.poll({"device_code": "fake"})) == (400, "invalid_grant")


async def test_consent_can_be_denied_for_the_person() -> None:
    async with laboratory(Scenario(deny=True)) as client:
        device = await client.device()
        page = await client.type_code(device["user_code"], decision="allow", account="ann")
        assert "Access denied" in page.text
        assert refusal(await client.poll(device)) == (400, "access_denied")


async def test_the_pages_run_nothing_and_send_to_themselves_only(client: Client) -> None:
    code = (await client.device())["user_code"]
    for page in (await client.http.get("/device"), await client.type_code(code)):
        assert page.headers["content-security-policy"].endswith("form-action 'self'")
        assert "<script" not in page.text


@pytest.mark.parametrize("path", ["/device", "/device_authorization"])
async def test_a_body_of_another_kind_is_refused(client: Client, path: str) -> None:
    assert (await client.http.post(path, json={"client_id": "fake"})).status_code == 415


async def test_memory_is_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_ENTRIES", 3)
    first = await client.device()
    for _ in range(3):
        await client.device()
    assert refusal(await client.poll(first)) == (400, "invalid_grant")
    assert (await client.type_code(first["user_code"])).status_code == 400
