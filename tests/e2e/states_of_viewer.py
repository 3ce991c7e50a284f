"""The viewer's popovers: what they hold, and what they say when something is refused."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import FilePayload, Page
from state import PROBLEM, SESSION, Pending, Refusal, State

MACHINE = "/api/vm/vm-0d15ea5e0d15ea5e"
FILES = f"{MACHINE}/files"
LINKS = "/api/auth/session/s-ready/view-links"
LIGHT_AND_PHONE = ("light", "phone")
DARK_AND_PHONE = ("dark", "phone")

_TOO_LONG = {
    "code": "too_large",
    "cause": "The text has more than 1048576 bytes.",
    "remedy": "Paste less at once.",
}
_FULL = {
    "code": "guest_disk_full",
    "cause": "The machine's Downloads would hold more than 268435456 bytes.",
    "remedy": "Pass a smaller file; the operator can raise file_quota_mib.",
}
_LINKS_FULL = {
    "code": "view_links_full",
    "cause": "The session has 8 view links, as many as it may have at a time.",
    "remedy": "Take one back first: vestibule session unshare.",
}
_FILE: FilePayload = {"name": "اسم report.txt", "mimeType": "text/plain", "buffer": b"visibly fake"}


def _downloads(**more: Any) -> dict[str, Any]:
    return {"upload": True, "download": True, "max_bytes": 64 << 20, "files": [], **more}


def _upload(page: Page) -> None:
    page.get_by_label("Files to upload").set_input_files(_FILE)


def _paste(page: Page) -> None:
    page.get_by_label("Paste here").fill("visibly fake")
    page.get_by_role("button", name="Paste into the machine").click()


def _viewer(name: str, shows: str, **more: Any) -> State:
    return State(name=f"viewer-{name}", path=f"{SESSION}/s-ready", shows=shows, **more)


CLIPBOARD = [
    _viewer("paste", "keeps its clipboard to itself", clicks=("Paste",), looks=LIGHT_AND_PHONE),
    _viewer(
        "paste-too-long",
        "more than 1048576 bytes",
        clicks=("Paste",),
        does=_paste,
        answers={f"{MACHINE}/clipboard": Refusal(413, _TOO_LONG)},
        forgives=("status of 413",),
        looks=DARK_AND_PHONE,
    ),
    _viewer(
        "copied",
        "visibly fake مرحبا",
        copied={"number": 1, "text": "visibly fake مرحبا"},
        looks=LIGHT_AND_PHONE,
    ),
    _viewer("copied-too-long", "longer than 1 MiB", copied={"number": 1, "text": None}, looks=DARK_AND_PHONE),
]

OF_FILES = [
    _viewer("files", "oauth-client.json", clicks=("Files",)),
    _viewer(
        "files-none",
        "Nothing is there yet",
        clicks=("Files",),
        answers={FILES: _downloads()},
        looks=LIGHT_AND_PHONE,
    ),
    _viewer(
        "files-unreadable",
        "The database does not answer",
        clicks=("Files",),
        answers={FILES: Refusal(503, PROBLEM)},
        forgives=("status of 503",),
        looks=DARK_AND_PHONE,
    ),
    _viewer(
        "files-refused",
        "Files do not come out of machines here",
        clicks=("Files",),
        answers={FILES: _downloads(upload=False, download=False)},
        looks=LIGHT_AND_PHONE,
    ),
    _viewer(
        "file-going",
        "Downloads in the machine",
        clicks=("Files",),
        does=_upload,
        answers={f"POST {FILES}": Pending()},
        looks=LIGHT_AND_PHONE,
    ),
    _viewer(
        "file-too-large",
        "is the most that a file may have here",
        clicks=("Files",),
        does=_upload,
        answers={FILES: _downloads(max_bytes=8)},
        looks=DARK_AND_PHONE,
    ),
    _viewer(
        "file-over-quota",
        "would hold more than 268435456 bytes",
        clicks=("Files",),
        does=_upload,
        answers={f"POST {FILES}": Refusal(409, _FULL)},
        forgives=("status of 409",),
        looks=LIGHT_AND_PHONE,
    ),
]

KEYS_AND_PICTURE = [
    _viewer("keys", "Ctrl is held for one key", clicks=("On-screen keys", "Ctrl")),
    _viewer("type", "Typed where the machine's cursor is", clicks=("Type a text",), looks=LIGHT_AND_PHONE),
    _viewer("quality", "Light, for slow networks", clicks=("Size and quality",), looks=DARK_AND_PHONE),
]

OF_LINKS = [
    _viewer(
        "links-off",
        "View links are turned off",
        clicks=("Share the view",),
        answers={LINKS: {"longest_s": 0, "links": []}},
        looks=LIGHT_AND_PHONE,
    ),
    _viewer(
        "links-full",
        "as many as it may have at a time",
        clicks=("Share the view", "Make a link"),
        answers={f"POST {LINKS}": Refusal(409, _LINKS_FULL)},
        forgives=("status of 409",),
        looks=DARK_AND_PHONE,
    ),
]

OF_VIEWER = [*CLIPBOARD, *OF_FILES, *KEYS_AND_PICTURE, *OF_LINKS]
