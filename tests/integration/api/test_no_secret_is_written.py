"""A whole run, failures and crashes included; then everything that it wrote is searched for its secrets."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import io
import json
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import structlog
from lab import SCRIPT, Lab, open_lab
from trawl import Trawl
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus
from vestibule.drivers import logs
from vestibule.drivers.db import schema
from vestibule.drivers.db.unbroken import unbroken
from vestibule.drivers.vault import Vault

pytestmark = pytest.mark.anyio
S = SessionStatus

LATER = 4_102_444_800
TOKENS = ("access_token", "refresh_token")
GIVES_SECRETS = ("/export", "/checkout", "/link", "/tokens", "/view-ticket")
"""Routes whose answers hold what they are asked for."""


def _login(generation: str, **changes: object) -> bytes:
    tokens = {name: f"visibly-fake-{name}-{generation}" for name in TOKENS}
    return json.dumps({**tokens, "expires_at": LATER, "account": "demo@example.test", **changes}).encode()


def _files(content: bytes) -> list[dict[str, str]]:
    """As a holder returns them."""
    return [{"path": "~/.vestibule-demo/credentials.json", "content": base64.b64encode(content).decode()}]


def _given() -> dict[str, bytes]:
    """Secrets that come from outside: of the provider, and of who asks."""
    generations = ("first", "refreshed", "older", "invalid", "unstorable", "unsealable")
    found = {f"{name} {one}": f"visibly-fake-{name}-{one}" for name in TOKENS for one in generations}
    found |= {"pasted code": "visibly-fake/code+of=a provider", "wrong code": "visibly-fake/wrong+code"}
    found |= {"wrong bearer": "vst_visibly-fake-bearer", "wrong ticket": "visibly-fake-ticket"}
    return {name: value.encode() for name, value in found.items()}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Everything random that is long enough to be a secret: data keys, tokens, tickets, master keys."""
    kept: list[bytes] = []
    draw = secrets.token_bytes

    def noted(size: int | None = None) -> bytes:
        kept.append(draw(size))
        return kept[-1]

    monkeypatch.setattr(secrets, "token_bytes", noted)
    return kept


@pytest.fixture
async def lab(tmp_path: Path, drawn: list[bytes]) -> AsyncIterator[Lab]:
    assert drawn == []
    async with open_lab(tmp_path, script=dataclasses.replace(SCRIPT, credential=_login("first"))) as opened:
        yield opened


@pytest.fixture(params=["for people", "as JSON"], autouse=True)
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged from the first moment on, in either form."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure(json=request.param == "as JSON")
    yield written
    structlog.reset_defaults()


