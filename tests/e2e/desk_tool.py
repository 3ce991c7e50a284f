"""A tool that says what it was told, and copies; and how a person uses its machine's views."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from controller import WITHOUT_NAMES, Controller, running
from desktop import Desktop
from following import follow
from playwright.sync_api import Page, expect

SCRIPTS = "emoji 👩🏽‍🚀 مرحبا 漢字"
SHOWN_MS = 30_000
_IN_TERMINAL = "document.querySelector('.xterm-accessibility-tree, .xterm-rows')"
_READS = f"(text) => ({_IN_TERMINAL}?.textContent ?? '').replaceAll('\\u00a0', ' ').includes(text)"
_COPY = base64.b64encode(SCRIPTS.encode()).decode()
_TOOL = f"""
schema = 2
name = "desk"
title = "Desk"
vendor = "Example"
description = "A tool that says what it was told, and copies."
version = "1.0.0"

[install]
method = "manual"
unverified = "It is made for a test."

[[login.flows]]
kind = "loopback"
command = ["bash", "-c", '''echo https://auth.example.com/desk
  while read -r line; do
    case $line in
      copy) printf "\\033]52;c;{_COPY}\\007" ;;
      *) printf "told %.16s\\n" "$(printf %s "$line" | sha256sum)" ;;
    esac
  done''']
url_pattern = '^https://auth\\.example\\.com/'

[[credential.files]]
path = "~/.desk/auth.json"
required = ["token"]

[egress]
allow = ["auth.example.com"]
"""


@contextlib.contextmanager
def desk_controller(isolation: str, providers: Path) -> Iterator[Controller]:
    """A controller with that tool; ``providers`` is a folder for its file."""
    (providers / "desk.toml").write_text(_TOOL)
    settings = {"VESTIBULE_ISOLATION": isolation, "VESTIBULE_PROVIDERS_DIR": str(providers)}
    with running(*WITHOUT_NAMES, **settings) as started:
        yield started


def cancel(page: Page) -> None:
    """The sign-in, by its button."""
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the sign-in").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()


def connect(page: Page, desk: Controller) -> None:
    """Sign in with the tool, until it waits and its page is shown."""
    page.goto(desk.sign_in_link())
    page.get_by_role("button", name="Connect Desk").click()
    Desktop(page).await_picture()
    waiting = page.get_by_role("status").get_by_text("Waiting for you", exact=True)
    expect(waiting).to_be_visible(timeout=SHOWN_MS)
    # Until the browser shows the page, it takes the keyboard away from the terminal.
    with desk.client() as client:
        session_id = page.url.rsplit("/", 1)[1]
        follow(client, session_id, lambda now: "auth.example.com" in (now["page_title"] or ""))


def choose(page: Page, view: str) -> None:
    """Desktop, Terminal or Both."""
    page.get_by_role("radiogroup", name="What is shown of the machine").get_by_text(view, exact=True).click()


def await_in_terminal(page: Page, text: str) -> None:
    """Until the page's terminal shows it."""
    page.wait_for_function(_READS, arg=text, timeout=SHOWN_MS)


def told(text: str) -> str:
    """What the tool says once it was told this, to the byte: terminals draw scripts in their own ways."""
    return f"told {hashlib.sha256(text.encode()).hexdigest()[:16]}"
