"""Every page with a real controller and real machines, in light, dark and on a phone: `make screenshots`.

Three browsers of one person look at the same session at the same time, which is a claim in itself.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from controller import WITHOUT_NAMES, Controller, running
from desktop import Desktop
from gallery import LOOKS, SMALL, Visit, await_picture, visit
from playwright.sync_api import Browser, Page, expect
from test_sign_in import ALLOW_BUTTON

pytestmark = [pytest.mark.golden, pytest.mark.browser]

PAGE_TIMEOUT_S = 60
PAGE_TIMEOUT_MS = 1000.0 * PAGE_TIMEOUT_S

AT_REST = "() => document.getAnimations().every(({playState}) => playState !== 'running')"

BROKEN_PROVIDER = """
schema = 2
name = "broken"
title = "Broken Tool"
vendor = "Example"
description = "A tool whose login ends at once, to show what a failure looks like."
version = "1.0.0"

[install]
method = "manual"
unverified = "It is made to fail."

[[login.flows]]
kind = "loopback"
command = ["bash", "-c", "echo 'broken-tool: cannot read /etc/broken-tool.toml: no such file' >&2; exit 1"]
url_pattern = '^https://auth\\.example\\.com/'

[[credential.files]]
path = "~/.broken/auth.json"
required = ["token"]

[egress]
allow = ["auth.example.com"]
"""


@pytest.fixture(scope="module")
def studio(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    """A controller with one more tool, which always fails, and no way to the internet's names."""
    request.getfixturevalue("golden")
    providers = tmp_path_factory.mktemp("providers")
    (providers / "broken.toml").write_text(BROKEN_PROVIDER)
    settings = {"VESTIBULE_ISOLATION": "container", "VESTIBULE_PROVIDERS_DIR": str(providers)}
    with running(*WITHOUT_NAMES, **settings) as started:
        yield started


@pytest.fixture
def guests(studio: Controller, chromium: Browser, screenshots: Path) -> Iterator[Sequence[Visit]]:
    """The same person, signed in with three browsers: light, dark, on a phone."""
    with contextlib.ExitStack() as visits:
        yield [
            _arrive(visits.enter_context(visit(chromium, studio.url, screenshots, look)), studio)
            for look in LOOKS
        ]


def _arrive(guest: Visit, studio: Controller) -> Visit:
    guest.page.goto(studio.sign_in_link())
    expect(guest.page.get_by_role("heading", name="Connect a tool")).to_be_visible()
    return guest


def _connect(guests: Sequence[Visit], tool: str) -> None:
    """The first presses *Connect*; the others open the session's address."""
    first, *others = [guest.page for guest in guests]
    first.get_by_role("button", name=f"Connect {tool}").click()
    first.wait_for_url("**/session/*")
    for page in others:
        page.goto(first.url)


def test_screenshot_a_sign_in_from_connect_to_connected(
    guests: Sequence[Visit],
    studio: Controller,
    chromium: Browser,
    screenshots: Path,
    measured: Callable[[str], None],
) -> None:
    for guest in guests:
        expect(guest.page.get_by_text("Machines here are containers")).to_be_visible()
        expect(guest.page.get_by_role("button", name="Connect Demo")).to_be_visible()
        guest.keep("connect")
    _connect(guests, "Demo")
    measured(f"click to first frame {Desktop(guests[0].page).click_to_first_frame_s():.2f} s")
    for guest in guests:
        Desktop(guest.page).await_colour(*ALLOW_BUTTON, width=60, timeout_s=PAGE_TIMEOUT_S)
        expect(guest.page.get_by_role("status").get_by_text("Waiting for you", exact=True)).to_be_visible()
        expect(guest.page.get_by_title("Sign in · Demo")).to_be_attached()  # a phone has no room for it
        guest.keep("session")
    with visit(chromium, studio.url, screenshots, SMALL) as small:
        _arrive(small, studio).page.goto(guests[0].page.url)
        Desktop(small.page).await_colour(*ALLOW_BUTTON, width=60, timeout_s=PAGE_TIMEOUT_S)
        assert small.keep("session").stat().st_size < 180_000
    Desktop(guests[0].page).click_colour(*ALLOW_BUTTON, width=60, timeout_s=PAGE_TIMEOUT_S)
    for guest in guests:
        heading = guest.page.get_by_role("heading", name="Connected", exact=True)
        expect(heading).to_be_visible(timeout=PAGE_TIMEOUT_MS)
        guest.keep_end("connected")


