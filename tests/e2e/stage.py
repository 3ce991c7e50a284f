"""A page before the fake server, which shows one state after the other."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from fake_api import desktop, fake_api
from gallery import COLOURS, STANDARD, Visit
from playwright.sync_api import BrowserContext, Route, WebSocketRoute, expect
from state import Pending, Refusal, State

COPIES = re.compile(r"/api/copies/")
SHOWN_MS = 20_000
"""Longer than a page takes on a host that does much else."""
OF_VIEWERS = (r"^(Failed when|Connection closed)", r"WebSocket")
"""What noVNC says when its page is left or its desktop is refused."""

# Where the desktop has the focus, a browser would take what was copied without a word.
_KEEPS_ITS_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: undefined})"

# What was written into or unfolded is what the state is about; another size has scrolled it away.
_SHOW_FIELD = """() => {
  const field = document.activeElement;
  if (field?.matches("input[type=search], summary")) field.scrollIntoView({block: "center"});
}"""


class House(NamedTuple):
    """Origins of two fake servers."""

    full: str
    """Of the operator of a busy controller; sessions have a desktop."""
    bare: str
    """Of another user of an empty one."""


@contextlib.contextmanager
def house(folder: Path) -> Iterator[House]:
    """Both; ``folder`` is for the desktop's socket."""
    with (
        desktop(folder) as shown,
        fake_api(VNC_SOCKET=str(shown.socket)) as full,
        fake_api(OPERATOR="no", TABLES="none", HEALTH="none", GOLDENS="refused") as bare,
    ):
        yield House(full=full, bare=bare)


class Stage:
    """One page of a browser profile, which answers for the API what a state says."""

    def __init__(self, context: BrowserContext, *, home: str, folder: Path) -> None:
        self.page = context.new_page()
        self.visit = Visit(self.page, home=home, folder=folder, look="light")
        self.answers: Mapping[str, object] = {}
        """Of the API in place of the fake server, from now on; see ``State.answers``."""
        self._copied: Mapping[str, object] | None = None
        self.page.add_init_script(_KEEPS_ITS_CLIPBOARD)
        self.page.route("**/api/**", self._answer)
        self.page.route_web_socket(COPIES, self._tell_what_was_copied)

    def show(self, state: State) -> None:
        """Load the page of this state, do what leads to it, and return once it is there."""
        self.answers, self._copied = state.answers, state.copied
        self.visit.begin(*state.forgives, *OF_VIEWERS)
        self.visit.look_like("light")
        self.page.goto(f"{self.visit.home}{state.path}")
        for name in state.clicks:
            self.page.get_by_role("button", name=name, exact=True).first.click()
        state.does(self.page)
        expect(self.page.get_by_text(state.shows).first).to_be_attached(timeout=SHOWN_MS)
        bones = self.page.locator(".mantine-Skeleton-root")
        if state.loading:
            expect(bones.first).to_be_visible(timeout=SHOWN_MS)
        else:
            expect(bones).to_have_count(0, timeout=SHOWN_MS)

    def keep(self, name: str, look: str) -> None:
        """Picture what is shown in this look; a phone as narrow as any has it, too."""
        self.visit.look_like(look)
        self.page.evaluate(_SHOW_FIELD)
        self.visit.keep(name, COLOURS if look == "dark" else STANDARD)
        if look == "phone":
            self.visit.squeeze()

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        answer = self.answers.get(f"{route.request.method} {path}", self.answers.get(path, _FAKE))
        match answer:
            case _Fake():
                route.fallback()
            case Pending():
                pass  # for ever
            case Refusal(status=status, problem=problem):
                route.fulfill(status=status, content_type="application/json", body=json.dumps(problem))
            case body:
                route.fulfill(content_type="application/json", body=json.dumps(body))

    def _tell_what_was_copied(self, route: WebSocketRoute) -> None:
        if self._copied is not None:
            route.send(json.dumps(self._copied))


class _Fake:
    """The fake server's own answer."""


_FAKE = _Fake()
