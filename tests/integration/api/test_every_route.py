"""Claims about every route there is, taken from the app itself: a new one cannot be forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from golden_doubles import GOLDEN
from lab import Lab

from vestibule.api import openapi
from vestibule.core.custody import Custody
from vestibule.core.ids import CredentialId, VmId
from vestibule.core.sessions import SessionStatus
from vestibule.main import _close_feeds, build_app

pytestmark = pytest.mark.anyio

OPEN = {("GET", "/livez"), ("GET", "/readyz"), ("POST", "/api/sign-in")}
OPERATOR_ONLY = {
    ("GET", "/api/users"),
    ("POST", "/api/users"),
    ("DELETE", "/api/users/{name}"),
    ("POST", "/api/users/{name}/link"),
    ("POST", "/api/goldens/renew"),
    ("POST", "/api/goldens/rollback"),
    ("POST", "/api/goldens/{golden_id}/promote"),
    ("POST", "/api/vault/rotation"),
    ("GET", "/api/settings"),
    ("GET", "/api/tables/audit"),
    ("GET", "/api/tables/audit/events"),
    ("GET", "/metrics"),
}
OF_ALL = {
    ("GET", "/api/goldens/{golden_id}"),
    ("GET", "/api/goldens/{golden_id}/canary/{driver}/screenshot"),
}
"""Goldens are nobody's: who has signed in may read them."""
DOCUMENT = build_app().openapi()

_SHAPES: dict[str, Any] = DOCUMENT["components"]["schemas"]


def _routes() -> Iterator[tuple[str, str]]:
    """Method and path of every route that is not a page."""
    for route in _leaves(build_app().routes):
        if route.path.startswith(("/api", "/livez", "/readyz", "/metrics")):
            yield from ((method, route.path) for method in sorted(route.methods or ()))


