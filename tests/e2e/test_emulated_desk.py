"""Clipboard, files and terminal of a virtual machine, whose agent is asked over an emulated network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from desk_tool import SCRIPTS, SHOWN_MS, await_in_terminal, cancel, choose, connect, desk_controller, told
from playwright.sync_api import Browser, expect

pytestmark = [pytest.mark.golden, pytest.mark.vm, pytest.mark.browser, pytest.mark.usefixtures("snapshot")]


def test_terminal_clipboard_and_files_of_an_emulated_machine(chromium: Browser, tmp_path: Path) -> None:
    with (
        desk_controller("vm", tmp_path) as desk,
        chromium.new_context(permissions=["clipboard-read", "clipboard-write"]) as context,
    ):
        page = context.new_page()
        connect(page, desk)
        choose(page, "Both")
        await_in_terminal(page, "https://auth.example.com/desk")
        terminal = page.get_by_role("region", name="The tool's terminal")
        terminal.click()
        page.keyboard.type("typed here\n")
        await_in_terminal(page, told("typed here"))
        page.keyboard.type("copy\n")
        page.wait_for_function(
            "async (text) => (await navigator.clipboard.readText()) === text", arg=SCRIPTS, timeout=SHOWN_MS
        )
        name, content = "a مرحبا 🚀.bin", os.urandom(2 << 20)
        page.get_by_role("button", name="Files", exact=True).click()
        page.get_by_label("Files to upload").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        )
        expect(page.get_by_text("Uploaded", exact=True)).to_be_visible(timeout=SHOWN_MS)
        with page.expect_download() as saved:
            page.get_by_role("link", name=f"Save {name}").click()
        assert Path(saved.value.path()).read_bytes() == content
        page.get_by_role("button", name="Files", exact=True).click()
        cancel(page)
