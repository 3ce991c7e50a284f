"""A person's home with the real demo tool in it, a laboratory to sign in to, and the person's browser."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import dataclasses
import os
import pty
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from serving import served
from waiting import until

from vestibule.laboratory.app import create
from vestibule.laboratory.scenario import Scenario

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "agent/demo_tool/vestibule-demo"
PATIENCE_S = 30

_WITHOUT_WAITING = """
import runpy, sys, time

def pause(seconds):
    with open({log!r}, "a") as file:
        print(seconds, file=file)

time.sleep = pause
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs the tool with pauses that are only written down; the laboratory's clock reads them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Desk:
    """A person's home, and where the provider is."""

    issuer: str
    home: Path

    @property
    def pauses(self) -> list[float]:
        """What the tool has waited, in seconds."""
        log = self.home / "pauses"
        return [float(line) for line in log.read_text().splitlines()] if log.exists() else []

    def waited(self, times: int) -> None:
        """Wait until the tool has paused so often."""
        asyncio.run(until(lambda: len(self.pauses) >= times, PATIENCE_S))

    @property
    def credentials(self) -> Path:
        return self.home / ".vestibule-demo/credentials.json"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        mine = {"VESTIBULE_DEMO_ISSUER": self.issuer, "HOME": str(self.home), "BROWSER": "/bin/true"}
        return {**inherited, **mine}

    def argv(self, *words: str) -> list[str]:
        program = _WITHOUT_WAITING.format(log=str(self.home / "pauses"))
        return [sys.executable, "-I", "-c", program, str(TOOL), *words]

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The tool, its words on pipes."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.argv(*words), env=self.environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The tool to its end."""
        with self.start(*words) as tool:
            out, err = tool.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(words, tool.returncode, out, err)


@contextlib.contextmanager
def desk(home: Path, scenario: Scenario | None = None) -> Iterator[Desk]:
    """A laboratory on loopback, whose time goes on by what the tool has paused."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Desk(issuer=f"http://127.0.0.1:{listener.getsockname()[1]}", home=home)
        app = create(issuer=made.issuer, scenario=scenario, now=lambda: time.time() + sum(made.pauses))
        with served(app, listener):
            yield made


class Terminal:
    """The tool on a real terminal, and who types there."""

    def __init__(self, desk: Desk, *words: str) -> None:
        self._master, slave = pty.openpty()
        self._tool = subprocess.Popen(
            desk.argv(*words), env=desk.environment, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.screen = ""

    def until(self, pattern: str) -> re.Match[str]:
        """Wait until the screen shows it, after what was waited for before."""
        deadline = time.monotonic() + PATIENCE_S
        while (found := re.search(pattern, self.screen, re.MULTILINE)) is None:
            assert time.monotonic() < deadline, self.screen
            assert self._read(), f"the tool has ended: {self.screen}"
        self.screen = self.screen[found.end() :]
        return found

    def type(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def ended(self) -> int:
        """The exit code, once it is there; the screen then holds the last words."""
        while self._read():
            pass
        return self._tool.wait(PATIENCE_S)

    def close(self) -> None:
        self._tool.kill()
        self._tool.wait(PATIENCE_S)
        os.close(self._master)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], PATIENCE_S)
        try:
            data = os.read(self._master, 65536) if ready else b""
        except OSError:  # EIO: nobody has the other side open any more
            data = b""
        self.screen = (self.screen + self._decoder.decode(data)).replace("\r\n", "\n")
        return bool(data)


class Person:
    """Does in a browser what people do."""

    def decide(self, address: str, decision: str = "allow") -> httpx.Response:
        """Answer the consent page, the return to the tool included."""
        with self._browser() as browser:
            page = browser.get(address)
            found = re.search(r'name="request" value="([^"]+)"', page.text)
            assert found is not None, page.text
            form = {"request": found[1], "account": "ann", "decision": decision}
            return browser.post(str(page.url.copy_with(query=None)), data=form)

    def open(self, address: str) -> httpx.Response:
        """Open an address, and whatever it leads to."""
        with self._browser() as browser:
            return browser.get(address)

    def code(self, address: str) -> str:
        """The code that the provider's page shows in the end."""
        found = re.search(r">([^<]+)</output>", self.decide(address).text)
        assert found is not None
        return found[1]

    def type_code(self, address: str, user_code: str, decision: str = "allow") -> httpx.Response:
        """Type a device's code, then decide."""
        with self._browser() as browser:
            assert "shows this code" in browser.post(address, data={"user_code": user_code}).text
            form = {"user_code": user_code, "account": "ann", "decision": decision}
            return browser.post(address, data=form)

    def _browser(self) -> httpx.Client:
        return httpx.Client(trust_env=False, follow_redirects=True, timeout=PATIENCE_S)


def shown(tool: subprocess.Popen[str]) -> tuple[str, str]:
    """A device sign-in's address and code, each alone on its line."""
    assert tool.stdout is not None
    address = next(line.strip() for line in tool.stdout if line.startswith("http"))
    code = next(line.strip() for line in tool.stdout if re.fullmatch(r"[A-Z]{4}-[A-Z]{4}\n", line))
    return address, code
