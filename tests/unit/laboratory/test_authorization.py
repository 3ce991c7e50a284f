"""Authorization code and refresh, as a client and a browser meet them: the good path and every refusal."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest
from oauth_client import ASKED, STATE, Client, refusal, request_id, returned

from vestibule.laboratory import pages, store
from vestibule.laboratory.app import ISSUER
from vestibule.laboratory.scenario import Lives

pytestmark = pytest.mark.anyio


async def test_metadata_names_endpoints_that_answer(client: Client) -> None:
    metadata = (await client.http.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["issuer"] == ISSUER
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint"):
        assert (await client.http.get(metadata[name])).status_code != 404


async def test_a_whole_sign_in_ends_with_the_account_that_was_typed(client: Client) -> None:
    page = await client.ask()
    form = {"request": request_id(page), "account": " ann ", "decision": "allow"}
    back = returned(await client.http.post("/authorize", data=form))
    assert (back["state"], back["iss"]) == (STATE, ISSUER)
    answer = await client.redeem(back["code"])
    tokens = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert tokens["access_token"].startswith("demo-at-")
    assert tokens["refresh_token"].startswith("demo-rt-")
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    assert (await client.whose(tokens["access_token"])).json()["account"] == "ann"


async def test_enter_allows_wherever_the_focus_is(client: Client) -> None:
    page = (await client.ask()).text
    assert "<title>Sign in · Demo</title>" in page
    buttons = re.findall(r"<button[^>]*>", page)
    assert 'value="allow"' in buttons[0]
    assert "autofocus" in buttons[0]
    assert 'name="account" value="demo"' in page


async def test_the_page_runs_nothing_loads_nothing_and_may_return_to_the_client_only(
    client: Client,
) -> None:
    page = await client.ask()
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("form-action 'self' http://127.0.0.1:40123")
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.text


async def test_the_policy_names_the_style_that_the_page_has(client: Client) -> None:
    found = re.search(r"<style>(.*)</style>", (await client.ask()).text, re.DOTALL)
    assert found is not None
    assert found[1] == pages.STYLE


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@pytest.mark.parametrize("port", [1, 40123, 65535])
async def test_a_loopback_address_is_accepted_at_any_port(client: Client, host: str, port: int) -> None:
    assert (await client.ask(redirect_uri=f"http://{host}:{port}/callback")).status_code == 200


async def test_a_policy_cannot_name_an_ipv6_address(client: Client) -> None:
    page = await client.ask(redirect_uri="http://[::1]:40123/callback")
    assert page.headers["content-security-policy"].endswith("form-action 'self' http:")


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "",
        "https://evil.example/callback",
        "http://127.0.0.1.evil.example:1/callback",
        "http://127.0.0.1:1@evil.example/callback",
        "http://localhost:40123/callback",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:40123/callback/../other",
        "http://127.0.0.1:40123/callback?x=1",
        "http://127.0.0.1:40123/callback#x",
        "http://127.0.0.1:40123/callback\n",
        "javascript:alert(1)//callback",
    ],
)
async def test_no_address_but_a_loopback_callback_is_ever_redirected_to(
    client: Client, redirect_uri: str | None
) -> None:
    page = await client.ask(redirect_uri=redirect_uri)
    assert page.status_code == 400
    assert "location" not in page.headers
    assert "redirect_uri" in page.text


@pytest.mark.parametrize("client_id", [None, "", "someone-else"])
async def test_an_unknown_client_is_told_on_the_page(client: Client, client_id: str | None) -> None:
    page = await client.ask(client_id=client_id)
    assert page.status_code == 400
    assert "client_id" in page.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
async def test_other_errors_go_back_to_the_client_with_its_state(
    client: Client, changes: dict[str, str | None], error: str
) -> None:
    back = returned(await client.ask(**changes))
    assert (back["error"], back["state"], back["iss"]) == (error, STATE, ISSUER)
    assert "code" not in back


@pytest.mark.parametrize("method", [None, "", "plain", "s256"])
async def test_pkce_by_s256_is_demanded(client: Client, method: str | None) -> None:
    assert returned(await client.ask(code_challenge_method=method))["error"] == "invalid_request"


async def test_a_request_without_state_gets_none_back(client: Client) -> None:
    form = {"request": request_id(await client.ask(state=None)), "account": "a", "decision": "allow"}
    assert "state" not in returned(await client.http.post("/authorize", data=form))


async def test_a_repeated_parameter_is_refused(client: Client) -> None:
    page = await client.http.get(f"/authorize?{urlencode(ASKED)}&client_id=other")
    assert page.status_code == 400
    assert "repeated" in page.text


async def test_deny_tells_the_client_and_ends_the_request(client: Client) -> None:
    form = {"request": request_id(await client.ask()), "account": "demo", "decision": "deny"}
    assert returned(await client.http.post("/authorize", data=form))["error"] == "access_denied"
    assert (await client.http.post("/authorize", data={**form, "decision": "allow"})).status_code == 400


async def test_a_page_can_be_answered_once(client: Client) -> None:
    form = {"request": request_id(await client.ask()), "account": "demo", "decision": "allow"}
    returned(await client.http.post("/authorize", data=form))
    again = await client.http.post("/authorize", data=form)
    assert again.status_code == 400
    assert "answered before" in again.text


async def test_a_page_of_before_a_restart_is_shown_once_more(client: Client) -> None:
    page = await client.ask()
    action = html.unescape(page.text.partition('<form method="post" action="')[2].partition('"')[0])
    form = {"request": "of-before-the-restart", "account": "demo", "decision": "allow"}
    again = await client.http.post(action, data=form)
    assert again.status_code == 400
    assert "was restarted while you read" in again.text
    back = returned(await client.http.post(action, data={**form, "request": request_id(again)}))
    assert (await client.redeem(back["code"])).status_code == 200


async def test_a_page_left_open_too_long_is_refused(client: Client) -> None:
    form = {"request": request_id(await client.ask()), "account": "demo", "decision": "allow"}
    client.clock.now += Lives().request_s
    assert (await client.http.post("/authorize", data=form)).status_code == 400


@pytest.mark.parametrize(
    ("account", "decision"), [("", "allow"), ("x" * 65, "allow"), ("a\x07b", "allow"), ("demo", "perhaps")]
)
async def test_a_form_filled_in_wrongly_can_be_corrected(client: Client, account: str, decision: str) -> None:
    form = {"request": request_id(await client.ask()), "account": account, "decision": decision}
    page = await client.http.post("/authorize", data=form)
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    fixed = {"request": request_id(page), "account": "demo", "decision": "allow"}
    assert "code" in returned(await client.http.post("/authorize", data=fixed))


async def test_what_is_typed_is_escaped(client: Client) -> None:
    wicked = '"><script>alert(1)</script>'
    form = {"request": request_id(await client.ask()), "account": wicked, "decision": "perhaps"}
    page = (await client.http.post("/authorize", data=form)).text
    assert wicked not in page
    assert html.escape(wicked) in page


async def test_a_code_is_good_once_and_using_it_again_revokes_its_tokens(client: Client) -> None:
    code = await client.code()
    tokens = (await client.redeem(code)).json()
    assert refusal(await client.redeem(code)) == (400, "invalid_grant")
    assert (await client.whose(tokens["access_token"])).status_code == 401
    assert refusal(await client.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


async def test_a_code_ends_after_a_minute(client: Client) -> None:
    code = await client.code()
    client.clock.now += Lives().code_s
    assert refusal(await client.redeem(code)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"code_verifier": "short"}, 400, "invalid_request"),
        ({"code_verifier": None}, 400, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:1/callback"}, 400, "invalid_grant"),
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"code": "demo-code-unknown"}, 400, "invalid_grant"),
        ({"code": None}, 400, "invalid_request"),
        ({"client_id": "someone-else"}, 401, "invalid_client"),
        ({"client_id": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
    ],
)
async def test_a_token_request_that_is_wrong_is_named(
    client: Client, changes: dict[str, str | None], status: int, error: str
) -> None:
    response = await client.redeem(await client.code(), **changes)
    assert refusal(response) == (status, error)
    assert response.headers["cache-control"] == "no-store"


async def test_a_failed_try_uses_the_code_up(client: Client) -> None:
    code = await client.code()
    assert refusal(await client.redeem(code, code_verifier="w" * 43)) == (400, "invalid_grant")
    assert refusal(await client.redeem(code)) == (400, "invalid_grant")


async def test_a_refresh_token_rotates(client: Client) -> None:
    first = (await client.redeem(await client.code("ann"))).json()
    second = (await client.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await client.whose(second["access_token"])).json()["account"] == "ann"


async def test_a_refresh_token_that_comes_twice_revokes_the_family(client: Client) -> None:
    first = (await client.redeem(await client.code())).json()
    second = (await client.refresh(first["refresh_token"])).json()
    assert refusal(await client.refresh(first["refresh_token"])) == (400, "invalid_grant")
    assert refusal(await client.refresh(second["refresh_token"])) == (400, "invalid_grant")
    assert (await client.whose(second["access_token"])).status_code == 401


async def test_another_sign_in_is_another_family(client: Client) -> None:
    stolen = (await client.redeem(await client.code())).json()
    other = (await client.redeem(await client.code())).json()
    await client.refresh(stolen["refresh_token"])
    await client.refresh(stolen["refresh_token"])
    assert (await client.whose(other["access_token"])).status_code == 200


async def test_tokens_end_at_their_moment(client: Client) -> None:
    tokens = (await client.redeem(await client.code())).json()
    client.clock.now += Lives().access_s
    assert refusal(await client.whose(tokens["access_token"])) == (401, "invalid_token")
    client.clock.now += Lives().refresh_s
    assert refusal(await client.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer", "Bearer "])
async def test_userinfo_asks_for_a_token(client: Client, header: str | None) -> None:
    response = await client.http.get("/userinfo", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="demo"'


async def test_userinfo_refuses_an_unknown_token(client: Client) -> None:
    response = await client.whose("demo-at-unknown")
    assert refusal(response) == (401, "invalid_token")
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


@pytest.mark.parametrize("path", ["/token", "/authorize"])
async def test_a_body_of_another_kind_is_refused(client: Client, path: str) -> None:
    assert (await client.http.post(path, json={"grant_type": "refresh_token"})).status_code == 415


@pytest.mark.parametrize("path", ["/token", "/authorize"])
async def test_a_body_too_large_is_refused(client: Client, path: str) -> None:
    assert (await client.http.post(path, data={"request": "x" * 10_000})).status_code == 413


async def test_bytes_that_are_no_text_are_refused(client: Client) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await client.http.post("/token", content=b"grant_type=%ff%fe", headers=kind)
    assert refusal(response) == (400, "invalid_request")


async def test_memory_is_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_ENTRIES", 3)
    first = request_id(await client.ask())
    for _ in range(3):
        await client.ask()
    form = {"request": first, "account": "demo", "decision": "allow"}
    assert (await client.http.post("/authorize", data=form)).status_code == 400