def _leaves(routes: Iterable[object]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (included := getattr(route, "original_router", None)) is not None:
            yield from _leaves(included.routes)


ROUTES = sorted(_routes())
CLOSED = [route for route in ROUTES if route not in OPEN]
OF_ONE = [route for route in CLOSED if "{" in route[1] and route not in OPERATOR_ONLY | OF_ALL]
WITH_BODY = [
    (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "application/json" in operation.get("requestBody", {}).get("content", {})
]

VALUES = {"string": "x", "integer": 1, "null": None}


def _body(method: str, path: str) -> dict[str, Any]:
    """The smallest body that the document allows; empty where none is asked for."""
    operation = DOCUMENT["paths"].get(path, {}).get(method.lower(), {})
    if (method, path) not in WITH_BODY:
        return {}
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    shape = _SHAPES[reference.rpartition("/")[2]]
    special = {"url": "https://example.com", "provider": "demo", "milliseconds": 1}
    return {name: special.get(name, "x") for name in shape.get("required", [])}


_QUERIES = {"/api/vm/{vm_id}/files": "?name=x"}
"""What a route cannot do without."""


def _filled(path: str, ids: dict[str, str]) -> str:
    path += _QUERIES.get(path, "")
    for name, value in ids.items():
        path = path.replace("{" + name + "}", value)
    assert "{" not in path, f"give {path} an example id"
    return path


ABSENT = {
    "session_id": "s-ffffffffffffffff",
    "vm_id": "vm-ffffffffffffffff",
    "credential_id": "c-ffffffffffffffff",
    "token_id": "t-ffffffffffffffff",
    "name": "nobody",
    "golden_id": "g-ffffffffffffffff",
    "driver": "fake",
    "log": "console.log",
    "link_id": "l-ffffffffffffffff",
    "file": "YQ",
}


def problem(answer: httpx.Response) -> dict[str, str]:
    """The Problem that an error answer is, whole."""
    body: dict[str, str] = answer.json()
    assert set(body) == {"code", "cause", "remedy"}, answer.text
    assert all(body.values())
    return body


def test_the_routes_are_found() -> None:
    documented = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert documented <= set(ROUTES)
    assert len(OF_ONE) >= 12
    assert len(WITH_BODY) >= 7


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("header", [None, "Bearer vst_visibly-fake", "Basic eDp4"])
async def test_nobody_is_let_in(
    nobody: httpx.AsyncClient, method: str, path: str, header: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    url = _filled(path, ABSENT)
    answer = await nobody.request(method, url, json=_body(method, path), headers=headers)
    assert answer.status_code == 401
    assert problem(answer)["code"] == "not_signed_in"


async def test_livez_asks_nobody(nobody: httpx.AsyncClient) -> None:
    assert (await nobody.get("/livez")).json() == {"status": "ok"}


@pytest.fixture
async def ids_of_ann(lab: Lab) -> dict[str, str]:
    """One of everything that can belong to someone, all alive."""
    sealed = await lab.connect(provider="codex")
    await lab.reach(sealed.session_id, SessionStatus.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    credential_id = (await lab.ended(sealed.session_id)).credential_id
    await lab.context.custodian.check_out(lab.ann, CredentialId(credential_id or ""), "x")
    live = await lab.connect()
    session = await lab.reach(live.session_id, SessionStatus.AWAITING_USER_AUTH)
    token = await lab.context.accounts.issue_token(lab.ann, "hers")
    assert credential_id
    assert session.vm_id
    link = await lab.context.view_links.make(session, None)
    return {
        "session_id": session.session_id,
        "vm_id": session.vm_id,
        "credential_id": credential_id,
        "token_id": token.token.token_id,
        "golden_id": GOLDEN,
        "driver": "fake",
        "log": "console.log",
        "link_id": link.link.link_id,
        "file": "YQ",
    }


async def test_what_is_someone_else_s_is_as_absent_as_what_never_was(
    lab: Lab, bob: httpx.AsyncClient, ids_of_ann: dict[str, str]
) -> None:
    for method, path in OF_ONE:
        told = []
        for ids in (ids_of_ann, ABSENT):
            url = _filled(path, ids)
            answer = await bob.request(method, url, json=_body(method, path))
            assert answer.status_code == 404, (method, url, answer.text)
            text = json.dumps(problem(answer))
            for id_ in ids.values():
                text = text.replace(id_, "…")
            told.append(text)
        assert told[0] == told[1]
    await _untouched(lab, ids_of_ann)


async def _untouched(lab: Lab, ids: dict[str, str]) -> None:
    (session,) = await lab.sessions.unfinished()
    assert session.status is SessionStatus.AWAITING_USER_AUTH
    assert lab.machines.live(VmId(ids["vm_id"])).guest is not None
    assert ids["token_id"] in {token.token_id for token in await lab.context.accounts.tokens(lab.ann)}
    (credential,) = await lab.context.credentials.list(lab.ann)
    assert (credential.custody, credential.holder) == (Custody.CHECKED_OUT, "x")


async def test_lists_show_what_is_one_s_own(
    bob: httpx.AsyncClient, ann: httpx.AsyncClient, ids_of_ann: dict[str, str]
) -> None:
    for path, key in (
        ("/api/auth/sessions", "session_id"),
        ("/api/vms", "vm_id"),
        ("/api/credentials", "credential_id"),
        ("/api/tokens", "token_id"),
    ):
        assert ids_of_ann[key] in {item[key] for item in (await ann.get(path)).json()}
        assert ids_of_ann[key] not in {item[key] for item in (await bob.get(path)).json()}
    hers = {item["name"]: item for item in (await ann.get("/api/providers")).json()}
    his = {item["name"]: item for item in (await bob.get("/api/providers")).json()}
    assert hers["demo"]["open_session_id"] == ids_of_ann["session_id"]
    assert hers["codex"]["credential"]["credential_id"] == ids_of_ann["credential_id"]
    assert his["demo"]["open_session_id"] is None
    assert his["codex"]["credential"] is None


@pytest.mark.parametrize(("method", "path"), sorted(OPERATOR_ONLY))
async def test_users_are_the_operator_s_business(
    lab: Lab, bob: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await bob.request(method, _filled(path, {**ABSENT, "name": "ann"}), json=_body(method, path))
    assert answer.status_code == 403
    assert problem(answer)["code"] == "operator_only"
    assert len(await lab.context.accounts.users()) == 2


BAD_BODIES = {
    "not JSON": b"{",
    "not an object": b"[]",
    "not text": b"\xff\xfe{}",
    "empty": b"",
    "deep": b"[" * 100_000,
    "unknown field": b'{"surplus": 1}',
    "half a surrogate pair": b'{"\\ud800": "\\ud800", "provider": "\\ud800", "text": "\\ud800"}',
    "wrong types": b'{"provider": 7, "url": 7, "text": 7, "token": 7, "name": 7, "label": 7, "driver": 7}',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
async def test_a_body_of_another_form_is_refused(
    ann: httpx.AsyncClient, ids_of_ann: dict[str, str], body: bytes
) -> None:
    for method, path in WITH_BODY:
        url = _filled(path, {**ids_of_ann, "name": "ann"})
        answer = await ann.request(method, url, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in {400, 422}, (url, answer.text)
        problem(answer)


@pytest.mark.parametrize("named", [True, False], ids=["length named", "chunked"])
async def test_a_body_that_is_too_large_is_refused(ann: httpx.AsyncClient, named: Any) -> None:
    chunk = b'"' + b"x" * 65_536

    async def chunks(count: int) -> Any:
        for _ in range(count):
            yield chunk

    for method, path in WITH_BODY:
        count = {"return": 33, "clipboard": 97}.get(path.rpartition("/")[2], 5)  # what may be larger
        content = chunk * count if named else chunks(count)
        url = _filled(path, ABSENT)
        headers = {"Content-Type": "application/json"}
        answer = await ann.request(method, url, content=content, headers=headers)
        assert answer.status_code == 413, answer.text
        assert problem(answer)["code"] == "too_large"


async def test_a_text_that_is_too_long_is_refused(ann: httpx.AsyncClient, ids_of_ann: dict[str, str]) -> None:
    session = f"/api/auth/session/{ids_of_ann['session_id']}"
    for path, body in (
        (f"{session}/open-url", {"url": "https://example.com/" + "x" * 8192}),
        (f"{session}/input", {"text": "x" * 16_385}),
        ("/api/tokens", {"label": "x" * 65}),
        ("/api/users", {"name": "x" * 64}),
        ("/api/vm/auth", {"provider": "x" * 65}),
        ("/api/sign-in", {"token": "x" * 257}),
    ):
        answer = await ann.post(path, json=body)
        assert answer.status_code == 422, path
        assert problem(answer)["code"] == "bad_input"
        assert len(answer.content) < 1000


async def test_every_answer_is_kept_by_no_cache(
    lab: Lab, ann: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    _close_feeds(lab.context)  # or the events of tables and the like would have no end
    for client in (ann, nobody):
        for method, path in ROUTES:
            if path.startswith("/api"):
                answer = await client.request(method, _filled(path, ABSENT), json=_body(method, path))
                assert answer.headers["cache-control"] == "no-store", path


async def test_an_address_or_method_that_there_is_not_is_a_problem(ann: httpx.AsyncClient) -> None:
    assert problem(await ann.get("/api/nosuch"))["code"] == "absent"
    answer = await ann.put("/api/me")
    assert answer.status_code == 405
    assert problem(answer)["code"] == "method_not_allowed"


async def test_a_defect_is_a_problem_that_tells_no_details(
    lab: Lab, ann: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(*_: object) -> None:
        raise ZeroDivisionError("visibly-fake detail")

    monkeypatch.setattr(lab.sign_ins, "list", break_down)
    answer = await ann.get("/api/auth/sessions")
    assert answer.status_code == 500
    assert problem(answer)["code"] == "internal"
    assert "visibly-fake detail" not in answer.text


def test_the_web_s_client_is_generated_from_this_very_api() -> None:
    stored = Path(__file__).parents[3] / "web/openapi.json"
    assert stored.read_text() == openapi.document(), "make reference writes it anew"
