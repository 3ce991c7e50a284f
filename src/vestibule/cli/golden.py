"""``vestibule golden``: the images that machines are clones of.  Works on this host, without a controller."""

from __future__ import annotations

from typing import Annotated

import typer

from vestibule.cli.output import Output, OutputFormat, Row, print_one, print_rows
from vestibule.cli.progress import shown_steps
from vestibule.core.goldens import Manifest
from vestibule.core.ids import GoldenId
from vestibule.services.ports import GoldenStore
from vestibule.settings import Settings, load

app = typer.Typer(help="The images that machines are clones of.", no_args_is_help=True)

_COLUMNS = ("golden_id", "wanted", "built_at", "build_s")


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


def _store() -> GoldenStore:
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    return main.golden_store(load())
