"""The built web app: one page for every address, and no way to another file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from fastapi import FastAPI

from vestibule.api.app import create

pytestmark = pytest.mark.anyio

SECRET = "visibly-fake-secret"


@pytest.fixture
def web_dir(tmp_path: Path) -> Path:
    """A built app with a secret beside it."""
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>Vestibule</title>")
    (web / "assets/app.js").write_text("// app")
    (tmp_path / "secret").write_text(SECRET)
    (web / "secret").write_text(SECRET)
    (web / "assets/link").symlink_to(tmp_path / "secret")
    return web


@pytest.fixture
async def browser(web_dir: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create(web_dir))
    async with httpx.AsyncClient(transport=transport, base_url="http://lab.test") as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/sign-in", "/dashboard/remote-cli", "/dashboard/remote-cli/session/s-1", "/dashboard/no/such"]
)
async def test_every_address_of_the_dashboard_is_the_app(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>Vestibule</title>" in answer.text


@pytest.mark.parametrize("path", ["/", "/dashboard"])
async def test_the_root_leads_to_the_connect_page(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).headers["location"] == "/dashboard/remote-cli"


async def test_a_page_runs_our_own_scripts_alone(browser: httpx.AsyncClient) -> None:
    headers = (await browser.get("/dashboard/remote-cli")).headers
    policy = dict(item.strip().partition(" ")[::2] for item in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-cache"


async def test_what_the_page_loads_is_there(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/dashboard/assets/app.js")
    assert (answer.status_code, answer.text) == (200, "// app")
    assert "javascript" in answer.headers["content-type"]


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/assets/../secret",
        "/dashboard/assets/..%2fsecret",
        "/dashboard/assets/%2e%2e/%2e%2e/secret",
        "/dashboard/assets/..%5c..%5csecret",
        "/dashboard/assets//etc/passwd",
        "/dashboard/assets/%00",
        "/dashboard/assets/link",
        "/dashboard/assets/nosuch.js",
        "/dashboard/assets/",
        "/../secret",
        "/sign-in/../../secret",
    ],
)
async def test_no_other_file_is_served(web_dir: Path, path: str) -> None:
    status, body = await _as_sent(create(web_dir), path)
    assert status == 404
    assert SECRET.encode() not in body
    assert b"root:" not in body


async def _as_sent(app: FastAPI, path: str) -> tuple[int, bytes]:
    """Status and body for a path that no client has tidied."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"lab.test")],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def test_an_app_that_was_not_built_is_named(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(create(tmp_path / "nosuch"))
    async with httpx.AsyncClient(transport=transport, base_url="http://lab.test") as client:
        answer = await client.get("/dashboard/remote-cli")
    assert (answer.status_code, answer.json()["code"]) == (503, "web_app_missing")


async def test_a_style_element_needs_the_pages_own_number(browser: httpx.AsyncClient, web_dir: Path) -> None:
    (web_dir / "index.html").write_text('<meta property="csp-nonce" nonce="__CSP_NONCE__">')
    seen = set()
    for _ in range(2):
        answer = await browser.get("/dashboard/remote-cli")
        nonce = answer.text.split('nonce="')[1].rstrip('">')
        policy = answer.headers["content-security-policy"]
        assert f"style-src 'self' 'nonce-{nonce}';" in policy
        assert "unsafe" not in policy
        seen.add(nonce)
    assert len(seen) == 2, "a number that comes twice could be learnt from another page"


async def test_what_is_named_by_its_hash_is_kept_for_ever(browser: httpx.AsyncClient, web_dir: Path) -> None:
    (web_dir / "assets/index-koXcwhSM.js").write_text("// " + "app " * 1000)
    (web_dir / "assets/color-scheme.js").write_text("// app")
    hashed = await browser.get("/dashboard/assets/index-koXcwhSM.js")
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashed.headers["content-encoding"] == "gzip"
    assert "cache-control" not in (await browser.get("/dashboard/assets/color-scheme.js")).headers
