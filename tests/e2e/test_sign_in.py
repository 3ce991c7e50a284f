"""The main job, as a person does it: a click, a desktop, a sign-in, a credential."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from controller import Controller, running
from desktop import Desktop
from playwright.sync_api import Page, expect

ALLOW_BUTTON = (0x40, 0x53, 0xD6)
"""Colour of *Allow* on the demo provider's page."""

pytestmark = [pytest.mark.golden, pytest.mark.browser]


def connect_demo(controller: Controller, page: Page, pictures: Path, *, page_timeout_s: float) -> float:
    """From a one-time link to *Connected*, with nothing but a mouse; seconds from click to first frame."""
    page.goto(controller.sign_in_link())
    page.get_by_role("button", name="Connect Demo").click()
    desktop = Desktop(page)
    desktop.await_picture()
    click_to_first_frame_s = desktop.click_to_first_frame_s()
    desktop.click_colour(*ALLOW_BUTTON, width=100, timeout_s=page_timeout_s)
    expect(page.get_by_role("heading", name="Connected", exact=True)).to_be_visible(
        timeout=page_timeout_s * 1000
    )
    page.screenshot(path=pictures / "connected.png")
    return click_to_first_frame_s


def exported_login(controller: Controller) -> dict[str, object]:
    """What the vault gives back to its owner."""
    newest = controller.command("credentials", "list")[0]
    exported = controller.command("credentials", "export", newest["credential_id"])
    login: dict[str, object] = json.loads(base64.b64decode(exported["files"][0]["content"]))
    return login


def assert_nothing_is_left(controller: Controller) -> None:
    machines = controller.command("vm", "list")
    assert {machine["status"] for machine in machines} == {"destroyed"}
    assert list((controller.folder / "run/machines").iterdir()) == []


def test_a_person_connects_the_demo_in_a_container(
    controller: Controller, page: Page, screenshots: Path, measured: Callable[[str], None]
) -> None:
    click_to_first_frame_s = connect_demo(controller, page, screenshots, page_timeout_s=60)
    measured(f"click to first frame {click_to_first_frame_s:.2f} s")
    login = exported_login(controller)
    assert str(login["access_token"]).startswith("demo-at-")
    assert login["account"] == "demo"
    assert_nothing_is_left(controller)


@pytest.mark.vm
@pytest.mark.usefixtures("snapshot")
def test_a_person_connects_the_demo_in_an_emulated_machine(
    page: Page, screenshots: Path, measured: Callable[[str], None]
) -> None:
    with running(VESTIBULE_ISOLATION="vm") as controller:
        click_to_first_frame_s = connect_demo(controller, page, screenshots, page_timeout_s=300)
        measured(f"click to first frame {click_to_first_frame_s:.2f} s")
        assert str(exported_login(controller)["access_token"]).startswith("demo-at-")
        assert_nothing_is_left(controller)
