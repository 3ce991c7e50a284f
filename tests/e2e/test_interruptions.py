"""A sign-in is interrupted, by the person or by the world: the page says what is true, and what next."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from controller import Controller, running
from desktop import PICTURE_TIMEOUT_MS, Desktop
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.golden, pytest.mark.browser]


@pytest.fixture(scope="module")
def host(request: pytest.FixtureRequest) -> Iterator[Controller]:
    """A controller of these tests' own: they leave failed machines in its history."""
    request.getfixturevalue("golden")
    with running(VESTIBULE_ISOLATION="container") as started:
        yield started


def _open_demo(host: Controller, page: Page) -> str:
    """Signed in and in front of the demo's desktop; the machine's id."""
    page.goto(host.sign_in_link())
    page.get_by_role("button", name="Connect Demo").click()
    Desktop(page).await_picture()
    return str(page.get_by_role("definition").get_by_title("vm-").inner_text())


def _expect_end(page: Page, title: str, cause: str) -> None:
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible(timeout=PICTURE_TIMEOUT_MS)
    expect(page.get_by_text(cause)).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator("canvas")).to_have_count(0)
    expect(page.get_by_text("not connected")).to_have_count(0)


def test_a_person_reloads_leaves_signs_out_comes_back_and_cancels_elsewhere(
    host: Controller, page: Page
) -> None:
    _open_demo(host, page)
    session_url = page.url
    page.reload()
    Desktop(page).await_picture()

    page.go_back()
    expect(page.get_by_role("button", name="Open session of Demo")).to_be_visible()
    page.go_forward()
    Desktop(page).await_picture()

    page.get_by_role("banner").get_by_role("button").last.click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are at the door")).to_be_visible()
    expect(page.locator("canvas")).to_have_count(0)

    page.goto(host.sign_in_link())
    page.get_by_role("button", name="Open session of Demo").click()
    assert page.url == session_url
    second = page.context.new_page()
    second.goto(session_url)
    for tab in (page, second):
        Desktop(tab).await_picture()
    second.get_by_role("button", name="Cancel").click()
    second.get_by_role("button", name="Cancel the sign-in").click()
    for tab in (page, second):
        _expect_end(tab, "Cancelled", "The sign-in was cancelled and its machine destroyed.")


def test_a_machine_that_dies_is_told_as_what_it_is(host: Controller, page: Page) -> None:
    vm_id = _open_demo(host, page)
    os.kill(host.command("vm", "show", vm_id)["pid"], signal.SIGKILL)
    _expect_end(page, "The sign-in failed", "The machine ended by itself (signal 9).")


def test_a_machine_that_is_stopped_on_the_command_line_cancels_its_sign_in(
    host: Controller, page: Page
) -> None:
    vm_id = _open_demo(host, page)
    host.command("vm", "stop", vm_id)
    _expect_end(page, "Cancelled", "The sign-in was cancelled and its machine destroyed.")


def test_a_controller_that_was_broken_off_is_waited_for_and_tells_the_end(page: Page) -> None:
    with running(VESTIBULE_ISOLATION="container", VESTIBULE_ORPHAN_LIFE_S="0") as controller:
        _open_demo(controller, page)
        controller.break_off()
        expect(page.get_by_text("Reconnecting to the controller…")).to_be_visible()
        expect(page.get_by_text("The desktop is not connected")).to_be_visible()
        expect(page.get_by_text("The controller did not answer.")).to_be_visible(timeout=30_000)
        controller.start_again()
        _expect_end(page, "The sign-in failed", "The controller stopped during this sign-in")
