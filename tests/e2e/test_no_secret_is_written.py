"""A person signs in at a real controller; then everything that it and its programs wrote is searched."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from controller import Controller, running
from following import follow
from playwright.sync_api import Page, Response
from test_sign_in import connect_demo
from trawl import ProcessWatch, Trawl

pytestmark = [pytest.mark.golden, pytest.mark.browser, pytest.mark.usefixtures("golden")]

GIVES_SECRETS = "answers with secrets"


def _post(controller: Controller, trawl: Trawl, path: str, body: object = None) -> Any:
    with controller.client() as client:
        answer = client.post(path, json=body)
    trawl.add(GIVES_SECRETS if answer.is_success else "answers", answer.content)
    return answer.json()


def _execute(controller: Controller, statement: str) -> None:
    """Damage the database behind the controller's back."""
    with closing(sqlite3.connect(controller.folder / "state/vestibule.db")) as connection:
        connection.execute(statement)
        connection.commit()


def _crash(controller: Controller, trawl: Trawl, path: str) -> None:
    """A defect in the middle of a check-out, and a row that somebody changed."""
    _execute(
        controller,
        "CREATE TRIGGER broken BEFORE UPDATE ON credentials BEGIN SELECT RAISE(ABORT, 'broken'); END",
    )
    assert _post(controller, trawl, f"{path}/checkout", {"holder": "laptop"})["code"] == "internal"
    _execute(controller, "DROP TRIGGER broken")
    _execute(controller, "UPDATE credentials SET sealed = substr(sealed, 1, length(sealed) - 1)")
    assert _post(controller, trawl, f"{path}/export")["code"] == "vault_tampered"


def _read_all(controller: Controller, trawl: Trawl) -> None:
    with controller.client() as client:
        for path in ("/api/auth/sessions", "/api/credentials", "/api/vms", "/api/tokens", "/api/host"):
            trawl.add("answers", client.get(path).content)
        for session in client.get("/api/auth/sessions").json():
            ended = follow(client, session["session_id"], lambda _: False)
            trawl.add("events", json.dumps(ended).encode())


@pytest.mark.timeout(480)
def test_nothing_that_a_real_run_writes_holds_a_secret(page: Page, screenshots: Path) -> None:
    trawl, secrets = Trawl(), {"master key": os.urandom(32)}
    tickets: list[Response] = []
    page.on("response", lambda got: tickets.append(got) if got.url.endswith("/view-ticket") else None)
    key = secrets["master key"].hex()
    with running(
        VESTIBULE_ISOLATION="container", VESTIBULE_VAULT_KEY_SOURCE="env", VESTIBULE_VAULT_KEY=key
    ) as controller:
        state = controller.folder / "state"
        with ProcessWatch(trawl, controller.process.pid) as watch:
            connect_demo(controller, page, screenshots, page_timeout_s=60)
        assert watch.count >= 3  # the broker, the machine, what is in it
        trawl.add_process(controller.process.pid, "the controller's")
        secrets["cookie"] = str(page.context.cookies()[0]["value"]).encode()
        secrets["ticket"] = str(tickets[0].json()["ticket"]).encode()
        secrets["API token"] = (state / "cli-token").read_bytes().strip()
        secrets["cookie key"] = (state / "cookie.key").read_bytes()
        (credential,) = controller.command("credentials", "list")
        path = f"/api/credentials/{credential['credential_id']}"
        exported = _post(controller, trawl, f"{path}/export")["files"][0]["content"]
        login = json.loads(base64.b64decode(exported))
        secrets |= {name: str(login[name]).encode() for name in ("access_token", "refresh_token")}
        _crash(controller, trawl, path)
        _read_all(controller, trawl)
        for when in ("running", "ended"):
            trawl.add_folder("state", state)
            trawl.add_folder("run", controller.folder / "run")
            if when == "running":
                controller.stop()
        trawl.add("log", "".join(controller.log).encode())

    assert "IntegrityError" in "".join(controller.log)
    assert "state/vestibule.db-wal" in trawl
    assert trawl.found(secrets) == {
        ("master key", "the controller's environ"),  # what it was started with
        ("API token", "state/cli-token"),
        ("cookie key", "state/cookie.key"),
        ("access_token", GIVES_SECRETS),
        ("refresh_token", GIVES_SECRETS),
    }
