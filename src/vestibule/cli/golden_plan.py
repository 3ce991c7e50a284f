"""``vestibule golden plan``: what a build would make now, and why."""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated

import typer

from vestibule.cli.golden_names import named, store_of
from vestibule.cli.output import Output, OutputFormat, print_json, print_rows
from vestibule.client import Row
from vestibule.core.goldens import Change, GoldenPlan, MachineShape, PlannedProduct
from vestibule.settings import load

_PLAN_COLUMNS = ("layer", "name", "state")
_CHANGE_COLUMNS = ("layer", "input", "before", "after")
_DIGEST = re.compile("[0-9a-f]{64}")


def plan(
    since: Annotated[
        str | None, typer.Option("--since", help="Compare with this golden.  Unset: the newest other one.")
    ] = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """What a build would make now, and which inputs have changed."""
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    settings = load()
    before = None if since is None else named(since, store_of(settings))
    found = golden_commands.golden_plans(settings).plan(before)
    if output is OutputFormat.JSON:
        print_json({**dataclasses.asdict(found), "estimate_s": found.estimate_s})
    else:
        _print(found)


def _print(found: GoldenPlan) -> None:
    print_rows([_planned(product) for product in found.products], _PLAN_COLUMNS, OutputFormat.TABLE)
    if found.shape is not None:
        print(f"\nSnapshots are made with {_described(found.shape)}.")
    if found.estimate_s:
        print(f"\nThe last time it took {found.estimate_s:.0f} s.")
    if found.since is None:
        print("\nThere is no other golden on this host to compare with.")
    if found.since is not None or found.changes:
        print(f"\nChanged inputs since {found.since}: {len(found.changes) or 'none'}")
        print_rows([_change(change) for change in found.changes], _CHANGE_COLUMNS, OutputFormat.TABLE)


def _planned(product: PlannedProduct) -> Row:
    return {"layer": product.kind, "name": product.name or "(by its disk)", "state": _state(product)}


def _state(product: PlannedProduct) -> str:
    if product.done:
        return "there"
    cost = "" if product.last_build_s is None else f", {product.last_build_s:.0f} s last time"
    return f"to build{cost}" if product.needed else f"only with --snapshot{cost}"


def _described(shape: MachineShape) -> str:
    return (
        f"QEMU {shape.vmm[:12]}, machine {shape.machine}, processor {shape.cpu}, {shape.accelerator},"
        f" {shape.mem_mib} MiB, {shape.vcpus} processors"
    )


def _change(change: Change) -> Row:
    return {**dataclasses.asdict(change), "before": _short(change.before), "after": _short(change.after)}


def _short(value: str | None) -> str | None:
    """A digest by its first digits: two are told apart, nobody reads all of one."""
    return value[:12] if value and _DIGEST.fullmatch(value) else value
