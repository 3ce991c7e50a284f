"""``vestibule golden log``: what the programs of a build wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Annotated

import typer

from vestibule.cli.output import Output, OutputFormat, as_json, print_done, printable
from vestibule.services.golden_ports import BuildLogs
from vestibule.settings import load


def log(
    product: Annotated[
        str | None,
        typer.Argument(help="A layer, golden or snapshot.  Unset: what is made now, or was made last."),
    ] = None,
    lines: Annotated[int, typer.Option("-n", min=1, help="How many of its last lines.")] = 40,
    follow: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool, typer.Option("--follow", "-f", help="All of it, and whatever is written, until Ctrl-C.")
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """What the programs of a build wrote; of one that is under way too, whoever began it."""
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    logs = golden_commands.build_logs(load())
    if product is not None:
        logs.require(product)
    if follow:
        asyncio.run(_follow(logs, lambda: _meant(logs, product), _writer(output)))
        return
    names = _meant(logs, product)
    found = list(logs.tail(names, lines))
    told = {"product": names[0] if names else None, "lines": found}
    print_done(told, "\n".join(found) or "nothing was made on this host yet", output)


def _meant(logs: BuildLogs, product: str | None) -> tuple[str, ...]:
    name = product or logs.latest()
    return () if name is None else (name,)


def _writer(output: OutputFormat) -> Callable[[str], None]:
    """As JSON, a string per line: it has no end that a document could close at."""
    written: Callable[[str], str] = as_json if output is OutputFormat.JSON else printable
    return lambda line: print(written(line), flush=True)


async def _follow(
    logs: BuildLogs, products: Callable[[], Collection[str]], show: Callable[[str], None]
) -> None:
    async with logs.followed(products, show):
        await asyncio.Event().wait()
