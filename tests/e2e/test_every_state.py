"""Every state of every page, in light, dark and at phone size, with nothing that keeps someone out.

One browser, and the fake server in place of a controller: what real machines do is shown by the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gallery import COLOURS, LOOKS, STANDARD
from german import GERMAN, Reader
from playwright.sync_api import Browser, expect
from relay import Relay
from stage import OF_VIEWERS, SHOWN_MS, House, Stage, house
from state import SESSION, Pending, State
from states import STATES
from states_beside import BESIDE
from states_of_viewer import OF_VIEWER

pytestmark = pytest.mark.browser

VNC = re.compile(r"/api/vnc/")


@pytest.fixture(scope="module")
def origins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("desktop")) as opened:
        yield opened


@pytest.fixture(scope="module")
def stages(chromium: Browser, origins: House, screenshots: Path) -> Iterator[tuple[Stage, Stage]]:
    """Before the full server, and before the bare one."""
    context = chromium.new_context(reduced_motion="reduce")
    full, bare = (Stage(context, home=home, folder=screenshots) for home in origins)
    yield full, bare
    context.close()


@pytest.mark.parametrize("state", [*STATES, *OF_VIEWER, *BESIDE], ids=str)
def test_every_state(stages: tuple[Stage, Stage], state: State) -> None:
    stage = stages[state.bare]
    stage.show(state)
    for look in state.looks:
        stage.keep(f"state-{state.name}", look)


@pytest.fixture(scope="module")
def reader(chromium: Browser, origins: House, screenshots: Path) -> Iterator[Reader]:
    context = chromium.new_context(reduced_motion="reduce", locale="de-DE")
    yield Reader(Stage(context, home=origins.full, folder=screenshots))
    context.close()


@pytest.mark.parametrize("state", GERMAN, ids=str)
def test_a_german_page_is_german_and_whole(reader: Reader, state: State) -> None:
    reader.read(state)


@pytest.fixture
def viewed(chromium: Browser, origins: House, screenshots: Path) -> Iterator[tuple[Stage, Relay]]:
    """A page with a clock of its own, which shows a desktop."""
    context = chromium.new_context(reduced_motion="reduce")
    stage = Stage(context, home=origins.full, folder=screenshots)
    relay = Relay(stage.page, VNC)
    stage.page.clock.install()
    stage.show(State(name="viewer", path=f"{SESSION}/s-ready", shows="Desktop on screen"))
    readout = stage.page.get_by_role("group", name="Connection")
    expect(readout).to_contain_text(re.compile(r"\d ms"), timeout=SHOWN_MS)
    yield stage, relay
    context.close()


def _cut(stage: Stage, relay: Relay) -> None:
    _stop_the_clock(stage, after_s=1)
    relay.cut()


def _freeze(stage: Stage, relay: Relay) -> None:
    relay.freeze()
    stage.page.clock.fast_forward("00:03")  # it asks for a sign of life
    _stop_the_clock(stage, after_s=8)  # and gives up


def _stop_the_clock(stage: Stage, *, after_s: float) -> None:
    stage.page.clock.pause_at(stage.page.evaluate("Date.now()") / 1000 + after_s)


@pytest.mark.parametrize(
    ("trouble", "cause"),
    [(_cut, "The connection to the machine's desktop broke"), (_freeze, "nothing comes through it any more")],
    ids=["lost", "frozen"],
)
def test_a_desktop_that_goes_and_comes_back(
    viewed: tuple[Stage, Relay],
    request: pytest.FixtureRequest,
    trouble: Callable[[Stage, Relay], None],
    cause: str,
) -> None:
    stage, relay = viewed
    stage.visit.begin(*OF_VIEWERS)
    name = f"state-desktop-{request.node.callspec.id}"
    trouble(stage, relay)
    expect(stage.page.get_by_role("alert")).to_contain_text(cause, timeout=SHOWN_MS)
    expect(stage.page.get_by_text("next try in")).to_be_visible()
    for look in LOOKS:
        stage.visit.look_like(look)
        stage.visit.picture(name)
    stage.answers = {"/api/vm/vm-0d15ea5e0d15ea5e/view-ticket": Pending()}
    stage.page.clock.resume()  # what looks for violations needs one that goes
    for look in LOOKS:
        stage.visit.look_like(look)
        stage.visit.examine(name, COLOURS if look == "dark" else STANDARD)
    stage.visit.squeeze()
    stage.answers = {}
    stage.page.clock.fast_forward("00:11")  # the attempt without an answer is given up, another begins
    expect(stage.page.get_by_role("alert")).to_have_count(0, timeout=SHOWN_MS)
    expect(stage.page.get_by_role("group", name="Connection")).to_be_visible()
    assert relay.connections == 2
    stage.keep(f"{name}-back", "phone")
