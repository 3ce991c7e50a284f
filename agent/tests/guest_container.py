"""A real agent with a real desktop in an unprivileged bubblewrap container, for tests."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vestibule_agent.protocol import CONTRACT, Handover, HandoverReply
from vestibule_desktop.messages import HANDOVER_FD_VARIABLE

AGENT = Path(__file__).resolve().parent.parent
NEEDED = ("bwrap", "Xvnc", "openbox", "xterm", "tmux", "chromium")
TOKEN = "fake-token-of-a-test"
HOSTNAME = "vm-under-test"
NAMESPACES = ("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts")
DEADLINE_S = 30


def handover(**changes: Any) -> Handover:  # noqa: ANN401 - fields of a message
    """A well-formed hand-over for the container."""
    fields: dict[str, Any] = {
        "contract": CONTRACT,
        "vm_id": "vm-test",
        "session_id": None,
        "token": TOKEN,
        "time_ns": time.time_ns(),
        "entropy": base64.b64encode(os.urandom(64)).decode(),
        "hostname": HOSTNAME,
        "address": "127.0.0.1/8",
        "gateway": "127.0.0.1",
        "environment": {"GIVEN_BY_HOST": "yes"},
    }
    return Handover(**{**fields, **changes})


class Guest:
    """The host's side: the hand-over's socket and the door to the agent's HTTP port."""

    def __init__(self, control: socket.socket, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._control, self._folder = control, folder
        self._answers = control.makefile("rb")

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._control.close()

    def send_line(self, line: bytes) -> bytes:
        """Send one line on the control channel, return the line that answers it."""
        self._control.sendall(line)
        return self._answers.readline()

    def introduce(self) -> HandoverReply:
        """Hand the identity over."""
        return HandoverReply.decode(self.send_line(handover().encode()))

    def stderr(self) -> str:
        """What the agent has reported so far."""
        return (self._folder / "stderr").read_text()

    def await_warm(self) -> str:
        """Wait until the whole desktop is up; what the agent said of it."""
        prefix = "vestibule-agent: warm "
        for _ in range(300):
            lines = [line for line in self.stderr().splitlines() if line.startswith(prefix)]
            if lines:
                return lines[0].removeprefix(prefix)
            select.select([], [], [], 0.1)
        raise AssertionError(self.stderr())

    def connect(self) -> socket.socket:
        """A stream to the agent's port 8080."""
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(DEADLINE_S)
        sock.connect(str(self._folder / "agent.sock"))
        return sock

    def send(self, sock: socket.socket, method: str, path: str, *, token: str = TOKEN, **more: Any) -> None:  # noqa: ANN401 - fields of a message
        """Send one request; ``body`` is sent as JSON, ``headers`` are added."""
        body = json.dumps(more["body"]).encode() if "body" in more else b""
        fields = {"Host": "agent", "Authorization": f"Bearer {token}", "Content-Length": str(len(body))}
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{k}: {v}" for k, v in {**fields, **more.get("headers", {})}.items()),
        ]
        sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def request(self, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - fields of a message
        """Status and JSON body of one request."""
        with self.connect() as sock:
            self.send(sock, method, path, **more)
            head, _, body = sock.makefile("rb").read().partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)

    def await_screen(self, text: str, *, nudge: bool = False) -> None:
        """Wait until this is on the terminal's screen; ``nudge`` it with Enter before each look."""
        end = time.monotonic() + DEADLINE_S
        seen = ""
        while time.monotonic() < end:
            if nudge:
                self.request("POST", "/input", body={"text": "", "enter": True})
            seen = self.request("GET", "/screen")[1]["text"]
            if text in seen:
                return
            select.select([], [], [], 0.05)
        raise AssertionError(seen)

    def open_vnc(self) -> socket.socket:
        """A socket that carries RFB from its first byte."""
        sock = self.connect()
        self.send(sock, "GET", "/vnc", headers={"Connection": "Upgrade", "Upgrade": "rfb"})
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += sock.recv(1)
        assert head.startswith(b"HTTP/1.1 101")
        return sock

    def events(self) -> Iterator[dict[str, Any]]:
        """The agent's events from the first, for as long as the caller asks."""
        with self.connect() as sock:
            self.send(sock, "GET", "/events?after=0")
            for line in sock.makefile("rb"):
                if line.startswith(b"{"):
                    yield json.loads(line)

    def await_event(self, kind: str, **data: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a message
        """The data of the first event of this kind that has these values."""
        for event in self.events():
            if event["type"] == kind and data.items() <= event["data"].items():
                found: dict[str, Any] = event["data"]
                return found
        raise AssertionError(f"the stream ended without {kind}")


def await_warm(guest: Guest) -> str:
    """The line that tells that all of the desktop is up."""
    prefix = "vestibule-agent: warm "
    for _ in range(300):
        lines = [line for line in guest.stderr().splitlines() if line.startswith(prefix)]
        if lines:
            return lines[0].removeprefix(prefix)
        select.select([], [], [], 0.1)
    raise AssertionError(guest.stderr())


@contextlib.contextmanager
def running_guest(folder: Path) -> Iterator[Guest]:
    """A container with the agent as its first process, not yet introduced.

    Without its programs the test fails: `make test` installs them, and a skipped one would show nothing.
    """
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.fail(f"not installed: {', '.join(missing)}; see requirements/debian.txt and debian-test.txt")
    near, far = socket.socketpair()
    near.settimeout(DEADLINE_S)
    folder.chmod(0o777)
    with (folder / "stderr").open("wb") as stderr, far:
        process = subprocess.Popen(
            _argv(folder),
            env={HANDOVER_FD_VARIABLE: str(far.fileno()), "PATH": os.environ["PATH"]},
            pass_fds=[far.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=stderr,
        )
    guest = Guest(near, folder, process)
    try:
        yield guest
    finally:
        process.kill()
        process.wait()
        guest.close()


def _argv(folder: Path) -> list[str]:
    mounts = [
        "--ro-bind",
        "/",
        "/",
        "--dev",
        "/dev",
        "--proc",
        "/proc",
        "--tmpfs",
        "/run",
        "--tmpfs",
        "/home",
    ]
    own = ["--dir", "/home/person", "--tmpfs", "/mnt", "--bind", str(folder), "/mnt/door", "--tmpfs", "/tmp"]  # noqa: S108
    # Wherever the checkout and its Python lie: the folders hidden above may be around them.
    kept = [word for path in _programs() for word in ("--ro-bind", str(path), str(path))]
    identity = ["--uid", "1000", "--gid", "1000", "--hostname", HOSTNAME, "--die-with-parent", "--as-pid-1"]
    inside = [sys.executable, "-I", str(AGENT / "tests" / "inside.py"), "/mnt/door", sys.executable]
    return ["bwrap", *NAMESPACES, *identity, *mounts, *own, *kept, "--chdir", "/", *inside]


def _programs() -> list[Path]:
    """The agent, and the Python that runs it with what is installed there."""
    return sorted({AGENT, Path(sys.prefix), Path(sys.base_prefix)})
