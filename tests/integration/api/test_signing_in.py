"""Links, cookies and tokens, as a browser and a script use them."""

from __future__ import annotations

from http.cookies import SimpleCookie

import httpx
import pytest
from fastapi import FastAPI
from lab import Lab

from vestibule.services.accounts import COOKIE_LIFE, LINK_LIFE

pytestmark = pytest.mark.anyio


async def _link_secret(operator: httpx.AsyncClient, name: str = "bob") -> str:
    answer = await operator.post(f"/api/users/{name}/link")
    assert answer.status_code == 201
    address, _, secret = str(answer.json()["url"]).partition("#token=")
    assert address == "http://lab.test/sign-in"
    return secret


async def test_a_link_signs_in_once(ann: httpx.AsyncClient, nobody: httpx.AsyncClient) -> None:
    secret = await _link_secret(ann)
    signed_in = (await nobody.post("/api/sign-in", json={"token": secret})).json()
    assert (signed_in["name"], signed_in["operator"]) == ("bob", False)
    assert (await nobody.get("/api/me")).json()["name"] == "bob"
    again = await nobody.post("/api/sign-in", json={"token": secret})
    assert (again.status_code, again.json()["code"]) == (401, "link_invalid")


async def test_who_runs_the_controller_is_told_so_and_nobody_else(
    ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    assert (await ann.get("/api/me")).json()["operator"] is True
    assert (await bob.get("/api/me")).json()["operator"] is False


async def test_a_link_that_has_expired_signs_nobody_in(
    lab: Lab, ann: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    secret = await _link_secret(ann)
    lab.clock.move(LINK_LIFE.total_seconds())
    answer = await nobody.post("/api/sign-in", json={"token": secret})
    assert (answer.status_code, answer.json()["code"]) == (401, "link_invalid")
    assert "set-cookie" not in answer.headers


async def test_the_cookie_is_for_this_site_and_no_script(
    ann: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    answer = await nobody.post("/api/sign-in", json={"token": await _link_secret(ann)})
    cookie = SimpleCookie(answer.headers["set-cookie"])["vestibule"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) == COOKIE_LIFE.total_seconds()
    assert not cookie["secure"]  # plain HTTP on loopback


async def test_over_https_the_cookie_never_goes_out_unencrypted(app: FastAPI, ann: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://lab.test") as browser:
        answer = await browser.post("/api/sign-in", json={"token": await _link_secret(ann)})
    assert SimpleCookie(answer.headers["set-cookie"])["vestibule"]["secure"]


async def test_a_cookie_that_was_changed_or_is_too_old_is_nobody_s(
    lab: Lab, ann: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    await nobody.post("/api/sign-in", json={"token": await _link_secret(ann)})
    good = nobody.cookies["vestibule"]
    for bad in (good[:-1], good.replace("u-", "v-"), "", "x.y.z", f"{lab.ann.user_id}{good[18:]}"):
        answer = await _me_with(nobody, bad)
        assert answer.status_code == 401, bad
    assert (await _me_with(nobody, good)).status_code == 200
    lab.clock.move(COOKIE_LIFE.total_seconds() + 1)
    assert (await _me_with(nobody, good)).status_code == 401


async def _me_with(client: httpx.AsyncClient, cookie: str) -> httpx.Response:
    """Ask with this cookie instead of the client's own."""
    client.cookies.clear()
    return await client.get("/api/me", headers={"Cookie": f"vestibule={cookie}"})


async def test_signing_out_forgets_the_cookie(ann: httpx.AsyncClient, nobody: httpx.AsyncClient) -> None:
    await nobody.post("/api/sign-in", json={"token": await _link_secret(ann)})
    assert (await nobody.post("/api/sign-out")).status_code == 204
    assert "vestibule" not in nobody.cookies
    assert (await nobody.get("/api/me")).status_code == 401


async def test_a_token_lasts_until_it_is_revoked(ann: httpx.AsyncClient, nobody: httpx.AsyncClient) -> None:
    issued = (await ann.post("/api/tokens", json={"label": "script"})).json()
    bearer = {"Authorization": f"Bearer {issued['secret']}"}
    assert (await nobody.get("/api/me", headers=bearer)).json()["name"] == "ann"
    listed = (await ann.get("/api/tokens")).text
    assert issued["token_id"] in listed
    assert issued["secret"] not in listed
    assert (await ann.delete(f"/api/tokens/{issued['token_id']}")).status_code == 204
    assert (await nobody.get("/api/me", headers=bearer)).status_code == 401


async def test_a_wrong_token_is_not_made_good_by_a_cookie(
    ann: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    await nobody.post("/api/sign-in", json={"token": await _link_secret(ann)})
    wrong = await nobody.get("/api/me", headers={"Authorization": "Bearer vst_visibly-fake"})
    assert wrong.status_code == 401


async def test_a_user_is_added_with_a_link(ann: httpx.AsyncClient, nobody: httpx.AsyncClient) -> None:
    answer = await ann.post("/api/users", json={"name": "carol"})
    secret = str(answer.json()["url"]).partition("#token=")[2]
    assert (await nobody.post("/api/sign-in", json={"token": secret})).json()["name"] == "carol"
    twice = await ann.post("/api/users", json={"name": "carol"})
    assert twice.status_code == 409
    absent = await ann.post("/api/users/dave/link")
    assert absent.status_code == 404


@pytest.mark.parametrize("origin", ["http://evil.example.com", "null", "https://", "http://["])
@pytest.mark.parametrize(("method", "path"), [("POST", "/api/tokens"), ("DELETE", "/api/tokens/t-1")])
async def test_a_page_of_another_origin_changes_nothing(
    ann: httpx.AsyncClient, nobody: httpx.AsyncClient, origin: str, method: str, path: str
) -> None:
    await nobody.post("/api/sign-in", json={"token": await _link_secret(ann)})
    answer = await nobody.request(method, path, headers={"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert (await nobody.get("/api/me", headers={"Origin": origin})).status_code == 200


async def test_our_own_page_and_programs_with_a_token_change_what_they_may(
    ann: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    await nobody.post("/api/sign-in", json={"token": await _link_secret(ann)})
    label = {"label": "visibly fake"}
    for client, origin in ((nobody, "http://lab.test"), (ann, "http://elsewhere.test")):
        answer = await client.post("/api/tokens", json=label, headers={"Origin": origin})
        assert answer.status_code == 201
