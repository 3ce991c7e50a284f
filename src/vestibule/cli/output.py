"""What commands print: tables for people, JSON for programs, errors with their remedy."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vestibule.client import Row
from vestibule.core.errors import VestibuleError

_UNWRAPPED_COLUMNS = 4096
_CONTROLS = re.compile(r"[^\n\t -~\xa0-\u2027\u202f-\u2065\u206a-\U0010ffff]")
"""What a terminal obeys: C0, DEL and C1; and what turns lines and the order of their letters about."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class OutputFormat(enum.StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


@dataclasses.dataclass
class Invocation:
    """One run of the command line; knows how its caller wants to be answered, errors included."""

    output: OutputFormat = OutputFormat.TABLE


def _remember(context: typer.Context, value: OutputFormat) -> OutputFormat:
    invocation = context.find_object(Invocation)
    if invocation is not None:
        invocation.output = value
    return value


Output = Annotated[
    OutputFormat,
    typer.Option("--output", "-o", help="How to print.", callback=_remember, is_eager=True),
]


def wide_console() -> Console:
    """Stdout; what is not read on a terminal is never wrapped."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_UNWRAPPED_COLUMNS)


def printable(text: str) -> str:
    """Text of a guest or a provider, with every control character in it escaped, lines and tabs kept.

    Raw, it could move the cursor, write over what was printed, or type into the terminal.
    """
    return _CONTROLS.sub(lambda found: _escaped(found[0]), text)


def one_line(text: str) -> str:
    """The same where a line break would let it pass for a line of ours."""
    return printable(text).replace("\n", "\\n")


def print_line(text: str) -> None:
    """One line on stdout, at once."""
    print(one_line(text), flush=True)


def as_json(value: object, indent: int | None = None) -> str:
    """One JSON document; it escapes C0 by itself, and here what else a terminal obeys."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(as_json(value, indent=2) + "\n")


def print_rows(rows: Sequence[Row], columns: Sequence[str], output: OutputFormat) -> None:
    """A list: whole objects as JSON, or the named columns as a table."""
    if output is OutputFormat.JSON:
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_shown(row.get(column)) for column in columns))
    _print(table)


def print_one(row: Row, output: OutputFormat, columns: Sequence[str] | None = None) -> None:
    """One object: whole as JSON, or a line per field (all, or the named ones), nested ones with a dot."""
    if output is OutputFormat.JSON:
        print_json(row)
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name in columns or list(row):
        for label, value in _leaves(name.replace("_", " "), row.get(name)):
            table.add_row(_shown(label), _shown(value))
    _print(table)


def print_done(row: Row, text: str, output: OutputFormat) -> None:
    """The result of an action: the object as JSON, or a sentence."""
    if output is OutputFormat.JSON:
        print_json(row)
    else:
        print(printable(text))


def print_error(error: VestibuleError, output: OutputFormat) -> None:
    """A failure on stderr: code, cause and the next step."""
    if output is OutputFormat.JSON:
        problem = {"code": error.failure_code, "cause": error.cause, "remedy": error.remedy}
        sys.stderr.write(as_json(problem) + "\n")
        return
    sys.stderr.write(printable(f"error {error.failure_code}: {error.cause}\nFIX: {error.remedy}\n"))


def _print(table: Table) -> None:
    """Without the blanks that fill a table's last column."""
    console = wide_console()
    with console.capture() as drawn:
        console.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))


def _leaves(label: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(f"{label}.{name}", inner)
    else:
        yield label, value


def moment(value: str) -> str:
    """A time of the API (ISO 8601), as people read it: UTC, to the second."""
    return f"{dt.datetime.fromisoformat(value).astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _shown(value: object) -> str:
    """In a table: no mark-up of Rich's, no orders to the terminal."""
    return escape(printable(_cell(value)))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and _TIME.fullmatch(value):
        return moment(value)
    if isinstance(value, list):
        return ", ".join(_cell(item) for item in value) or "-"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
