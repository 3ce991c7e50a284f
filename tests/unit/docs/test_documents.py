"""The documents say what is there: links resolve, commands exist, tables are current."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from vestibule import settings
from vestibule.cli import exit_codes
from vestibule.cli.app import app
from vestibule.core.failures import __main__ as failures
from vestibule.core.sessions import SessionStatus
from vestibule.drivers import provider_table
from vestibule.drivers.metrics import table as metrics_table

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
COMMAND = re.compile(r"\bvestibule ((?:[a-z]+(?:-[a-z]+)* ?)+)")
TARGET = re.compile(r"\bmake ([a-z-]+)")


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code_of(page: Path) -> str:
    return "\n".join(CODE.findall(page.read_text()))


def command_names() -> set[str]:
    return set(_names(typer.main.get_command(app), ""))


def _names(command: object, prefix: str) -> Iterator[str]:
    for name, child in getattr(command, "commands", {}).items():
        yield f"{prefix}{name}"
        yield from _names(child, f"{prefix}{name} ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(CODE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    known = command_names()
    nouns = {name.partition(" ")[0] for name in known if " " in name}
    for words in COMMAND.findall(code_of(page)):
        first, *rest = words.split()
        assert first in known, f"vestibule {first}"
        if first in nouns and rest:
            assert f"{first} {rest[0]}" in known, f"vestibule {first} {rest[0]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(TARGET.findall(code_of(page))) <= targets


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("settings.md", settings.reference_table()),
        ("exit-codes.md", exit_codes.reference_table()),
        ("failures.md", failures.reference_page()),
        ("providers.md", provider_table.table(ROOT / "providers")),
        ("metrics.md", metrics_table.table()),
    ],
)
def test_generated_tables_are_current(name: str, table: str) -> None:
    assert (ROOT / "docs/reference" / name).read_text() == table, "make reference"


def test_every_decision_is_listed_in_the_architecture_page() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    missing = [page.name for page in (ROOT / "docs/decisions").glob("*.md") if page.name not in text]
    assert missing == []


def test_glossary_is_sorted_and_has_no_word_twice() -> None:
    words = re.findall(r"^\*\*(.+?)\*\*", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    assert words == sorted(set(words), key=str.lower)
    assert len(words) > 10


def test_states_in_the_glossary_are_the_code_s() -> None:
    text = (ROOT / "docs/glossary.md").read_text()
    assert [state for state in SessionStatus if f"`{state}`" not in text] == []
