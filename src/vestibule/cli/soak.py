"""``vestibule soak``: many demo sign-ins through real machines, and what is left of them afterwards."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from vestibule.benches.soak import Soak, await_golden
from vestibule.cli.drivers import RealDriver
from vestibule.cli.output import Output, OutputFormat, print_one
from vestibule.core.errors import MachineFailed
from vestibule.core.soak import MOST_GROWTH_MB, SoakResult

_MOST_AT_ONCE = 8


def soak(
    sign_ins: Annotated[int, typer.Option("--sign-ins", "-n", min=1, help="How many are counted.")] = 246,
    at_once: Annotated[int, typer.Option(min=1, max=_MOST_AT_ONCE, help="How many at a time.")] = 3,
    driver: Annotated[RealDriver, typer.Option(help="How the machines are run.")] = RealDriver.CONTAINER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Carry demo sign-ins through real machines and look for whatever they leave behind.

    A controller of its own is started, with this host's settings and goldens, folders and a port of its own;
    its processes, network namespaces, files, descriptors and memory are counted after a few sign-ins to warm
    up, and again at the end.  Ends with a failure when a sign-in was not completed or anything was left.
    """
    from vestibule import soaks  # noqa: PLC0415 (loads the whole controller; most commands do without)

    with soaks.soaked_controller(driver.driver_name) as (controller, folder):
        await_golden(controller, _note)
        result = Soak(controller, driver.driver_name, at_once, _note).run(sign_ins)
        print_one(dataclasses.asdict(result), output)
        _require_clean(result, folder)


def _require_clean(result: SoakResult, folder: Path) -> None:
    """Raise MachineFailed with what was wrong, while the folder is still there to be kept."""
    wrong = [f"{code} ({count} times)" for code, count in result.failures.items()]
    wrong += result.left_behind
    if result.rss_growth_mb > MOST_GROWTH_MB:
        wrong.append(f"memory grew by {result.rss_growth_mb:g} MB")
    if wrong:
        raise MachineFailed(
            f"The soak was not clean: {'; '.join(wrong)}.",
            remedy=f"Read controller.log and state/evidence in {folder}, then remove the folder.",
            code="soak_not_clean",
        )


def _note(text: str) -> None:
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()
