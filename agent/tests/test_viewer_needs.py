"""What the viewer needs of the guest, in a real one: its clipboard, its Downloads, its terminal."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from guest_container import DEADLINE_S, TOKEN, Guest, running_guest
from rfb_reader import greet

from vestibule_agent.protocol import MAX_CLIPBOARD_BYTES
from vestibule_agent.terminal_frames import keys, size

SCRIPTS = "two words 👩🏽‍🚀 مرحبا 漢字"
SHIFT, INSERT, RETURN = 0xFFE1, 0xFF63, 0xFF0D


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Guest]:
    with running_guest(tmp_path) as found:
        found.introduce()
        yield found


def _run(guest: Guest, script: str) -> None:
    spec = {
        "provider": "fake",
        "command": ["sh", "-c", script],
        "url_pattern": r"https://login\.example/",
        "credential": {"files": [{"path": "~/.fake/credential.json"}]},
        "open_browser": False,
    }
    assert guest.request("POST", "/login", body=spec)[0] == 202


def _put(guest: Guest, path: str, body: bytes, *, length: int | None = None) -> tuple[int, dict[str, Any]]:
    with guest.connect() as sock:
        told = len(body) if length is None else length
        head = (
            f"PUT {path} HTTP/1.1\r\nHost: agent\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {told}"
        )
        sock.sendall(f"{head}\r\n\r\n".encode() + body)
        if told != len(body):
            sock.shutdown(socket.SHUT_WR)
        answer = sock.makefile("rb").read()
    if not answer:
        return 0, {}
    head_, _, content = answer.partition(b"\r\n\r\n")
    return int(head_.split()[1]), json.loads(content)


def _press(sock: socket.socket, *keysyms: int) -> None:
    pressed = [struct.pack(">BBxxI", 4, 1, key) for key in keysyms]
    let_go = [struct.pack(">BBxxI", 4, 0, key) for key in reversed(keysyms)]
    sock.sendall(b"".join([*pressed, *let_go]))


def _await_focus(guest: Guest, sock: socket.socket) -> None:
    """The window manager gives it a moment after the click: keys go to the terminal once one has arrived."""
    deadline = time.monotonic() + 20
    while "ready> x" not in guest.request("GET", "/screen")[1]["text"]:
        assert time.monotonic() < deadline
        _press(sock, ord("x"))
        time.sleep(0.1)


def test_a_text_is_pasted_into_the_terminal(guest: Guest) -> None:
    guest.await_warm()
    _run(guest, "printf 'ready> '; read line; echo \"got <$line>\"; read again")
    assert _put(guest, "/clipboard", SCRIPTS.encode()) == (202, {})
    with guest.open_vnc() as sock:
        width, height = greet(sock)
        for mask in (1, 0):  # a click focuses the terminal, left on the desktop
            sock.sendall(struct.pack(">BBHH", 5, mask, width // 8, height // 2))
        _await_focus(guest, sock)
        _press(sock, SHIFT, INSERT)
        guest.await_screen(SCRIPTS)
        _press(sock, RETURN)
        guest.await_screen(f"{SCRIPTS}>")


def test_a_copy_in_the_guest_is_told(guest: Guest) -> None:
    guest.await_warm()  # without a terminal on the screen, nobody passes a tool's copy on
    with guest.connect() as sock:
        guest.send(sock, "GET", "/clipboard?after=0")
        encoded = base64.b64encode(SCRIPTS.encode()).decode()
        _run(guest, f"printf '\\033]52;c;{encoded}\\007'; read line")
        line = next(line for line in sock.makefile("rb") if line.startswith(b"{"))
    assert json.loads(line) == {"number": 1, "text": SCRIPTS}


def test_a_clipboard_that_is_too_long_or_no_text_is_refused(guest: Guest) -> None:
    assert _put(guest, "/clipboard", b"x" * (MAX_CLIPBOARD_BYTES + 1))[1]["code"] == "too_large"
    assert _put(guest, "/clipboard", b"\xff")[1]["code"] == "bad_input"
    assert _put(guest, "/clipboard", b"x" * MAX_CLIPBOARD_BYTES)[0] == 202


def test_a_file_goes_in_and_comes_out(guest: Guest) -> None:
    data = os.urandom(3 << 20)
    status, told = _put(guest, "/files?name=a%20%F0%9F%91%A9.bin", data)
    assert (status, told["name"], told["size"]) == (201, "a 👩.bin", len(data))
    assert guest.request("GET", "/files")[1]["files"] == [told]
    with guest.connect() as sock:
        guest.send(sock, "GET", f"/files?file={told['file']}")
        head, _, body = sock.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == data


def test_a_file_that_is_broken_off_leaves_nothing(guest: Guest) -> None:
    assert _put(guest, "/files?name=a", b"half", length=8) == (0, {})
    assert guest.request("GET", "/files")[1]["files"] == []


def test_a_refusal_is_heard_although_the_file_still_comes(guest: Guest) -> None:
    status, told = _put(guest, "/files?name=a&quota=1", bytes(5 << 20))
    assert (status, told["code"]) == (507, "guest_disk_full")
    assert _put(guest, "/files?name=..", bytes(5 << 20))[0] == 400


class View:
    """A terminal of a person's own."""

    def __init__(self, guest: Guest, columns: int, rows: int) -> None:
        self.sock = guest.connect()
        path = f"/terminal?columns={columns}&rows={rows}"
        guest.send(self.sock, "GET", path, headers={"Connection": "Upgrade", "Upgrade": "terminal"})
        self.seen = b""
        self.until(b"\r\n\r\n")
        assert self.seen.startswith(b"HTTP/1.1 101")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def until(self, text: bytes) -> None:
        """Read until this has come."""
        self.sock.settimeout(DEADLINE_S)
        while text not in self.seen:
            data = self.sock.recv(65_536)
            assert data, self.seen
            self.seen += data


