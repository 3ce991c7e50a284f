"""A real machine's clipboard, files and terminal, with a person's own browser before it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from controller import Controller
from desk_tool import SCRIPTS, SHOWN_MS, await_in_terminal, cancel, choose, connect, desk_controller, told
from desktop import Desktop
from gallery import LOOKS, visit
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

pytestmark = [pytest.mark.golden, pytest.mark.browser]


@pytest.fixture(scope="module")
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    """A controller with that tool."""
    request.getfixturevalue("golden")
    with desk_controller("container", tmp_path_factory.mktemp("providers")) as started:
        yield started


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    yield context
    context.close()


@pytest.fixture
def person(context: BrowserContext, desk: Controller) -> Iterator[Page]:
    """A page that shows a desktop; its sign-in is cancelled at the end."""
    page = context.new_page()
    connect(page, desk)
    yield page
    cancel(page)


def _desktop(page: Page) -> Locator:
    """Its picture: xterm.js has a canvas of its own, to measure characters."""
    return page.get_by_role("region", name="The machine's desktop").locator("canvas")


def _click_terminal(page: Page) -> None:
    """The desktop's own: its left part."""
    box = _desktop(page).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 10, box["y"] + box["height"] / 2)


def test_a_text_goes_from_the_person_into_the_machine_and_back(person: Page) -> None:
    choose(person, "Both")
    await_in_terminal(person, "https://auth.example.com/desk")
    person.evaluate("(text) => navigator.clipboard.writeText(text)", SCRIPTS)
    _click_terminal(person)
    person.keyboard.press("Control+v")
    await_in_terminal(person, "漢字")
    person.keyboard.press("Enter")
    await_in_terminal(person, told(SCRIPTS))
    person.evaluate("() => navigator.clipboard.writeText('before')")
    person.keyboard.type("copy\n")
    person.wait_for_function(
        "async (text) => (await navigator.clipboard.readText()) === text", arg=SCRIPTS, timeout=SHOWN_MS
    )


def test_a_browser_that_keeps_its_clipboard_shows_what_was_copied(
    chromium: Browser, desk: Controller
) -> None:
    with visit(chromium, desk.url, Path("build"), "phone") as phone:
        page = phone.page
        page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        connect(page, desk)
        _click_terminal(page)
        page.get_by_role("button", name="Paste", exact=True).tap()
        page.get_by_label("Paste here").fill("copy")
        page.get_by_role("button", name="Paste into the machine").tap()
        page.get_by_role("button", name="On-screen keys").tap()
        page.get_by_role("button", name="Enter", exact=True).tap()
        expect(page.get_by_role("heading", name="Copied in the machine")).to_be_visible(timeout=SHOWN_MS)
        expect(page.get_by_text(SCRIPTS)).to_be_visible()
        page.get_by_role("button", name="Copy", exact=True).tap()
        expect(page.get_by_role("button", name="On your clipboard")).to_be_visible()
        page.get_by_role("button", name="Copied in the machine").tap()
        cancel(page)


def test_files_go_in_and_come_out_the_same(person: Page, tmp_path: Path) -> None:
    name, content = "a مرحبا 🚀.bin", os.urandom(2 << 20)
    (tmp_path / name).write_bytes(content)
    person.get_by_role("button", name="Files", exact=True).click()
    person.get_by_label("Files to upload").set_input_files(tmp_path / name)
    expect(person.get_by_text("Uploaded", exact=True)).to_be_visible(timeout=SHOWN_MS)
    with person.expect_download() as saved:
        person.get_by_role("link", name=f"Save {name}").click()
    assert Path(saved.value.path()).read_bytes() == content
    assert saved.value.suggested_filename == name


def test_a_file_is_dropped_on_the_desktop(person: Page) -> None:
    transfer = person.evaluate_handle(
        """() => { const data = new DataTransfer(); data.items.add(new File(["dropped"], "dropped.txt"));
                   return data; }"""
    )
    stage = _desktop(person)
    stage.dispatch_event("dragenter", {"dataTransfer": transfer})
    expect(person.get_by_text("Drop to put into the machine")).to_be_visible()
    stage.dispatch_event("drop", {"dataTransfer": transfer})
    expect(person.get_by_role("link", name="Save dropped.txt")).to_be_visible(timeout=SHOWN_MS)


def test_the_terminal_alone_is_typed_into(person: Page) -> None:
    choose(person, "Terminal")
    await_in_terminal(person, "https://auth.example.com/desk")
    person.get_by_role("region", name="The tool's terminal").click()
    person.keyboard.type("typed here\n")
    await_in_terminal(person, told("typed here"))
    person.reload()
    expect(person.get_by_role("region", name="The tool's terminal")).to_be_visible()
    await_in_terminal(person, told("typed here"))


@pytest.mark.parametrize("look", LOOKS)
def test_screenshot_of_the_views(chromium: Browser, desk: Controller, screenshots: Path, look: str) -> None:
    """Terminal, both, files, what was copied: as a person sees them, and without a flaw that axe knows."""
    with visit(chromium, desk.url, screenshots, look) as seen:
        page = seen.page
        connect(page, desk)
        choose(page, "Both")
        await_in_terminal(page, "https://auth.example.com/desk")
        seen.keep("session-both")
        choose(page, "Terminal")
        await_in_terminal(page, "https://auth.example.com/desk")
        page.get_by_role("region", name="The tool's terminal").click()
        page.keyboard.type("hello\n")
        await_in_terminal(page, told("hello"))
        seen.keep("session-terminal")
        choose(page, "Desktop")
        Desktop(page).await_picture()
        page.get_by_role("button", name="Files", exact=True).click()
        page.get_by_label("Files to upload").set_input_files(
            {"name": "a مرحبا.txt", "mimeType": "text/plain", "buffer": b"content"}
        )
        expect(page.get_by_role("link", name="Save a مرحبا.txt")).to_be_visible(timeout=SHOWN_MS)
        seen.keep("session-files")
        page.get_by_role("button", name="Files", exact=True).click()
        cancel(page)
