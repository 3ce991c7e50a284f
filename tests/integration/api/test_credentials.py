"""Custody over HTTP: one holder at a time, what comes back, what is refused and how."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from event_stream import Stream
from lab import TOKEN, Lab

from vestibule.cli.app import run
from vestibule.core.ids import CredentialId
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db import schema
from vestibule.drivers.db.unbroken import unbroken
from vestibule_agent.protocol import MAX_CREDENTIAL_BYTES

pytestmark = pytest.mark.anyio


@pytest.fixture
async def credential_id(lab: Lab) -> str:
    """Ann's, sealed."""
    session = await lab.connect()
    await lab.reach(session.session_id, SessionStatus.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    sealed = (await lab.ended(session.session_id)).credential_id
    assert sealed
    return sealed


def _of(credential_id: str, action: str = "") -> str:
    return f"/api/credentials/{credential_id}{action}"


async def _check_out(ann: httpx.AsyncClient, credential_id: str, holder: str = "laptop") -> dict[str, Any]:
    answer = await ann.post(_of(credential_id, "/checkout"), json={"holder": holder})
    assert answer.status_code == 200, answer.text
    opened: dict[str, Any] = answer.json()
    return opened


def _refreshed(opened: dict[str, Any], later_s: int) -> bytes:
    """What a tool makes of the file that it was given, when it refreshes it."""
    document = json.loads(base64.b64decode(opened["files"][0]["content"]))
    return json.dumps({**document, "expires_at": document["expires_at"] + later_s}).encode()


def _files(content: object) -> list[dict[str, object]]:
    return [{"path": "~/.vestibule-demo/credentials.json", "content": content}]


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def test_a_credential_goes_out_and_comes_back_refreshed(
    ann: httpx.AsyncClient, credential_id: str
) -> None:
    opened = await _check_out(ann, credential_id)
    assert opened == {
        "credential_id": credential_id,
        "provider": "demo",
        "files": [{"path": "~/.vestibule-demo/credentials.json", "mode": 0o600, "content": _content(opened)}],
    }
    (listed,) = (await ann.get("/api/credentials")).json()
    assert (listed["custody"], listed["holder"]) == ("checked_out", "laptop")
    newer = _refreshed(opened, 60)
    body = {"holder": "laptop", "files": _files(_base64(newer))}
    back = (await ann.post(_of(credential_id, "/return"), json=body)).json()
    assert (back["custody"], back["holder"], back["held_since"]) == ("returned", None, None)
    assert back["expires_at"] > listed["expires_at"]
    again = await _check_out(ann, credential_id, "desk")
    assert base64.b64decode(again["files"][0]["content"]) == newer


def _content(opened: dict[str, Any]) -> str:
    return str(opened["files"][0]["content"])


async def test_of_many_check_outs_one_is_answered_with_the_secret(
    ann: httpx.AsyncClient, credential_id: str
) -> None:
    url = _of(credential_id, "/checkout")
    answers = await asyncio.gather(*(ann.post(url, json={"holder": f"h{number}"}) for number in range(20)))
    refused = [answer for answer in answers if answer.status_code == 409]
    assert len(refused) == 19
    shown = (await ann.get(_of(credential_id))).json()
    for answer in refused:
        assert answer.json()["code"] == "credential_checked_out"
        assert f"{shown['holder']} since 20" in answer.json()["cause"]
        assert TOKEN not in answer.text


async def test_show_tells_who_had_it_and_no_secret(ann: httpx.AsyncClient, credential_id: str) -> None:
    await _check_out(ann, credential_id)
    await ann.post(_of(credential_id, "/return"), json={"holder": "laptop"})
    answer = await ann.get(_of(credential_id))
    assert [(step["custody"], step["holder"]) for step in answer.json()["history"]] == [
        ("sealed", None),
        ("checked_out", "laptop"),
        ("returned", "laptop"),
    ]
    assert TOKEN not in answer.text
    assert "files" not in answer.json()


async def test_deleting_leaves_the_sign_in_and_the_history(
    ann: httpx.AsyncClient, credential_id: str
) -> None:
    await _check_out(ann, credential_id)
    gone = await ann.delete(_of(credential_id))
    assert (gone.status_code, gone.json()["custody"]) == (200, "revoked")
    assert (await ann.get("/api/credentials")).json() == []
    (session,) = (await ann.get("/api/auth/sessions")).json()
    assert (session["status"], session["credential_id"]) == ("completed", credential_id)
    assert (await ann.get(_of(credential_id))).json()["history"][-1]["custody"] == "revoked"
    demo = {item["name"]: item for item in (await ann.get("/api/providers")).json()}["demo"]
    assert demo["credential"] is None


@pytest.mark.parametrize("method_and_action", ["POST /checkout", "POST /return", "POST /export", "DELETE "])
async def test_what_was_deleted_is_named(
    ann: httpx.AsyncClient, credential_id: str, method_and_action: str
) -> None:
    await ann.delete(_of(credential_id))
    method, _, action = method_and_action.partition(" ")
    body = {"holder": "laptop"} if action in {"/checkout", "/return"} else None
    answer = await ann.request(method, _of(credential_id, action), json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "credential_revoked")


async def test_an_older_file_is_refused_and_the_holder_holds_on(
    ann: httpx.AsyncClient, credential_id: str
) -> None:
    opened = await _check_out(ann, credential_id)
    body = {"holder": "laptop", "files": _files(_base64(_refreshed(opened, -1)))}
    answer = await ann.post(_of(credential_id, "/return"), json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "credential_superseded")
    assert (await ann.get(_of(credential_id))).json()["holder"] == "laptop"
    exported = (await ann.post(_of(credential_id, "/export"))).json()
    assert exported == opened


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "blank"),
        ("not base64!", "base64"),
        (_base64(b"{"), "JSON"),
        (_base64(b"\xff"), "UTF-8"),
        (_base64(b'{"x": "' + b"x" * MAX_CREDENTIAL_BYTES + b'"}'), "larger than 1048576 bytes"),
    ],
    ids=["blank", "no base64", "no JSON", "no UTF-8", "too large"],
)
async def test_what_is_no_login_is_refused_by_name(
    ann: httpx.AsyncClient, credential_id: str, content: str, why: str
) -> None:
    await _check_out(ann, credential_id)
    answer = await ann.post(
        _of(credential_id, "/return"), json={"holder": "laptop", "files": _files(content)}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "credential_invalid")
    assert why in answer.json()["cause"]
    assert len(answer.content) < 1000


