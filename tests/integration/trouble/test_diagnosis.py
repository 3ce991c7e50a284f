"""Each trouble, made for real in a container of the real golden: the code that names it, and its evidence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from controller import Controller

from vestibule.drivers.net.cgroups import Cgroups, Kind

from .spoilt import (
    await_on_console,
    broker_of,
    ended,
    failure,
    inhabitants,
    kill,
    spoilt_controller,
    starve,
    waiting,
)

pytestmark = [pytest.mark.golden, pytest.mark.usefixtures("golden")]
LIMITED = Cgroups.detect().report().kind is not Kind.NONE
DIED_OF_KILL = "exit code 137"


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    with spoilt_controller(tmp_path_factory.mktemp("providers"), VESTIBULE_URL_TIMEOUT_S="20") as controller:
        yield controller


@pytest.fixture
def client(controller: Controller) -> Iterator[httpx.Client]:
    with controller.client() as client:
        yield client


def test_a_killed_agent_ends_its_machine_and_the_exit_says_by_what(client: httpx.Client) -> None:
    session = waiting(client)
    await_on_console(client, session["vm_id"], "vestibule-agent: warm")
    kill(inhabitants(client, session["vm_id"], "vestibule_agent"))
    failed = ended(client, session)["failure"]
    assert (failed["code"], failed["stage"]) == ("machine_exited", "awaiting_user_auth")
    assert DIED_OF_KILL in failed["cause"]
    assert failed["evidence"]["exit"] == DIED_OF_KILL
    assert "vestibule-agent: warm" in failed["evidence"]["agent_log"]


def test_a_machine_whose_disk_the_tool_has_filled(client: httpx.Client) -> None:
    failed = failure(client, "diskfull")["failure"]
    assert failed["code"] == "guest_disk_full", failed
    assert "No space left on device" in failed["cause"]
    assert "No space left on device" in failed["evidence"]["screen"]
    assert failed["evidence"]["first_seen_as"].startswith("tool_exited")


def test_a_browser_that_dies_again_and_again(client: httpx.Client) -> None:
    failed = failure(client, "browserkiller")["failure"]
    assert failed["code"] == "browser_crashed", failed
    assert "chromium ended: exit code" in failed["evidence"]["agent_log"]
    assert failed["evidence"]["checks"].startswith("browser: ")


def test_a_display_that_dies_again_and_again(client: httpx.Client) -> None:
    failed = failure(client, "displaykiller")["failure"]
    assert failed["code"] == "desktop_absent", failed
    assert "X server ended" in failed["cause"]
    assert "xvnc ended: exit code -9" in failed["evidence"]["agent_log"]
    assert "screenshot" not in failed["evidence"]


def test_a_tool_that_is_not_in_the_golden(client: httpx.Client) -> None:
    failed = failure(client, "absent")["failure"]
    assert failed["code"] == "tool_missing", failed
    assert "a-tool-that-is-not-there" in failed["evidence"]["screen"]


def test_a_site_that_may_not_be_reached(client: httpx.Client) -> None:
    failed = failure(client, "refused")["failure"]
    assert failed["code"] == "egress_refused", failed
    assert failed["evidence"]["sites_refused"].startswith("refused.invalid:443 is not one of the sites")


def test_a_site_that_the_host_does_not_reach(client: httpx.Client) -> None:
    failed = failure(client, "unreachable")["failure"]
    assert failed["code"] == "egress_unreachable", failed
    assert failed["evidence"]["sites_unreachable"].startswith("away.invalid:443 could not be resolved")


def test_a_sign_in_that_was_denied(client: httpx.Client) -> None:
    failed = failure(client, "denied")["failure"]
    assert failed["code"] == "login_denied", failed
    assert "access_denied" in failed["cause"]


def test_a_tool_that_shows_no_address_is_seen_with_its_screen_and_desktop(
    client: httpx.Client, controller: Controller
) -> None:
    session = failure(client, "silent")
    failed = session["failure"]
    assert failed["code"] == "url_not_seen", failed
    assert "thinking" in failed["evidence"]["screen"]
    assert failed["evidence"]["checks"] == "all are well"
    picture = Path(failed["evidence"]["screenshot"])
    assert picture == controller.folder / "state/evidence" / session["vm_id"] / "screenshot.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_mode & 0o077 == 0 or picture.parent.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not LIMITED or os.geteuid() != 0, reason="needs memory groups, and root to enter one")
def test_a_machine_whose_memory_is_used_up(client: httpx.Client) -> None:
    session = waiting(client)
    eater = starve(session["vm_id"], inhabitants(client, session["vm_id"], "vestibule_agent"))
    try:
        failed = ended(client, session)["failure"]
    finally:
        eater.kill()
        eater.wait()
    assert failed["code"] == "guest_out_of_memory", failed
    assert "limit of 1536 MiB" in failed["cause"]
    assert "processes killed for want of memory" in failed["evidence"]["machine_memory"]


def test_a_killed_broker_is_told_of_its_machines_and_the_next_machine_has_another(
    client: httpx.Client, controller: Controller
) -> None:
    session = waiting(client)
    kill(broker_of(controller))
    assert ended(client, session)["failure"]["code"] == "broker_gone"
    again = waiting(client)
    assert client.post(f"/api/auth/session/{again['session_id']}/cancel").json()["status"] == "cancelled"