def test_the_terminal_is_typed_into_and_resized(guest: Guest) -> None:
    # Until it has shown its address, a tool's terminal is very wide.
    loop = 'while :; do read line && echo "<$line>"; done'
    _run(guest, f"trap 'echo size $(stty size)' WINCH; echo https://login.example/x; {loop}")
    guest.await_event("auth_url")
    with View(guest, 100, 30) as view:
        view.sock.sendall(keys("é1\r".encode()))
        view.until("<é1>".encode())
        view.sock.sendall(size(90, 20))
        view.until(b"size 20 90")
    guest.request("POST", "/input", body={"text": "3", "enter": True})
    guest.await_screen("<3>")


def test_lines_that_had_scrolled_off_come_first(guest: Guest) -> None:
    _run(guest, "seq -f 'line %g.' 1 300; read line")
    guest.await_screen("line 300.")
    with View(guest, 80, 24) as view:
        view.until(b"line 300.")
    assert b"line 1." in view.seen
    assert b"\x1b[?1049h" not in view.seen, "the alternate screen has no history"


def test_a_view_that_leaves_ends_its_client(guest: Guest) -> None:
    count = "tmux -S /run/vestibule/tmux.sock list-clients | wc -l"
    _run(guest, f'while read line; do echo "clients: $({count})"; done')
    views = [View(guest, 80, 24) for _ in range(3)]
    guest.await_screen("clients: 5", nudge=True)
    for view in views:
        view.sock.close()
    guest.await_screen("clients: 2", nudge=True)  # the agent's own and the xterm's


@pytest.mark.parametrize("path", ["/terminal?columns=1", "/terminal?rows=x", "/terminal?columns=80&rows=0"])
def test_a_terminal_of_no_size_is_refused(guest: Guest, path: str) -> None:
    with guest.connect() as sock:
        guest.send(sock, "GET", path, headers={"Connection": "Upgrade", "Upgrade": "terminal"})
        assert sock.makefile("rb").read().startswith(b"HTTP/1.1 400")
    assert guest.request("GET", "/terminal")[0] == 426


def test_who_hangs_up_before_the_greeting_locks_nobody_out(guest: Guest) -> None:
    """All viewers come from the agent: Xvnc takes them for one host, which it would refuse after five."""
    for _ in range(8):
        guest.open_vnc().close()
    with guest.open_vnc() as sock:
        greet(sock)
