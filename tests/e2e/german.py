"""Pages that are not empty, read by who reads German: all of it is in German, and none of it is cut off."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page
from stage import Stage
from state import SESSION, TOOLS, State
from states_beside import FAILED, RUNNING, machine, session

# Words that no German sentence has.  What is in English for a reason (the controller's causes, what providers
# say of themselves) says so by its `lang`; commands, logs and what a machine shows have no language.
_ENGLISH = r"""() => {
  const english = /(^|[\s“(])([Tt]he|and|of|is|are|with|[Tt]his|[Nn]ot|from|to|for|has|your)(?=[\s.,:;)]|$)/;
  const elsewhere = "[lang=en], pre, code, kbd, script, style, noscript";
  const found = [];
  const note = (element, text) => {
    if (element.closest(elsewhere) === null && element.checkVisibility() && english.test(text))
      found.push(text.trim());
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) note(texts.currentNode.parentElement, texts.currentNode.data);
  for (const name of ["aria-label", "aria-description", "title", "placeholder", "alt"])
    for (const element of document.querySelectorAll(`body [${name}]`))
      note(element, element.getAttribute(name));
  return found;
}"""

# Where its own text is wider than itself and hidden there; a `title` gives the whole of what is often long.
_CUT = """() => [...document.querySelectorAll("body *")]
  .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ""))
  .filter((element) => element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1)
  .filter((element) => !["auto", "scroll"].includes(getComputedStyle(element).overflowX))
  .filter((element) => element.checkVisibility() && !element.closest("[title], .xterm"))
  .map((element) => element.textContent.trim())"""


class Reader:
    """Who has a browser that asks for German."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def read(self, state: State) -> None:
        """Look at this state, on a phone and on a larger screen."""
        self._stage.show(state)
        page = self._stage.page
        assert page.locator("html").get_attribute("lang") == "de"
        english = page.evaluate(_ENGLISH)
        assert not english, f"still in English: {english}"
        for look in state.looks:
            self._stage.keep(f"german-{state.name}", look)
            cut = page.evaluate(_CUT)
            assert not cut, f"cut off in {look}: {cut}"


def _find_in_log(page: Page) -> None:
    field = page.get_by_role("searchbox", name="In agent.log suchen")
    field.fill("identity")
    field.scroll_into_view_if_needed()


def _open_palette(page: Page) -> None:
    page.get_by_role("heading", level=1).wait_for()
    page.keyboard.press("Control+k")


def _ask_for_keys(page: Page) -> None:
    page.get_by_role("heading", level=1).wait_for()
    page.keyboard.press("?")


def _german(name: str, path: str, shows: str, *clicks: str, **more: Any) -> State:
    return State(name=name, path=path, shows=shows, clicks=clicks, looks=("light", "phone"), **more)


def _of_session(story: str, shows: str, *clicks: str) -> State:
    name = "-".join([f"session-{story}", *clicks]).lower().replace(" ", "-")
    return _german(name, f"{SESSION}/s-{story}", shows, *clicks)


GERMAN = [
    _german("connect", TOOLS, "Ein Werkzeug verbinden"),
    _of_session("queued", "in der Warteschlange"),
    _of_session("paste", "wartet auf den Code"),
    _of_session("asking", "Das Werkzeug fragt etwas"),
    _of_session("completed", "So kommen sie dorthin"),
    _of_session("failed", "Die Anmeldung ist gescheitert"),
    _of_session("timeout", "Die Zeit ist abgelaufen"),
    _of_session("started", "Ihre Maschine wird sofort zerstört", "Abbrechen"),
    _of_session("ready", "behält seine Zwischenablage für sich", "Einfügen"),
    _of_session("ready", "oauth-client.json", "Dateien"),
    _of_session("ready", "Strg ist für eine Taste gehalten", "Bildschirmtasten", "Strg"),
    _of_session("ready", "Leicht, für langsame Netze", "Größe und Güte"),
    _of_session("ready", "Er wird nur jetzt gezeigt", "Ansicht teilen", "Link erstellen"),
    _german("watch", "/watch?good#token=good", "Nur ansehen"),
    _german("sessions", "/dashboard/sessions", "agent_unreachable"),
    _german("listed-session", session(FAILED), "Die Anmeldung ging nicht gut aus"),
    _german("machines", "/dashboard/machines", "agent_unreachable"),
    _german("machine", machine(RUNNING), "lebt noch"),
    _german("machine-log", machine(FAILED), "1 von ", does=_find_in_log),
    _german("credentials", "/dashboard/credentials", "Im Tresor; niemand hat sie"),
    _german("all-credentials", "/dashboard/credentials/all", "c-"),
    _german("goldens", "/dashboard/goldens", "Goldens"),
    _german("health", "/dashboard/health", "Nach Golden"),
    _german("audit", "/dashboard/audit", "Anmeldelink erstellt"),
    _german("settings", "/dashboard/settings", "Fristen"),
    _german("palette", "/dashboard/settings", "Aussehen und Sprache", does=_open_palette),
    _german("shortcuts", "/dashboard/settings", "Tastatur zurückholen", does=_ask_for_keys),
]
