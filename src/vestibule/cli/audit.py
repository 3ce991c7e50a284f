"""``vestibule audit``: who did what; for the operator."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import typer

from vestibule.cli.controller import Url, connect
from vestibule.cli.output import Output, OutputFormat, print_json, print_line, print_rows

app = typer.Typer(help="Who did what on this controller.", no_args_is_help=True)

_MOST_ROWS = 100
_COLUMNS = ("at", "actor", "action", "subject", "outcome", "code", "address", "detail")

Find = Annotated[str, typer.Option(help="Part of an id or a name.")]
Actor = Annotated[list[str] | None, typer.Option(help="What this user did; may be given several times.")]
Action = Annotated[list[str] | None, typer.Option(help="Such deeds alone, as the column says.")]
Limit = Annotated[int, typer.Option(min=1, max=_MOST_ROWS, help="The newest so many.")]


@app.command("list")
def list_(  # noqa: PLR0917 (typer makes options of them)
    find: Find = "",
    actor: Actor = None,
    action: Action = None,
    limit: Limit = 25,
    url: Url = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """What was done, newest first; refusals too."""
    asked = [("limit", str(limit)), ("q", find)]
    asked += [("actor", name) for name in actor or ()] + [("action", name) for name in action or ()]
    with connect(url) as controller:
        page = controller.get(f"/api/tables/audit?{urlencode([pair for pair in asked if pair[1]])}")
    if output is OutputFormat.JSON:
        print_json(page)
        return
    print_rows(page["rows"], _COLUMNS, output)
    shown = len(page["rows"])
    if page["total"] > shown or page["bounded"]:
        total = f"{page['total']}{'+' if page['bounded'] else ''}"
        print_line(f"{shown} of {total}; --limit shows more, --find, --actor and --action fewer.")