def test_screenshot_a_failure(guests: Sequence[Visit]) -> None:
    _connect(guests, "Broken Tool")
    for guest in guests:
        heading = guest.page.get_by_role("heading", name="The sign-in failed")
        expect(heading).to_be_visible(timeout=PAGE_TIMEOUT_MS)
        guest.page.get_by_role("button", name="Evidence").first.click()
        expect(guest.page.get_by_text("cannot read /etc/broken-tool.toml").first).to_be_visible()
        guest.keep_end("failure")


@pytest.mark.skipif(not WITHOUT_NAMES, reason="only root can take the resolver away from a controller")
def test_screenshot_a_page_that_cannot_load(guests: Sequence[Visit]) -> None:
    _connect(guests, "Codex")
    for guest in guests:
        notice = guest.page.get_by_role("status").filter(
            has_text="The sign-in page cannot load: auth.openai.com"
        )
        expect(notice).to_be_visible(timeout=PAGE_TIMEOUT_MS)
        Desktop(guest.page).await_picture()
        guest.keep("unreachable")
    guests[-1].page.get_by_role("button", name="Cancel").click()
    guests[-1].page.get_by_role("button", name="Cancel the sign-in").click()
    for guest in guests:
        expect(guest.page.get_by_role("heading", name="Cancelled")).to_be_visible()
        expect(guest.page.get_by_role("button", name="Try again")).to_be_visible()
        guest.keep_end("cancelled")


def _go_to(page: Page, name: str) -> None:
    """By the tab, or where there is no room for it, by *More*."""
    tab = page.get_by_role("navigation", name="Pages").get_by_role("link", name=name)
    if tab.is_visible():
        tab.click()
    else:
        page.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name=name).click()
    expect(page.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()
    page.wait_for_function(AT_REST)


def test_screenshot_machines(guests: Sequence[Visit]) -> None:
    for guest in guests:
        page = guest.page
        _go_to(page, "Machines")
        expect(page.get_by_role("cell").filter(has_text="vm-").first).to_be_visible()
        guest.keep("machines")
        page.get_by_role("row").filter(has_text="failed").get_by_role("link", name=re.compile("^vm-")).click()
        drawer = page.get_by_role("dialog")
        expect(drawer.get_by_role("region", name="Failure")).to_be_visible()
        expect(drawer.get_by_role("list", name="Timeline")).to_be_visible()
        drawer.get_by_role("searchbox", name=re.compile("^Find in")).fill("vestibule")
        expect(drawer.get_by_text(re.compile(r"^1 of \d+$"))).to_be_visible()
        page.wait_for_function(AT_REST)
        guest.keep("machine")
        drawer.get_by_role("searchbox", name=re.compile("^Find in")).scroll_into_view_if_needed()
        guest.keep("machine-log")


def test_screenshot_sessions(guests: Sequence[Visit]) -> None:
    for guest in guests:
        page = guest.page
        _go_to(page, "Sessions")
        row = page.get_by_role("row").filter(has_text="broken")
        expect(row.get_by_text("tool_exited").first).to_be_visible()
        guest.keep("sessions")
        page.get_by_role("button", name="Narrow by State").click()
        expect(page.get_by_role("checkbox", name=re.compile("^Failed"))).to_be_visible()
        page.wait_for_function(AT_REST)
        guest.keep("sessions-facet")
        page.keyboard.press("Escape")
        row.get_by_role("link", name=re.compile("^s-")).click()
        expect(page.get_by_role("dialog").get_by_role("region", name="Failure")).to_be_visible()
        page.wait_for_function(AT_REST)
        guest.keep("listed-session")


def test_screenshot_nothing_that_fits(guests: Sequence[Visit]) -> None:
    for guest in guests:
        page = guest.page
        _go_to(page, "Sessions")
        page.get_by_role("searchbox", name="Find rows").fill("no such thing")
        expect(page.get_by_text("Nothing fits")).to_be_visible()
        guest.keep("sessions-nothing")
        page.goto(f"{page.url.partition('?')[0]}?sort=nonsense")
        expect(page.get_by_text("This address asks for what the table cannot show")).to_be_visible()
        guest.expect_refusal(422)
        guest.keep("sessions-refused")


def test_screenshot_audit(guests: Sequence[Visit]) -> None:
    for guest in guests:
        page = guest.page
        _go_to(page, "Audit")
        expect(page.get_by_text("Signed in here").first).to_be_visible()
        guest.keep("audit")
        page.get_by_role("button", name="Narrow by Deed").click()
        page.get_by_role("checkbox", name=re.compile("^Sealed a credential")).click()
        page.keyboard.press("Escape")
        expect(page.locator("tbody, [role=list]").get_by_text("Sealed a credential").first).to_be_visible()


def test_screenshot_settings(guests: Sequence[Visit], studio: Controller) -> None:
    for guest in guests:
        page = guest.page
        _go_to(page, "Settings")
        port = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="port", exact=True))
        expect(port).to_contain_text(studio.url.rpartition(":")[2])
        expect(port).to_contain_text("from the environment")
        guest.keep("settings")


