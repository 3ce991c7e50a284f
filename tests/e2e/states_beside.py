"""What opens beside or over a page: drawers and their logs, dialogs, filters, the palette, the keys."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page
from state import ABSENT, PROBLEM, Pending, Refusal, State

LIGHT_AND_PHONE = ("light", "phone")
DARK_AND_PHONE = ("dark", "phone")
RUNNING, FAILED = 0, 3
"""Rows of the fake server's tables (``web/dev/fake-tables.mjs``)."""
NO_MACHINE = {**ABSENT, "cause": "There is no such machine, or it is someone else's."}


def id_of(number: int, prefix: str) -> str:
    """Of a row, as ``hex`` of the fake server makes it."""
    return f"{prefix}-{0xCA11AB1E0000 + number * 7919:016x}"


def machine(number: int) -> str:
    """Where a machine's drawer is."""
    return f"/dashboard/machines/{id_of(number, 'vm')}"


def session(number: int) -> str:
    """Where a session's drawer is."""
    return f"/dashboard/sessions/{id_of(number, 's')}"


def _find_in_log(text: str) -> Callable[[Page], None]:
    def find(page: Page) -> None:
        field = page.get_by_role("searchbox", name="Find in agent.log")
        field.fill(text)
        field.scroll_into_view_if_needed()

    return find


def _seek(text: str) -> Callable[[Page], None]:
    """In the palette."""

    def seek(page: Page) -> None:
        page.get_by_role("heading", level=1).wait_for()
        page.keyboard.press("Control+k")
        page.get_by_role("combobox").fill(text)

    return seek


def _ask_for_keys(page: Page) -> None:
    page.get_by_role("heading", level=1).wait_for()
    page.keyboard.press("?")


def _unfold_history(page: Page) -> None:
    page.get_by_text("History", exact=True).first.click()


def _check_out(page: Page) -> None:
    page.get_by_role("button", name="Check out GitHub", exact=False).first.click()


MACHINES = [
    State(name="machine", path=machine(RUNNING), shows="it still does"),
    State(name="machine-failed", path=machine(FAILED), shows="The machine failed", looks=DARK_AND_PHONE),
    State(
        name="machine-loading",
        path=machine(RUNNING),
        shows="Machines",
        answers={f"/api/vms/{id_of(RUNNING, 'vm')}": Pending()},
        loading=True,
        looks=LIGHT_AND_PHONE,
    ),
    State(
        name="machine-absent",
        path="/dashboard/machines/vm-none",
        shows="This machine cannot be shown",
        answers={"/api/vms/vm-none": Refusal(404, NO_MACHINE)},
        forgives=("status of 404",),
        looks=DARK_AND_PHONE,
    ),
    State(
        name="machine-without-logs",
        path=machine(FAILED),
        shows="There is nothing to read",
        answers={f"/api/vms/{id_of(FAILED, 'vm')}/logs": []},
        looks=LIGHT_AND_PHONE,
    ),
    State(name="log-found", path=machine(FAILED), shows="1 of ", does=_find_in_log("identity")),
    State(
        name="log-not-found",
        path=machine(RUNNING),
        shows="Not found",
        does=_find_in_log("no such words"),
        looks=DARK_AND_PHONE,
    ),
]

SESSIONS = [
    State(name="listed-session", path=session(RUNNING), shows="Open its page", looks=LIGHT_AND_PHONE),
    State(
        name="listed-session-failed",
        path=session(FAILED),
        shows="The sign-in did not end well",
        looks=DARK_AND_PHONE,
    ),
    State(
        name="listed-session-absent",
        path="/dashboard/sessions/s-none",
        shows="This session cannot be shown",
        answers={
            "/api/tables/sessions/s-none": Refusal(404, ABSENT),
            "/api/auth/session/s-none/timeline": Refusal(404, ABSENT),
        },
        forgives=("status of 404",),
        looks=LIGHT_AND_PHONE,
    ),
]

CREDENTIALS = [
    State(
        name="credential-history",
        path="/dashboard/credentials",
        shows="Checked out to laptop",
        does=_unfold_history,
        looks=LIGHT_AND_PHONE,
    ),
    State(
        name="credential-check-out",
        path="/dashboard/credentials",
        shows="Who holds it",
        does=_check_out,
        looks=DARK_AND_PHONE,
    ),
]

AUDIT = [
    State(
        name="audit-deeds",
        path="/dashboard/audit",
        shows="Exported a credential",
        clicks=("Narrow by Deed",),
        looks=LIGHT_AND_PHONE,
    ),
    State(
        name="audit-nothing",
        path="/dashboard/audit?q=no+such+thing",
        shows="Nothing fits",
        looks=DARK_AND_PHONE,
    ),
]

OVER_ALL = [
    State(name="palette", path="/dashboard/settings", shows="Looks and language", does=_seek("")),
    State(
        name="palette-found",
        path="/dashboard/settings",
        shows=id_of(RUNNING, "vm"),
        does=_seek(id_of(RUNNING, "")[-8:]),
        looks=DARK_AND_PHONE,
    ),
    State(
        name="palette-nothing",
        path="/dashboard/settings",
        shows="There is nothing of that",
        does=_seek("no such thing"),
        looks=LIGHT_AND_PHONE,
    ),
    State(
        name="palette-failed",
        path="/dashboard/settings",
        shows="Not everything could be searched",
        does=_seek("failed"),
        answers={"/api/tables/machines": Refusal(503, PROBLEM)},
        forgives=("status of 503",),
        looks=DARK_AND_PHONE,
    ),
    State(name="shortcuts", path="/dashboard/settings", shows="Keyboard shortcuts", does=_ask_for_keys),
]

BESIDE = [*MACHINES, *SESSIONS, *CREDENTIALS, *AUDIT, *OVER_ALL]
