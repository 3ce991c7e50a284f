"""The demo tool of the golden against the demo provider of the controller: the two that must fit."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from vestibule.core.providers import login_spec
from vestibule.drivers import providers
from vestibule.laboratory.app import create

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "agent/demo_tool/vestibule-demo"
DEMO = providers.load([ROOT / "providers"])["demo"]


@dataclasses.dataclass(frozen=True)
class Desk:
    """A person's home, and where the provider is."""

    issuer: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        mine = {"VESTIBULE_DEMO_ISSUER": self.issuer, "HOME": str(self.home), "BROWSER": "/bin/true"}
        return {**inherited, **mine}

    def start(self, command: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-I", str(TOOL), command]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, env=self.environment, stdout=pipe, stderr=pipe, text=True)

    @property
    def credentials(self) -> Path:
        return self.home / DEMO.credential.path.removeprefix("~/")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        issuer = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(create(issuer=issuer), log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield Desk(issuer=issuer, home=tmp_path)
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()


def _printed_url(tool: subprocess.Popen[str]) -> str:
    assert tool.stdout is not None
    for line in tool.stdout:
        if found := re.search(r"http://\S+/authorize\?\S+", line):
            return found[0]
    raise AssertionError(tool.communicate())


def _decide(url: str, decision: str) -> httpx.Response:
    """Do as a person in a browser does, the return to the tool included."""
    with httpx.Client(trust_env=False, follow_redirects=True, timeout=20) as browser:
        page = browser.get(url)
        found = re.search(r'name="request" value="([^"]+)"', page.text)
        assert found is not None, page.text
        form = {"request": found[1], "account": "ann", "decision": decision}
        return browser.post(str(page.url.copy_with(query=None)), data=form)


def test_the_tool_ends_signed_in_with_the_credential_that_its_provider_file_declares(desk: Desk) -> None:
    with desk.start("login") as tool:
        landed = _decide(_printed_url(tool), "allow")
        out, err = tool.communicate(timeout=30)
    assert landed.status_code == 200
    assert (tool.returncode, err) == (0, "")
    assert "Signed in as ann." in out
    document = json.loads(desk.credentials.read_text())
    assert stat.S_IMODE(desk.credentials.stat().st_mode) == 0o600
    assert all(document[key] for key in DEMO.credential.required)
    assert document[DEMO.credential.account or ""] == "ann"
    with desk.start("whoami") as asking:
        assert asking.communicate(timeout=30)[0] == "ann\n"


def test_a_person_who_denies_ends_the_tool_without_a_credential(desk: Desk) -> None:
    with desk.start("login") as tool:
        _decide(_printed_url(tool), "deny")
        _, err = tool.communicate(timeout=30)
    assert tool.returncode == 1
    assert "access_denied" in err
    assert not desk.credentials.exists()


def test_the_provider_file_accepts_the_address_that_the_tool_prints(desk: Desk) -> None:
    with desk.start("login") as tool:
        url = _printed_url(tool)
        tool.kill()
    shipped = url.replace(desk.issuer, "http://login.demo.test")
    assert re.match(login_spec(DEMO).url_pattern, shipped)
