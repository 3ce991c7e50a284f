"""Every state of every page, in light, dark and at phone size, with nothing that keeps someone out.

One browser, and the fake server in place of a controller: what real machines do is shown by the others.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fake_api import desktop, fake_api
from gallery import COLOURS, LOOKS, STANDARD, Visit
from playwright.sync_api import Browser, Route, expect
from states import STATES, Pending, Refusal, State

pytestmark = pytest.mark.browser

OF_VIEWERS = (r"^(Failed when|Connection closed)", r"WebSocket")
"""What noVNC says when its page is left or its desktop is refused."""


@pytest.fixture(scope="module")
def visits(
    chromium: Browser, screenshots: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[bool, Visit]]:
    """Of the operator of a busy controller, and (True) of another user of an empty one."""
    with contextlib.ExitStack() as stack:
        shown = stack.enter_context(desktop(tmp_path_factory.mktemp("desktop")))
        full = stack.enter_context(fake_api(VNC_SOCKET=str(shown.socket)))
        bare = stack.enter_context(fake_api(OPERATOR="no", TABLES="none", HEALTH="none", GOLDENS="refused"))
        context = chromium.new_context(reduced_motion="reduce")
        stack.callback(context.close)
        yield {
            is_bare: Visit(context.new_page(), home=origin, folder=screenshots, look="light")
            for is_bare, origin in ((False, full), (True, bare))
        }


@pytest.mark.parametrize("state", STATES, ids=str)
def test_every_state(visits: Mapping[bool, Visit], state: State) -> None:
    visit = visits[state.bare]
    page = visit.page
    page.unroute_all(behavior="ignoreErrors")
    page.route("**/api/**", lambda route: _answer(route, state))
    visit.begin(*state.forgives, *OF_VIEWERS)
    visit.look_like("light")
    page.goto(f"{visit.home}{state.path}")
    for name in state.clicks:
        page.get_by_role("button", name=name, exact=True).first.click()
    expect(page.get_by_text(state.shows).first).to_be_attached()
    bones = page.locator(".mantine-Skeleton-root")
    if state.loading:
        expect(bones.first).to_be_visible()
    else:
        expect(bones).to_have_count(0)
    for look in LOOKS:
        visit.look_like(look)
        visit.keep(f"state-{state.name}", COLOURS if look == "dark" else STANDARD)


def _answer(route: Route, state: State) -> None:
    match state.answers.get(urlsplit(route.request.url).path, _FAKE):
        case _Fake():
            route.fallback()
        case Pending():
            pass  # for ever
        case Refusal(status=status, problem=problem):
            route.fulfill(status=status, content_type="application/json", body=json.dumps(problem))
        case body:
            route.fulfill(content_type="application/json", body=json.dumps(body))


class _Fake:
    """The fake server's own answer."""


_FAKE = _Fake()
