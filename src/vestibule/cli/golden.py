"""``vestibule golden``: the images that machines are clones of.  Works on this host, without a controller."""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated

import typer

from vestibule.cli.output import Output, OutputFormat, Row, print_json, print_one, print_rows
from vestibule.cli.progress import shown_steps
from vestibule.core.goldens import Change, Manifest, PlannedProduct
from vestibule.core.ids import GoldenId
from vestibule.services.ports import GoldenInventory
from vestibule.settings import Settings, load

app = typer.Typer(help="The images that machines are clones of.", no_args_is_help=True)

_COLUMNS = ("golden_id", "wanted", "built_at", "build_s")
_PLAN_COLUMNS = ("layer", "name", "state")
_DAMAGE_COLUMNS = ("product", "file", "problem")
_CHANGE_COLUMNS = ("layer", "input", "before", "after")
_DIGEST = re.compile("[0-9a-f]{64}")


@app.command()
def build(
    snapshot: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool,
        typer.Option("--snapshot", help="Also take the memory snapshot that virtual machines start from."),
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Build the golden that today's inputs make; does nothing when it is there."""
    settings = load()
    manifest = build_missing(settings)
    if snapshot:
        take_snapshot(settings)
    print_one(_row(manifest, manifest.golden_id), output, _COLUMNS)


def build_missing(settings: Settings) -> Manifest:
    """Do the steps that are not done yet, showing them; returns the golden's manifest."""
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    with shown_steps() as steps:
        return main.golden_builder(settings).build(steps)


def take_snapshot(settings: Settings) -> None:
    """Take the memory snapshot that virtual machines start from, unless it is there, showing the steps."""
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    with shown_steps() as steps:
        main.build_snapshot(settings, steps)


@app.command("list")
def list_(output: Output = OutputFormat.TABLE) -> None:
    """Goldens on this host, newest first; one that is not wanted is stale."""
    store = _store()
    wanted = store.wanted()
    print_rows([_row(manifest, wanted) for manifest in store.list()], _COLUMNS, output)


@app.command()
def plan(
    since: Annotated[
        str | None, typer.Option("--since", help="Compare with this golden.  Unset: the newest other one.")
    ] = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """What a build would make now, and which inputs have changed."""
    found = _store().plan(GoldenId(since) if since else None)
    if output is OutputFormat.JSON:
        print_json(dataclasses.asdict(found))
        return
    print_rows([_planned(product) for product in found.products], _PLAN_COLUMNS, output)
    if found.since is None:
        print("\nThere is no other golden on this host to compare with.")
        return
    print(f"\nChanged inputs since {found.since}: {len(found.changes) or 'none'}")
    print_rows([_change(change) for change in found.changes], _CHANGE_COLUMNS, output)


def _planned(product: PlannedProduct) -> Row:
    cost = "" if product.last_build_s is None else f", {product.last_build_s:.0f} s last time"
    state = "there" if product.done else f"to build{cost}"
    return {"layer": product.kind, "name": product.name, "state": state}


def _change(change: Change) -> Row:
    return {**dataclasses.asdict(change), "before": _short(change.before), "after": _short(change.after)}


def _short(value: str | None) -> str | None:
    """A digest by its first digits: two are told apart, nobody reads all of one."""
    return value[:12] if value and _DIGEST.fullmatch(value) else value


@app.command()
def verify(
    golden_id: Annotated[str | None, typer.Argument(help="Unset: the one that today's inputs make.")] = None,
    discard: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool, typer.Option("--discard", help="Remove what is damaged, so that the next build makes it again.")
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Read a golden, its layers and its snapshots again, and name every file that was changed.

    A damaged golden is remembered: no machine starts from it.
    """
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    store, settings = _store(), load()
    wanted = GoldenId(golden_id or store.wanted())
    damages = store.verify(wanted)
    removed = main.discard_damaged(settings, wanted, damages) if discard and damages else ()
    if output is OutputFormat.JSON:
        found = [dataclasses.asdict(damage) for damage in damages]
        print_json({"golden_id": wanted, "sound": not damages, "damages": found, "removed": list(removed)})
    elif not damages:
        print(f"golden {wanted} is sound")
    else:
        print_rows([dataclasses.asdict(damage) for damage in damages], _DAMAGE_COLUMNS, output)
        print("".join(f"\nremoved {name}" for name in removed))
    if not removed:
        store.usable(wanted)


@app.command()
def show(
    golden_id: Annotated[str | None, typer.Argument(help="Unset: the one that today's inputs make.")] = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """One golden: what went into it, and its digests."""
    store = _store()
    wanted = store.wanted()
    print_one(_row(store.manifest(GoldenId(golden_id or wanted)), wanted), output)


def _row(manifest: Manifest, wanted: GoldenId) -> Row:
    return {
        **manifest.to_mapping(),
        "wanted": manifest.golden_id == wanted,
        "build_s": round(manifest.build_s, 1),
    }


def _store() -> GoldenInventory:
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    return main.golden_store(load())
