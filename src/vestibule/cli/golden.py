"""``vestibule golden``: the images that machines are clones of.  Works on this host, without a controller."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from vestibule.cli import golden_canary, golden_log, golden_plan
from vestibule.cli.golden_names import OptionalGolden, named, store_of
from vestibule.cli.output import Output, OutputFormat, print_done, print_json, print_one, print_rows
from vestibule.cli.progress import NumberedNews, Steps, shown_steps
from vestibule.client import Row
from vestibule.core.errors import GoldenFailed
from vestibule.core.goldens import Manifest
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.promotion import Register
from vestibule.core.provenance import ProductReport, Provenance, Signature, require_readable
from vestibule.services.golden_ports import GoldenInventory, Tell
from vestibule.services.renewals import require_promoted
from vestibule.settings import Settings, load

app = typer.Typer(help="The images that machines are clones of.", no_args_is_help=True)
app.command()(golden_plan.plan)
app.command()(golden_log.log)
app.command()(golden_canary.canary)
app.command()(golden_canary.reports)

_COLUMNS = ("golden_id", "status", "wanted", "built_at", "since", "why")
_GONE_COLUMNS = ("kind", "name", "mib")
_DAMAGE_COLUMNS = ("product", "file", "problem")
_SHOWN = ("agent_build", "contract", "tools", "build_s")
_MADE_COLUMNS = ("what", "seconds", "made_with")


@app.command()
def build(
    snapshot: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool,
        typer.Option("--snapshot", help="For virtual machines too: memory snapshot and canary."),
    ] = False,
    verbose: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool, typer.Option("--verbose", "-v", help="The log too, line by line, as it is written.")
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Build the golden that today's inputs make, try it on a canary, promote it; nothing where that is done.

    A golden that was rejected or rolled back before is given another try.
    """
    settings = load()
    also = (DriverName.QEMU,) if snapshot else ()
    with shown_steps() as steps:
        news = NumberedNews(steps)
        watching = _log_shown(settings, news, steps) if verbose else contextlib.nullcontext()
        golden_id = asyncio.run(_promoted(settings, news, also, watching))
    states = _states(settings)
    print_one(_row(states.store.manifest(golden_id), states), output, _COLUMNS)


def renew(settings: Settings) -> None:
    """Build, try and promote what is not done yet, showing the steps.  Raises what ``golden build`` does."""
    with shown_steps() as steps:
        asyncio.run(_promoted(settings, NumberedNews(steps), (), contextlib.nullcontext()))


async def _promoted(
    settings: Settings,
    tell: Tell,
    also: Sequence[DriverName],
    watching: contextlib.AbstractAsyncContextManager[None],
) -> GoldenId:
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    async with watching:
        renewal = await golden_commands.renew(settings, tell, also)
    require_promoted(renewal)
    return renewal.golden_id


def _log_shown(
    settings: Settings, news: NumberedNews, steps: Steps
) -> contextlib.AbstractAsyncContextManager[None]:
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    return golden_commands.build_logs(settings).followed(lambda: news.products, steps.log)


