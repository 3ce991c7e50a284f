"""The demo provider as a client and a browser meet it: the good path and every way to be refused."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from vestibule.laboratory import pages, store
from vestibule.laboratory.app import ISSUER, create
from vestibule.laboratory.forms import CLIENT_ID
from vestibule.laboratory.scenario import Lives
from vestibule.laboratory.store import challenge_of

pytestmark = pytest.mark.anyio

VERIFIER = "test-verifier-" + "v" * 40
REDIRECT = "http://127.0.0.1:40123/callback"
ASKED = {
    "response_type": "code",
    "client_id": CLIENT_ID,
    "redirect_uri": REDIRECT,
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
    "state": "st&te=1",
}


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def http(clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    numbers = itertools.count(1)
    app = create(now=clock, random=lambda size: next(numbers).to_bytes(size, "big"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ISSUER) as client:
        yield client


async def _ask(http: httpx.AsyncClient, **changes: str | None) -> httpx.Response:
    query = {key: value for key, value in {**ASKED, **changes}.items() if value is not None}
    return await http.get("/authorize", params=query)


def _request_id(page: httpx.Response) -> str:
    found = re.search(r'name="request" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def _back(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 303, response.text
    location = urlsplit(response.headers["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == REDIRECT
    return {key: value for key, (value,) in parse_qs(location.query, strict_parsing=True).items()}


async def _code(http: httpx.AsyncClient, account: str = "demo", **changes: str) -> str:
    form = {"request": _request_id(await _ask(http, **changes)), "account": account, "decision": "allow"}
    return _back(await http.post("/authorize", data=form))["code"]


async def _redeem(http: httpx.AsyncClient, code: str, /, **changes: str | None) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        **changes,
    }
    return await http.post("/token", data={key: value for key, value in form.items() if value is not None})


async def _refresh(http: httpx.AsyncClient, token: str, **changes: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": token, **changes}
    return await http.post("/token", data=form)


async def _whose(http: httpx.AsyncClient, access_token: str) -> httpx.Response:
    return await http.get("/userinfo", headers={"Authorization": f"Bearer {access_token}"})


def _error(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


async def test_metadata_names_endpoints_that_answer(http: httpx.AsyncClient) -> None:
    metadata = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["issuer"] == ISSUER
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint"):
        assert (await http.get(metadata[name])).status_code != 404


async def test_a_whole_sign_in_ends_with_the_account_that_was_typed(http: httpx.AsyncClient) -> None:
    page = await _ask(http)
    form = {"request": _request_id(page), "account": " ann ", "decision": "allow"}
    back = _back(await http.post("/authorize", data=form))
    assert (back["state"], back["iss"]) == ("st&te=1", ISSUER)
    answer = await _redeem(http, back["code"])
    tokens = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert tokens["access_token"].startswith("demo-at-")
    assert tokens["refresh_token"].startswith("demo-rt-")
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    assert (await _whose(http, tokens["access_token"])).json()["account"] == "ann"


async def test_enter_allows_wherever_the_focus_is(http: httpx.AsyncClient) -> None:
    page = (await _ask(http)).text
    assert "<title>Sign in · Demo</title>" in page
    buttons = re.findall(r"<button[^>]*>", page)
    assert 'value="allow"' in buttons[0]
    assert "autofocus" in buttons[0]
    assert 'name="account" value="demo"' in page


async def test_the_page_runs_nothing_loads_nothing_and_may_return_to_the_client_only(
    http: httpx.AsyncClient,
) -> None:
    page = await _ask(http)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("form-action 'self' http://127.0.0.1:40123")
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.text


async def test_the_policy_names_the_style_that_the_page_has(http: httpx.AsyncClient) -> None:
    found = re.search(r"<style>(.*)</style>", (await _ask(http)).text, re.DOTALL)
    assert found is not None
    assert found[1] == pages.STYLE


async def test_an_ipv6_loopback_is_accepted(http: httpx.AsyncClient) -> None:
    page = await _ask(http, redirect_uri="http://[::1]:40123/callback")
    assert page.status_code == 200
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
    http: httpx.AsyncClient, redirect_uri: str | None
) -> None:
    page = await _ask(http, redirect_uri=redirect_uri)
    assert page.status_code == 400
    assert "location" not in page.headers
    assert "redirect_uri" in page.text


@pytest.mark.parametrize("client_id", [None, "", "someone-else"])
async def test_an_unknown_client_is_told_on_the_page(http: httpx.AsyncClient, client_id: str | None) -> None:
    page = await _ask(http, client_id=client_id)
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
    http: httpx.AsyncClient, changes: dict[str, str | None], error: str
) -> None:
    back = _back(await _ask(http, **changes))
    assert (back["error"], back["state"], back["iss"]) == (error, "st&te=1", ISSUER)
    assert "code" not in back


async def test_a_request_without_state_gets_none_back(http: httpx.AsyncClient) -> None:
    form = {"request": _request_id(await _ask(http, state=None)), "account": "a", "decision": "allow"}
    assert "state" not in _back(await http.post("/authorize", data=form))


async def test_a_repeated_parameter_is_refused(http: httpx.AsyncClient) -> None:
    page = await http.get(f"/authorize?{urlencode(ASKED)}&client_id=other")
    assert page.status_code == 400
    assert "repeated" in page.text


async def test_deny_tells_the_client_and_ends_the_request(http: httpx.AsyncClient) -> None:
    form = {"request": _request_id(await _ask(http)), "account": "demo", "decision": "deny"}
    assert _back(await http.post("/authorize", data=form))["error"] == "access_denied"
    assert (await http.post("/authorize", data={**form, "decision": "allow"})).status_code == 400


async def test_a_page_can_be_answered_once(http: httpx.AsyncClient) -> None:
    form = {"request": _request_id(await _ask(http)), "account": "demo", "decision": "allow"}
    _back(await http.post("/authorize", data=form))
    again = await http.post("/authorize", data=form)
    assert again.status_code == 400
    assert "answered before" in again.text


async def test_a_page_left_open_too_long_is_refused(http: httpx.AsyncClient, clock: Clock) -> None:
    form = {"request": _request_id(await _ask(http)), "account": "demo", "decision": "allow"}
    clock.now += Lives().request_s
    assert (await http.post("/authorize", data=form)).status_code == 400


@pytest.mark.parametrize(
    ("account", "decision"), [("", "allow"), ("x" * 65, "allow"), ("a\x07b", "allow"), ("demo", "perhaps")]
)
async def test_a_form_filled_in_wrongly_can_be_corrected(
    http: httpx.AsyncClient, account: str, decision: str
) -> None:
    form = {"request": _request_id(await _ask(http)), "account": account, "decision": decision}
    page = await http.post("/authorize", data=form)
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    fixed = {"request": _request_id(page), "account": "demo", "decision": "allow"}
    assert "code" in _back(await http.post("/authorize", data=fixed))


async def test_what_is_typed_is_escaped(http: httpx.AsyncClient) -> None:
    wicked = '"><script>alert(1)</script>'
    form = {"request": _request_id(await _ask(http)), "account": wicked, "decision": "perhaps"}
    page = (await http.post("/authorize", data=form)).text
    assert wicked not in page
    assert html.escape(wicked) in page


async def test_a_code_is_good_once_and_using_it_again_revokes_its_tokens(http: httpx.AsyncClient) -> None:
    code = await _code(http)
    tokens = (await _redeem(http, code)).json()
    assert _error(await _redeem(http, code)) == (400, "invalid_grant")
    assert (await _whose(http, tokens["access_token"])).status_code == 401
    assert _error(await _refresh(http, tokens["refresh_token"])) == (400, "invalid_grant")


async def test_a_code_ends_after_a_minute(http: httpx.AsyncClient, clock: Clock) -> None:
    code = await _code(http)
    clock.now += Lives().code_s
    assert _error(await _redeem(http, code)) == (400, "invalid_grant")


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
    http: httpx.AsyncClient, changes: dict[str, str | None], status: int, error: str
) -> None:
    response = await _redeem(http, await _code(http), **changes)
    assert _error(response) == (status, error)
    assert response.headers["cache-control"] == "no-store"


async def test_a_failed_try_uses_the_code_up(http: httpx.AsyncClient) -> None:
    code = await _code(http)
    assert _error(await _redeem(http, code, code_verifier="w" * 43)) == (400, "invalid_grant")
    assert _error(await _redeem(http, code)) == (400, "invalid_grant")


async def test_a_refresh_token_rotates(http: httpx.AsyncClient) -> None:
    first = (await _redeem(http, await _code(http, "ann"))).json()
    second = (await _refresh(http, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await _whose(http, second["access_token"])).json()["account"] == "ann"


async def test_a_refresh_token_that_comes_twice_revokes_the_family(http: httpx.AsyncClient) -> None:
    first = (await _redeem(http, await _code(http))).json()
    second = (await _refresh(http, first["refresh_token"])).json()
    assert _error(await _refresh(http, first["refresh_token"])) == (400, "invalid_grant")
    assert _error(await _refresh(http, second["refresh_token"])) == (400, "invalid_grant")
    assert (await _whose(http, second["access_token"])).status_code == 401


async def test_another_sign_in_is_another_family(http: httpx.AsyncClient) -> None:
    stolen = (await _redeem(http, await _code(http))).json()
    other = (await _redeem(http, await _code(http))).json()
    await _refresh(http, stolen["refresh_token"])
    await _refresh(http, stolen["refresh_token"])
    assert (await _whose(http, other["access_token"])).status_code == 200


async def test_tokens_end_at_their_moment(http: httpx.AsyncClient, clock: Clock) -> None:
    tokens = (await _redeem(http, await _code(http))).json()
    clock.now += Lives().access_s
    assert _error(await _whose(http, tokens["access_token"])) == (401, "invalid_token")
    clock.now += Lives().refresh_s
    assert _error(await _refresh(http, tokens["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer", "Bearer "])
async def test_userinfo_asks_for_a_token(http: httpx.AsyncClient, header: str | None) -> None:
    response = await http.get("/userinfo", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="demo"'


async def test_userinfo_refuses_an_unknown_token(http: httpx.AsyncClient) -> None:
    response = await _whose(http, "demo-at-unknown")
    assert _error(response) == (401, "invalid_token")
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


@pytest.mark.parametrize("path", ["/token", "/authorize"])
async def test_a_body_of_another_kind_is_refused(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.post(path, json={"grant_type": "refresh_token"})).status_code == 415


@pytest.mark.parametrize("path", ["/token", "/authorize"])
async def test_a_body_too_large_is_refused(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.post(path, data={"request": "x" * 10_000})).status_code == 413


async def test_bytes_that_are_no_text_are_refused(http: httpx.AsyncClient) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await http.post("/token", content=b"grant_type=%ff%fe", headers=kind)
    assert _error(response) == (400, "invalid_request")


async def test_memory_is_bounded(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_ENTRIES", 3)
    first = _request_id(await _ask(http))
    for _ in range(3):
        await _ask(http)
    form = {"request": first, "account": "demo", "decision": "allow"}
    assert (await http.post("/authorize", data=form)).status_code == 400