def test_screenshot_credentials(guests: Sequence[Visit]) -> None:
    for guest in guests:
        _go_to(guest.page, "Credentials")
        card = guest.page.get_by_role("article").first
        expect(card.get_by_text("In the vault; nobody holds it")).to_be_visible()
        card.get_by_text("History").click()
        expect(card.get_by_text("Sealed in the vault")).to_be_visible()
        guest.keep("credentials")
        guest.page.get_by_role("link", name=re.compile("^Everybody")).click()
        expect(guest.page.get_by_role("cell").filter(has_text="c-").first).to_be_visible()
        guest.keep("all-credentials")


def test_screenshot_goldens(guests: Sequence[Visit]) -> None:
    for guest in guests:
        page = guest.page
        _go_to(page, "Goldens")
        band = page.get_by_role("region", name="The promoted golden")
        expect(band.get_by_role("heading", name="Current", exact=True)).to_be_visible(timeout=PAGE_TIMEOUT_MS)
        guest.keep("goldens")
        row = page.get_by_role("row").filter(has_text="Promoted")
        row.get_by_role("link", name=re.compile("^g-")).click()
        drawer = page.get_by_role("dialog")
        expect(drawer.get_by_role("list", name="Checks with container")).to_be_visible()
        await_picture(drawer.get_by_role("img", name=re.compile("^Desktop of a clone")).first)
        page.wait_for_function(AT_REST)
        guest.keep("golden")


def test_screenshot_health(guests: Sequence[Visit]) -> None:
    for guest in guests:
        page = guest.page
        _go_to(page, "Health")
        expect(page.get_by_role("region", name="Sign-ins", exact=True)).to_contain_text("of all users")
        reason = page.get_by_role("listitem").filter(has=page.get_by_role("button", name="tool_exited"))
        expect(reason.get_by_role("link", name="broken").first).to_be_visible()
        expect(page.get_by_role("region", name="This host now")).to_contain_text("Ready")
        guest.keep("health")
        page.get_by_role("button", name="tool_exited").click()
        expect(page.get_by_role("img", name=re.compile("tool_exited picked out"))).to_be_visible()
        page.get_by_role("region", name="This host now").scroll_into_view_if_needed()
        guest.keep("health-host")
        page.get_by_role("region", name="Start times").scroll_into_view_if_needed()
        processors = page.get_by_role("img", name=re.compile("^Processors busy over time"))
        expect(processors).to_be_visible(timeout=PAGE_TIMEOUT_MS)
        guest.keep("health-charts")


@pytest.mark.parametrize("look", LOOKS)
def test_screenshot_a_used_link(studio: Controller, chromium: Browser, screenshots: Path, look: str) -> None:
    link = studio.sign_in_link()
    with visit(chromium, studio.url, screenshots, look) as first:
        first.page.goto(link)
        expect(first.page.get_by_role("heading", name="Connect a tool")).to_be_visible()
    with visit(chromium, studio.url, screenshots, look) as second:
        second.page.goto(link)
        expect(second.page.get_by_role("heading", name="This link does not open the door")).to_be_visible()
        second.expect_refusal(401)
        second.keep("used-link")