async def test_a_file_of_the_largest_size_is_taken(ann: httpx.AsyncClient, credential_id: str) -> None:
    newer = _refreshed(await _check_out(ann, credential_id), 60).ljust(MAX_CREDENTIAL_BYTES)
    body = {"holder": "laptop", "files": _files(_base64(newer))}
    assert (await ann.post(_of(credential_id, "/return"), json=body)).status_code == 200
    again = await _check_out(ann, credential_id)
    assert base64.b64decode(again["files"][0]["content"]) == newer


@pytest.fixture
def _logs_as_before() -> Iterator[None]:
    """Commands set logging up, for their whole process."""
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("_logs_as_before")
async def test_the_command_line_carries_one_out_and_back(
    lab: Lab, served: str, credential_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await lab.context.accounts.issue_token(lab.ann, "cli")
    monkeypatch.setenv("VESTIBULE_URL", f"http://{served}")
    monkeypatch.setenv("VESTIBULE_TOKEN", token.secret)
    file = tmp_path / ".vestibule-demo/credentials.json"

    async def command(*words: str) -> int:
        return await asyncio.to_thread(run, ["credentials", words[0], credential_id, *words[1:]])

    assert await command("checkout", "--holder", "ci-3", "--to", str(tmp_path)) == 0
    assert await command("checkout", "--holder", "ci-4") == 5
    document = json.loads(file.read_text())
    file.write_text(json.dumps({**document, "expires_at": document["expires_at"] - 1}))
    assert await command("return", "--holder", "ci-3", "--file", str(file)) == 5
    file.write_text(json.dumps({**document, "expires_at": document["expires_at"] + 1}))
    assert await command("return", "--holder", "ci-4", "--file", str(file)) == 5
    assert await command("return", "--holder", "ci-3", "--file", str(file)) == 0
    _, kept = await lab.context.credentials.export(lab.ann, CredentialId(credential_id))
    assert base64.b64decode(kept.files[0].content) == file.read_bytes()
    assert await command("show") == 0
    assert await command("delete") == 0
    assert await command("export") == 5


@pytest.mark.parametrize("holder", ["", " ", "a b", "-x", "x" * 129, "a\nb", "ä", 'x"', None, 7])
async def test_a_holder_s_name_is_a_word(ann: httpx.AsyncClient, credential_id: str, holder: object) -> None:
    answer = await ann.post(_of(credential_id, "/checkout"), json={"holder": holder})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert (await ann.get(_of(credential_id))).json()["custody"] == "sealed"


async def test_a_credential_whose_end_is_near_says_so_wherever_it_is_shown(
    lab: Lab, ann: httpx.AsyncClient, credential_id: str
) -> None:
    async def shown() -> list[tuple[object, object]]:
        listed = (await ann.get("/api/credentials")).json()
        providers = (await ann.get("/api/providers")).json()
        every = [*listed, (await ann.get(_of(credential_id))).json()]
        every += [one["credential"] for one in providers if one["credential"]]
        return [(one["usable_until"], one["expires_soon"]) for one in every]

    assert await shown() == [(None, False)] * 3
    soon = lab.clock.now() + dt.timedelta(hours=1)
    await _ends(lab, soon)
    said = await shown()
    assert [near for _until, near in said] == [True] * 3
    assert {dt.datetime.fromisoformat(str(until)) for until, _near in said} == {soon}


@unbroken
async def _ends(lab: Lab, moment: dt.datetime) -> None:
    async with lab.database.write() as connection:
        await connection.execute(schema.credentials.update().values(login_expires_at=moment))


async def test_a_credential_that_the_provider_refused_says_so_until_a_newer_one_comes(
    ann: httpx.AsyncClient, credential_id: str
) -> None:
    opened = await _check_out(ann, credential_id)
    both = {"holder": "laptop", "files": _files(_content(opened))}
    assert (await ann.post(_of(credential_id, "/refuse"), json=both)).status_code == 422
    back = (await ann.post(_of(credential_id, "/refuse"), json={"holder": "laptop"})).json()
    assert (back["custody"], "refused it to laptop" in back["doubt"]) == ("returned", True)
    opened = await _check_out(ann, credential_id)
    newer = {"holder": "laptop", "files": _files(_base64(_refreshed(opened, 60)))}
    assert (await ann.post(_of(credential_id, "/return"), json=newer)).json()["doubt"] is None


async def test_changes_of_custody_are_pushed_to_their_owner_alone(
    lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient, served: str, credential_id: str
) -> None:
    url = f"http://{served}/api/credentials/events"
    async with (
        httpx.AsyncClient(headers=ann.headers, trust_env=False) as own,
        httpx.AsyncClient(headers=bob.headers, trust_env=False) as other,
        own.stream("GET", url) as mine,
        other.stream("GET", url) as others,
    ):
        stream = Stream(mine)
        assert (await _pushed(Stream(others))) == []
        assert [one["custody"] for one in await _pushed(stream)] == ["sealed"]
        opened = await _check_out(ann, credential_id)
        assert [one["holder"] for one in await _pushed(stream)] == ["laptop"]
        assert _content(opened) not in json.dumps(await _refused_and_pushed(ann, credential_id, stream))
        await ann.delete(_of(credential_id))
        assert await _pushed(stream) == []
    lab.context.credentials.feed.close()


async def _pushed(stream: Stream) -> list[dict[str, Any]]:
    event = await stream.next()
    assert event is not None
    assert event["event"] == "credentials"
    found: list[dict[str, Any]] = event["credentials"]
    return found


async def _refused_and_pushed(
    ann: httpx.AsyncClient, credential_id: str, stream: Stream
) -> list[dict[str, Any]]:
    await ann.post(_of(credential_id, "/refuse"), json={"holder": "laptop"})
    pushed = await _pushed(stream)
    assert "refused it to laptop" in pushed[0]["doubt"]
    return pushed