@app.command()
def promote(
    golden_id: str,
    untested: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool, typer.Option("--untested", help="Even though no canary passed: people will be its canaries.")
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Have machines start from this golden from now on; those that run are not touched."""
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    wanted = named(golden_id, store_of(load()))
    if untested:
        golden_commands.promote_untested(load(), wanted)
    else:
        asyncio.run(golden_commands.promote(load(), wanted))
    print_done({"promoted": golden_id}, f"machines start from {golden_id}", output)


@app.command()
def rollback(
    why: Annotated[str, typer.Option(help="Kept with the move.")] = "the operator rolled back",
    output: Output = OutputFormat.TABLE,
) -> None:
    """Return to the golden before; what is left is not promoted again by itself."""
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    promoted = golden_commands.golden_promotions(load()).roll_back(why=why)
    print_done({"promoted": promoted}, f"machines start from {promoted}", output)


@app.command()
def gc(
    keep: Annotated[
        int | None, typer.Option(min=1, help="Goldens kept besides those in use.  Unset: golden_keep.")
    ] = None,
    dry_run: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool, typer.Option("--dry-run", help="Only say what would go.")
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Remove goldens that nothing uses, the oldest first; those in use are never touched."""
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    collector = golden_commands.golden_collector(load(), keep)
    gone = collector.foreseen() if dry_run else collector.collect()
    rows = [dataclasses.asdict(product) for product in gone]
    if output is OutputFormat.JSON:
        print_json({"dry_run": dry_run, "removed": rows})
        return
    verb = "would free" if dry_run else "freed"
    print_rows([{**row, "mib": row["size"] >> 20} for row in rows], _GONE_COLUMNS, output)
    print(f"{verb} {sum(row['size'] for row in rows) >> 20} MiB")


@app.command("list")
def list_(output: Output = OutputFormat.TABLE) -> None:
    """Goldens on this host, newest first; machines start from the promoted one."""
    states = _states(load())
    print_rows([_row(manifest, states) for manifest in states.store.list()], _COLUMNS, output)


@app.command()
def verify(
    golden_id: OptionalGolden = None,
    discard: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool, typer.Option("--discard", help="Remove what is damaged, so that the next build makes it again.")
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Read a golden, its layers and its snapshots again, and name every file that was changed.

    A damaged golden is remembered: no machine starts from it.  So is one that was signed by a key which is
    neither this host's nor in golden_trusted_keys.
    """
    store = store_of(load())
    wanted = named(golden_id, store)
    damages, origin = store.verify(wanted), _origin(store, wanted)
    removed = store.discard(damages) if discard and damages else ()
    if output is OutputFormat.JSON:
        print_json(
            {
                "golden_id": wanted,
                "sound": not damages,
                "damages": [dataclasses.asdict(damage) for damage in damages],
                "removed": list(removed),
                "signature": origin.signature,
                "signed_by": origin.key_id,
            }
        )
    elif not damages:
        print(f"golden {wanted} is sound, {origin.line}")
    else:
        print_rows([dataclasses.asdict(damage) for damage in damages], _DAMAGE_COLUMNS, output)
        print("".join(f"\nremoved {name}" for name in removed))
    if removed:
        return
    store.usable(wanted)


@app.command()
def key(output: Output = OutputFormat.TABLE) -> None:
    """This host's public signing key.

    Another host that names it in golden_trusted_keys believes the goldens made here.
    """
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    public = golden_commands.public_key(load())
    if output is OutputFormat.JSON:
        print_json({"public_key": public})
    else:
        print(public)


def _origin(store: GoldenInventory, golden_id: GoldenId) -> Provenance:
    """Who says how it was made; of a golden whose manifest is damaged, nobody."""
    try:
        return store.provenance(golden_id)
    except GoldenFailed:
        return Provenance(signature=Signature.BROKEN)


@app.command()
def show(
    golden_id: OptionalGolden = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """One golden: what it is made of, how long that took and who signed it; with -o json, everything."""
    states = _states(load())
    found = states.store.manifest(named(golden_id, states.store))
    report, row = states.store.report(found.golden_id), _row(found, states)
    if output is OutputFormat.JSON:
        print_json({**row, **dataclasses.asdict(report)})
        return
    packages = ", ".join(f"{count} {kind}" for kind, count in report.packages.items())
    summary = {"packages": packages or None, "provenance": report.provenance.line}
    print_one({**row, **summary}, output, (*_COLUMNS, *_SHOWN, *summary))
    print()
    print_rows([row for product in report.products for row in _made(product)], _MADE_COLUMNS, output)


def _made(product: ProductReport) -> Iterator[Row]:
    """A layer, or the golden, with its seconds and programs; then each of its steps."""
    programs = " ".join(f"{name} {version}" for name, version in product.made_with.items())
    yield {
        "what": f"{product.kind} {product.name}",
        "seconds": round(product.build_s, 2),
        "made_with": programs,
    }
    for step, seconds in product.steps.items():
        yield {"what": f"  {step}", "seconds": round(seconds, 2)}


@app.command()
def sbom(
    golden_id: OptionalGolden = None,
    output: Output = OutputFormat.JSON,  # noqa: ARG001 (a document in either case; errors are printed by it)
) -> None:
    """What is in a golden: its packages with their versions and digests, as CycloneDX (JSON)."""
    store = store_of(load())
    sys.stdout.write(store.sbom(named(golden_id, store)))


@app.command()
def provenance(
    golden_id: OptionalGolden = None,
    output: Output = OutputFormat.JSON,  # noqa: ARG001 (a document in either case; errors are printed by it)
) -> None:
    """How a golden came to be: its signed statement (in-toto, SLSA), decoded."""
    store = store_of(load())
    wanted = named(golden_id, store)
    found = store.provenance(wanted)
    require_readable(wanted, found)
    print_json(found.statement)
    sys.stderr.write(f"{found.line}\n")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _States:
    """What is known of goldens besides themselves."""

    store: GoldenInventory
    register: Register


def _states(settings: Settings) -> _States:
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    return _States(store=store_of(load()), register=golden_commands.golden_promotions(settings).register)


def _row(manifest: Manifest, states: _States) -> Row:
    move = states.register.last(manifest.golden_id)
    return {
        **manifest.to_mapping(),
        "status": states.register.status(manifest.golden_id),
        "since": move.at.isoformat() if move else None,
        "why": move.story if move else None,
        "wanted": manifest.golden_id == states.store.wanted(),
        "build_s": round(manifest.build_s, 1),
    }
