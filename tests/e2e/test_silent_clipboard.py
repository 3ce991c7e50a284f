"""A real Xvnc tells who watches by a view link that something was copied, and never what."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_api import desktop
from playwright.sync_api import sync_playwright

from conftest import CHROMIUM, CHROMIUM_FLAGS
from vestibule.core.view_only import VERSION, ViewOnly

pytestmark = pytest.mark.browser

PATIENCE_S = 20
COPIED = b"visibly-copied"
NOTICE = struct.pack(">BxxxiI", 3, -4, 1 << 27 | 1)
"""ServerCutText of the extended clipboard: there is text."""

Gate = Callable[[bytes], bytes]


def _everything(data: bytes) -> bytes:
    return data


def _viewer(path: Path, gate: Gate) -> socket.socket:
    """A viewer behind this gate, after its greeting."""
    viewer = socket.socket(socket.AF_UNIX)
    viewer.settimeout(PATIENCE_S)
    viewer.connect(str(path))
    for expected, answer in ((12, VERSION), (2, b"\x01"), (4, b"\x01")):
        _exactly(viewer, expected)
        viewer.sendall(gate(answer))
    head = _exactly(viewer, 24)
    _exactly(viewer, struct.unpack(">I", head[20:])[0])
    viewer.sendall(gate(struct.pack(">BxHi", 2, 1, 0)))
    return viewer


def _exactly(viewer: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        got += viewer.recv(count - len(got))
    return got


def _until(viewer: socket.socket, wanted: bytes) -> bytes:
    """All that comes until this does."""
    got = b""
    while wanted not in got:
        got += viewer.recv(65_536)
    return got


def _copy(display: str) -> Callable[[], None]:
    """Copy as a person does, in a browser of that display; returns what ends it."""
    playwright = sync_playwright().start()
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        headless=False,
        args=CHROMIUM_FLAGS,
        env={**os.environ, "DISPLAY": display},
    )
    page = browser.new_page()
    page.set_content(f'<input value="{COPIED.decode()}">')
    page.focus("input")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")

    def end() -> None:
        browser.close()
        playwright.stop()

    return end


def test_a_watcher_does_not_get_what_the_owner_copies(tmp_path: Path) -> None:
    with (
        desktop(tmp_path) as shown,
        _viewer(shown.socket, _everything) as owner,
        _viewer(shown.socket, ViewOnly().feed) as watcher,
    ):
        end = _copy(shown.display)
        try:
            assert COPIED in _until(owner, COPIED)  # else this shows nothing
            assert COPIED not in _until(watcher, NOTICE)
        finally:
            end()
