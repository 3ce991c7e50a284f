"""``vestibule bench``: what a machine costs on this host.  Runs here, without a controller."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from typing import Annotated

import typer

from vestibule import main
from vestibule.cli.output import Output, OutputFormat, print_one
from vestibule.core.machines import DriverName
from vestibule.services.clone_bench import Result
from vestibule.settings import load

app = typer.Typer(help="What a machine costs on this host.", no_args_is_help=True)


@app.callback()
def bench() -> None:
    """What a machine costs on this host."""


@app.command()
def clone(
    driver: Annotated[DriverName, typer.Option(help="How the machines are run.")],
    clones: Annotated[int, typer.Option("--clones", "-n", min=1, help="How many, one after another.")] = 20,
    observe: Annotated[int, typer.Option(min=1, help="Clones that live for 10 s, to be looked at.")] = 3,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Time one cold boot and some clones, each until its agent has confirmed its identity.

    clone_s is in seconds; private_mb: memory of a clone's own after 10 s; cpu_s: processor time it burned
    in them.  For containers, "cold" means that none of the golden's files is in the page cache.
    """
    result = asyncio.run(_measure(driver, clones, observe))
    print_one(dataclasses.asdict(result), output)


async def _measure(driver: DriverName, clones: int, observe: int) -> Result:
    async with main.clone_bench(load(), driver) as bench:
        return await bench.run(clones, observe, _note)


def _note(text: str) -> None:
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()