class Run:
    """One after the other, what people, programs and accidents do; what comes of it is kept."""

    def __init__(self, lab: Lab, client: httpx.AsyncClient, served: str, trawl: Trawl) -> None:
        self.lab, self.client, self.served, self.trawl = lab, client, served, trawl
        self.secrets = _given()

    async def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        answer = await self.client.request(method, path, **sent)
        kind = "answers with secrets" if path.endswith(GIVES_SECRETS) else "answers"
        head = str(answer.headers).encode() if "set-cookie" not in answer.headers else b""
        self.trawl.add(kind, head + answer.content)
        return answer

    async def waiting(self) -> SessionRecord:
        """A sign-in that waits for its person."""
        record = await self.lab.connect()
        return await self.lab.reach(record.session_id, S.AWAITING_USER_AUTH)

    async def sign_in_by_link(self) -> None:
        """The cookie is a secret from then on."""
        answer = await self.ask("POST", "/api/users/ann/link")
        secret = str(answer.json()["url"]).partition("#token=")[2]
        self.secrets["link"] = secret.encode()
        async with httpx.AsyncClient(base_url=f"http://{self.served}", trust_env=False) as browser:
            signed_in = await browser.post("/api/sign-in", json={"token": secret})
            self.trawl.add("answers", signed_in.content)
            self.secrets["cookie"] = browser.cookies["vestibule"].encode()
            again = await browser.post("/api/sign-in", json={"token": secret})
            self.trawl.add("answers", again.content + (await browser.get("/api/me")).content)

    async def issue_token(self) -> None:
        issued = await self.ask("POST", "/api/tokens", json={"label": "a script"})
        self.secrets["API token"] = str(issued.json()["secret"]).encode()

    async def listen(self, session_id: str) -> None:
        """The session's events, as they are sent, up to its end."""
        headers = {"Authorization": self.client.headers["Authorization"]}
        async with (
            httpx.AsyncClient(base_url=f"http://{self.served}", headers=headers, trust_env=False) as client,
            client.stream("GET", f"/api/auth/session/{session_id}/events") as stream,
        ):
            async for line in stream.aiter_lines():
                self.trawl.add("events", line.encode())

    async def view(self, vm_id: str | None) -> None:
        ticket = (await self.ask("POST", f"/api/vm/{vm_id}/view-ticket")).json()["ticket"]
        self.secrets["ticket"] = str(ticket).encode()
        for offered in (ticket, ticket, self.secrets["wrong ticket"].decode()):
            try:
                protocols: list[Any] = ["binary", f"vestibule.ticket.{offered}"]
                address = f"ws://{self.served}/api/vm/{vm_id}/vnc"
                async with connect(address, subprotocols=protocols, proxy=None) as view:
                    await view.recv()
            except (InvalidStatus, ConnectionClosed):
                continue

    async def wrong_requests(self, session_id: str) -> None:
        """A secret in what is not of the documented form, or comes from nobody."""
        path, code = f"/api/auth/session/{session_id}/input", self.secrets["wrong code"].decode()
        for body in ({"text": [code]}, {"text": code, "more": code}, {"txt": code}, code, [code]):
            assert (await self.ask("POST", path, json=body)).status_code == 422
        broken = f'{{"text": "{code}"'
        assert (await self.ask("POST", path, content=broken)).status_code == 422
        assert (await self.ask("POST", path, json={"text": code * 999})).status_code == 422
        opened = await self.ask("POST", path.replace("input", "open-url"), json={"url": f"javascript:{code}"})
        assert opened.status_code == 400
        bearer = {"Authorization": f"Bearer {self.secrets['wrong bearer'].decode()}"}
        assert (await self.ask("GET", "/api/me", headers=bearer)).status_code == 401

    async def whole_sign_in(self) -> str:
        """By a pasted code, watched and viewed; the credential's id."""
        session = await self.waiting()
        events = asyncio.create_task(self.listen(session.session_id))
        await self.view(session.vm_id)
        await self.wrong_requests(session.session_id)
        code = self.secrets["pasted code"].decode()
        await self.ask("POST", f"/api/auth/session/{session.session_id}/input", json={"text": code})
        done = await self.lab.ended(session.session_id)
        await events
        assert done.status is S.COMPLETED
        return str(done.credential_id)

    async def custody(self, credential_id: str) -> None:
        path = f"/api/credentials/{credential_id}"
        exported = (await self.ask("POST", f"{path}/export")).json()["files"][0]["content"]
        assert base64.b64decode(exported) == _login("first")
        holder = {"holder": "laptop"}
        await self.ask("POST", f"{path}/checkout", json=holder)
        for content in (_login("older", expires_at=LATER - 60), b"no login " + _login("invalid")):
            body = {**holder, "files": _files(content)}
            assert (await self.ask("POST", f"{path}/return", json=body)).status_code in {400, 409}
        body = {**holder, "files": _files(_login("refreshed", expires_at=LATER + 60))}
        assert (await self.ask("POST", f"{path}/return", json=body)).status_code == 200
        await self.ask("GET", path)

    async def failing_sign_in(self, content: bytes) -> None:
        """It ends without a credential; its screen, with the code on it, is kept as evidence."""
        session = await self.waiting()
        agent = self.lab.machine().agent
        agent._script = dataclasses.replace(agent._script, credential=content)
        path = f"/api/auth/session/{session.session_id}"
        code = self.secrets["wrong code"].decode()
        events = asyncio.create_task(self.listen(session.session_id))
        await self.ask("POST", f"{path}/input", json={"text": code})
        assert (await self.lab.ended(session.session_id)).status is S.FAILED
        await events
        await self.ask("GET", path)

    async def wrong_code(self) -> None:
        """The tool ends with what it was given on its screen."""
        session = await self.waiting()
        code = self.secrets["wrong code"].decode()
        screen = f"Paste the code:\n> {code[:9]}\n{code[9:]}\nThat code is wrong.\n"
        agent = self.lab.machine().agent
        agent._credential = None
        agent.sign_in = _nothing  # type: ignore[method-assign]  # the tool refuses it
        path = f"/api/auth/session/{session.session_id}"
        await self.ask("POST", f"{path}/input", json={"text": code})
        await agent.tell("tool_exited", exit_code=1, screen=screen)
        ended = await self.lab.ended(session.session_id)
        assert "That code is wrong." in ended.error_evidence["screen"]
        await self.ask("GET", path)

    @unbroken
    async def crash(self, credential_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Defects and damage, each with a secret at hand."""
        with monkeypatch.context() as patched:
            patched.setattr(Vault, "seal", _defect)
            await self.failing_sign_in(_login("unsealable"))
        await self._execute(
            "CREATE TRIGGER broken BEFORE INSERT ON credentials BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
        await self.failing_sign_in(_login("unstorable"))
        await self._execute("DROP TRIGGER broken")
        export = f"/api/credentials/{credential_id}/export"
        row = await self.lab.context.credentials.owned(self.lab.ann, credential_id)  # type: ignore[arg-type]
        sealer = self.lab.context.credentials._sealer
        for no_message in (b"[" + _login("first") + b"]", b'{"path": ' + _login("first")):
            sealed = sealer.seal(no_message, context=credential_id)
            await self._set(sealed=sealed.content, key_id=sealed.key_id)
            answer = await self.ask("POST", export.replace("/export", "/checkout"), json={"holder": "x"})
            assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        await self._set(sealed=row.sealed[:-1] + b"x")
        answer = await self.ask("POST", export)
        assert answer.json()["code"] == "vault_tampered"
        assert credential_id in answer.json()["cause"]
        await self._set(sealed=row.sealed, key_id=row.key_id)

    async def _execute(self, statement: str) -> None:
        async with self.lab.database.write() as connection:
            await connection.execute(sa.text(statement))

    async def _set(self, **columns: object) -> None:
        async with self.lab.database.write() as connection:
            await connection.execute(schema.credentials.update().values(**columns))


async def _nothing() -> None:
    return


def _defect(*_arguments: object, **_named: object) -> bytes:
    raise RuntimeError("a defect")


def _drawn(drawn: list[bytes]) -> Mapping[str, bytes]:
    return {f"drawn {number}": one for number, one in enumerate(drawn) if len(one) >= 16}


@pytest.fixture
def run(lab: Lab, ann: httpx.AsyncClient, served: str) -> Run:
    return Run(lab, ann, served, Trawl())


async def test_nothing_that_a_whole_run_writes_holds_a_secret(
    run: Run, drawn: list[bytes], log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, trawl = run.lab, run.trawl
    await run.sign_in_by_link()
    await run.issue_token()
    credential_id = await run.whole_sign_in()
    await run.custody(credential_id)
    await run.failing_sign_in(_login("invalid", expires_at="visibly-fake-access_token-invalid"))
    await run.wrong_code()
    await run.crash(credential_id, monkeypatch)
    before = (lab.folder / "state/vault.key").read_bytes()
    assert (await run.ask("POST", "/api/vault/rotation")).json()["finished"]
    for path in ("/api/auth/sessions", "/api/credentials", "/api/host", "/api/tokens", "/api/vms"):
        await run.ask("GET", path)
    trawl.add_folder("state", lab.folder / "state")
    trawl.add_folder("run", lab.folder / "run")
    trawl.add("log", log.getvalue().encode())

    assert "RuntimeError: a defect" in log.getvalue()
    assert "IntegrityError" in log.getvalue()
    assert "state/vestibule.db-wal" in trawl
    after = (lab.folder / "state/vault.key").read_bytes()
    assert {before, after} <= set(drawn)
    others = _drawn([*set(drawn) - {before}])
    found = trawl.found({**run.secrets, **others, "old master key": before})
    names = [name for name, one in others.items() if one == after]
    expected = {(name, "state/vault.key") for name in names}
    assert {find for find in found if find[1] != "answers with secrets"} == expected
    shown = {name for name, place in found if place == "answers with secrets"}
    assert {"access_token first", "refresh_token first", "ticket", "link", "API token"} <= shown


async def test_a_secret_that_is_written_is_found_wherever_and_however(run: Run, log: io.StringIO) -> None:
    """Without this, a search that finds nothing would say nothing."""
    await run.sign_in_by_link()
    await run.issue_token()
    await run.whole_sign_in()
    state = run.lab.folder / "state"
    run.secrets["master key"] = (state / "vault.key").read_bytes()
    for name, secret in run.secrets.items():
        structlog.get_logger().info("A leak", of=secret.decode(errors="replace"))
        (state / f"leak of {name}").write_bytes(base64.b64encode(b"{" + secret))
        run.trawl.add("events", httpx.QueryParams(code=secret).__str__().encode())
    run.trawl.add("log", log.getvalue().encode())
    run.trawl.add_folder("state", state)
    texts = {name: secret for name, secret in run.secrets.items() if name != "master key"}
    found = run.trawl.found(run.secrets)
    assert {(name, f"state/leak of {name}") for name in run.secrets} <= found
    assert {(name, place) for name in texts for place in ("log", "events")} <= found
