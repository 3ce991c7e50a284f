"""``vestibule bench``: what a machine costs on this host, and what a person waits for.

``clone``, ``resume``, ``rebuild`` and ``relay`` run here, without a controller; ``api`` and ``growth`` start
their own; the others measure the one that runs.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from typing import Annotated

import typer

from vestibule.benches.overload import measure_overload
from vestibule.benches.sign_ins import measure_answers, measure_sign_ins
from vestibule.benches.weighing import processes_of
from vestibule.cli import bench_traffic
from vestibule.cli import controller as controllers
from vestibule.cli.controller import Url
from vestibule.cli.drivers import RealDriver
from vestibule.cli.output import Output, OutputFormat, print_one, print_rows
from vestibule.core.errors import VestibuleError
from vestibule.core.machines import DriverName
from vestibule.services.clone_bench import Result
from vestibule.settings import load

app = typer.Typer(help="What a machine costs on this host.", no_args_is_help=True)
app.command()(bench_traffic.relay)
app.command()(bench_traffic.api)


@app.callback()
def bench() -> None:
    """What a machine costs on this host."""


@app.command()
def clone(
    driver: Annotated[RealDriver, typer.Option(help="How the machines are run.")],
    clones: Annotated[int, typer.Option("--clones", "-n", min=1, help="How many, one after another.")] = 20,
    observe: Annotated[int, typer.Option(min=1, help="Clones that live for 10 s, to be looked at.")] = 3,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Time one cold boot and some clones, until the agent has confirmed its identity and shows the desktop.

    clone_s, to that, and frame_s, to the desktop's first picture, are in seconds; private_mb: memory of a
    clone's own after 10 s; cpu_s: processor time it burned in them.  For containers, "cold" means that none
    of the golden's files is in the page cache.
    """
    result = asyncio.run(_measure(driver.driver_name, clones, observe))
    print_one(dataclasses.asdict(result), output)


@app.command("sign-in")
def sign_in(
    sign_ins: Annotated[int, typer.Option("--sign-ins", "-n", min=1, help="How many, in turn.")] = 20,
    driver: Annotated[RealDriver | None, typer.Option(help="Unset: the host's choice.")] = None,
    url: Url = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Time demo sign-ins: from the request to the confirmed agent, and to the sign-in page's title.

    ready_s and page_s are in seconds, as this client sees them; each sign-in is cancelled afterwards.
    """
    with controllers.connect(url) as controller:
        result = measure_sign_ins(controller, sign_ins, driver.driver_name if driver else None, _note)
    print_one(dataclasses.asdict(result), output)


@app.command()
def answers(
    requests: Annotated[int, typer.Option("--requests", "-n", min=1, help="How many, in turn.")] = 50,
    machines: Annotated[int, typer.Option(min=0, help="Machines that run meanwhile.")] = 10,
    driver: Annotated[RealDriver | None, typer.Option(help="Unset: the host's choice.")] = None,
    url: Url = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Time the answers to POST /api/vm/auth, in milliseconds, while machines run.

    Its sign-ins are cancelled and its machines stopped afterwards.
    """
    with controllers.connect(url) as controller:
        result = measure_answers(
            controller, requests, machines, driver.driver_name if driver else None, _note
        )
    print_one(dataclasses.asdict(result), output)


@app.command()
def rebuild(
    driver: Annotated[
        list[RealDriver] | None, typer.Option(help="For which machines; give it more than once for more.")
    ] = None,
    base: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool, typer.Option("--base", help="Measure another base layer too: minutes.")
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Time an edit of the agent until a golden of it is promoted, canary included.

    agent_edit_s and base_change_s are in seconds; steps says where they went.  All that is made is removed.
    """
    from vestibule.benches import own_machinery  # noqa: PLC0415 (loads the whole controller; most commands do without)

    drivers = [found.driver_name for found in driver or [RealDriver.CONTAINER]]
    result = asyncio.run(own_machinery.rebuild_bench(load(), drivers, base=base, note=_note))
    if output is OutputFormat.JSON:
        print_one(dataclasses.asdict(result), output)
        return
    for change, steps in result.steps.items():
        print(f"\n{change}")
        print_rows([dataclasses.asdict(step) for step in steps], ("step", "seconds", "share"), output)
    print_one({"agent_edit_s": dict(result.agent_edit_s), "base_change_s": result.base_change_s}, output)


@app.command()
def resume(
    driver: Annotated[RealDriver, typer.Option(help="How the machine is run.")] = RealDriver.CONTAINER,
    resumes: Annotated[
        int, typer.Option("--resumes", "-n", min=1, help="How many, one after another.")
    ] = 100,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Pause one machine and wake it, again and again, without a controller.

    In milliseconds from a sign of interest: resume_ms until the machine runs, answer_ms until its agent has
    answered for its health, which takes a look at desktop and browser.
    """
    from vestibule.benches import own_machinery  # noqa: PLC0415 (loads the whole controller; most commands do without)

    result = asyncio.run(own_machinery.resume_bench(load(), driver.driver_name, resumes, _note))
    print_one(dataclasses.asdict(result), output)


@app.command()
def overload(
    requests: Annotated[
        int, typer.Option("--requests", "-n", min=1, max=1000, help="Within a second.")
    ] = 200,
    url: Url = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Ask the controller that runs for many sign-ins within a second, of as many users, and read meanwhile.

    What it makes it removes: sessions, machines, users.  Exit code 1 when one was lost or answered wrong.
    """
    with controllers.connect(url) as controller:
        result = asyncio.run(
            measure_overload(controller.url, controller.token, requests, _note, processes_of(controller.url))
        )
    print_one(dataclasses.asdict(result), output)
    if result.lost or result.wrong:
        raise VestibuleError(
            f"of {requests} requests {result.lost} were lost and {result.wrong} answered wrong",
            remedy="Read the controller's log at this time and report it as a bug.",
        )


@app.command()
def growth(
    rows: Annotated[
        int, typer.Option(min=1_000, max=10_000_000, help="Ended sign-ins in the old one's database.")
    ] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, help="How often each request is made of both.")] = 100,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Time every read and a start with a thousand sign-ins in the database and with very many, in turn.

    Requests are in milliseconds, of two controllers of its own, whose folders are removed.  Queries are in
    instructions of SQLite; one that walks along a whole table that grows is named with its plan.
    """
    from vestibule.benches.growth import measure_growth  # noqa: PLC0415 (loads the database; most commands do without)

    result = measure_growth(rows, rounds, _note)
    if output is OutputFormat.JSON:
        print_one(dataclasses.asdict(result), output)
        return
    print_rows(
        [
            {"request": one.request, "young_p50": one.young.p50, "young_p99": one.young.p99,
             "old_p50": one.old.p50, "old_p99": one.old.p99}
            for one in result.requests
        ],
        ("request", "young_p50", "young_p99", "old_p50", "old_p99"), output,
    )  # fmt: skip
    print()
    print_rows(
        [
            {"asked": one.asked, "young": one.young_instructions, "old": one.old_instructions,
             "scans": "; ".join(one.scans) or "-"}
            for one in result.queries
        ],
        ("asked", "young", "old", "scans"), output,
    )  # fmt: skip
    print()
    print_one({"rows": result.rows, "database_mib": result.database_mib, "up_s": dict(result.up_s)}, output)


async def _measure(driver: DriverName, clones: int, observe: int) -> Result:
    from vestibule.benches import own_machinery  # noqa: PLC0415 (loads the whole controller; most commands do without)

    async with own_machinery.clone_bench(load(), driver) as bench:
        return await bench.run(clones, observe, _note)


def _note(text: str) -> None:
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()
