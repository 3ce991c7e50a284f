"""``vestibule golden``: the images that machines are clones of.  Works on this host, without a controller."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from vestibule.cli.output import (
    Output,
    OutputFormat,
    Row,
    moment,
    print_done,
    print_json,
    print_one,
    print_rows,
)
from vestibule.cli.progress import NumberedNews, shown_steps
from vestibule.core.errors import Absent, GoldenFailed
from vestibule.core.goldens import Change, Manifest, PlannedProduct
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.promotion import Register
from vestibule.core.provenance import ProductReport, Provenance, Signature, require_readable
from vestibule.services.ports import GoldenInventory
from vestibule.services.renewals import require_promoted
from vestibule.settings import Settings, load

app = typer.Typer(help="The images that machines are clones of.", no_args_is_help=True)

_COLUMNS = ("golden_id", "status", "wanted", "built_at", "since", "why")
_PLAN_COLUMNS = ("layer", "name", "state")
_CHECK_COLUMNS = ("name", "ok", "seconds", "detail")
_GONE_COLUMNS = ("kind", "name", "mib")
_DAMAGE_COLUMNS = ("product", "file", "problem")
_SHOWN = ("agent_build", "contract", "tools", "build_s")
_MADE_COLUMNS = ("what", "seconds", "made_with")
_CHANGE_COLUMNS = ("layer", "input", "before", "after")
_DIGEST = re.compile("[0-9a-f]{64}")
_ID = re.compile("g-[0-9a-f]{16}")


@app.command()
def build(
    snapshot: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool,
        typer.Option("--snapshot", help="For virtual machines too: memory snapshot and canary."),
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Build the golden that today's inputs make, try it on a canary, promote it; nothing where that is done.

    A golden that was rejected or rolled back before is given another try.
    """
    settings = load()
    manifest = build_missing(settings)
    renew(settings, (DriverName.QEMU,) if snapshot else ())
    print_one(_row(manifest, _states(settings)), output, _COLUMNS)


def build_missing(settings: Settings) -> Manifest:
    """Do the steps that are not done yet, showing them; returns the golden's manifest."""
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    with shown_steps() as steps:
        return main.golden_builder(settings).build(steps)


def renew(settings: Settings, also: Sequence[DriverName] = ()) -> None:
    """Prepare, try and promote what was built, showing the steps.  Raises GoldenFailed when it fails."""
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    with shown_steps() as steps:
        require_promoted(asyncio.run(main.renew(settings, NumberedNews(steps), also)))


@app.command()
def canary(
    golden_id: Annotated[str | None, typer.Argument(help="Unset: the one that today's inputs make.")] = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """What the canaries of a golden found: every check, for every driver it was tried with."""
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    wanted = _named(golden_id, _store())
    reports = main.canary_reports(load()).of(wanted)
    if output is OutputFormat.JSON:
        print_json([report.to_mapping() for report in reports])
        return
    if not reports:
        print(f"golden {wanted} was not tried on this host")
    for report in reports:
        print(f"{report.verdict}; {report.seconds:.1f} s at {moment(report.at.isoformat())}")
        print_rows([dataclasses.asdict(check) for check in report.checks], _CHECK_COLUMNS, output)


@app.command()
def promote(
    golden_id: str,
    untested: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool, typer.Option("--untested", help="Even though no canary passed: people will be its canaries.")
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Have machines start from this golden from now on; those that run are not touched."""
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    main.promote(load(), _named(golden_id, _store()), untested=untested)
    print_done({"promoted": golden_id}, f"machines start from {golden_id}", output)


@app.command()
def rollback(
    why: Annotated[str, typer.Option(help="Kept with the move.")] = "the operator rolled back",
    output: Output = OutputFormat.TABLE,
) -> None:
    """Return to the golden before; what is left is not promoted again by itself."""
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    promoted = main.golden_promotions(load()).roll_back(why=why)
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
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    gone = main.collect_goldens(load(), keep=keep, dry_run=dry_run)
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
def plan(
    since: Annotated[
        str | None, typer.Option("--since", help="Compare with this golden.  Unset: the newest other one.")
    ] = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """What a build would make now, and which inputs have changed."""
    found = _store().plan(None if since is None else _named(since, _store()))
    if output is OutputFormat.JSON:
        print_json({**dataclasses.asdict(found), "estimate_s": found.estimate_s})
        return
    print_rows([_planned(product) for product in found.products], _PLAN_COLUMNS, output)
    if found.estimate_s:
        print(f"\nThe last time it took {found.estimate_s:.0f} s.")
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

    A damaged golden is remembered: no machine starts from it.  So is one that was signed by a key which is
    neither this host's nor in golden_trusted_keys.
    """
    store = _store()
    wanted = _named(golden_id, store)
    damages, origin = store.verify(wanted), _origin(store, wanted)
    removed = store.discard(wanted, damages) if discard and damages else ()
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
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    public = main.public_key(load())
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
    golden_id: Annotated[str | None, typer.Argument(help="Unset: the one that today's inputs make.")] = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """One golden: what it is made of, how long that took and who signed it; with -o json, everything."""
    states = _states(load())
    found = states.store.manifest(_named(golden_id, states.store))
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
    golden_id: Annotated[str | None, typer.Argument(help="Unset: the one that today's inputs make.")] = None,
    output: Output = OutputFormat.JSON,  # noqa: ARG001 (a document in either case; errors are printed by it)
) -> None:
    """What is in a golden: its packages with their versions and digests, as CycloneDX (JSON)."""
    store = _store()
    sys.stdout.write(store.sbom(_named(golden_id, store)))


@app.command()
def provenance(
    golden_id: Annotated[str | None, typer.Argument(help="Unset: the one that today's inputs make.")] = None,
    output: Output = OutputFormat.JSON,  # noqa: ARG001 (a document in either case; errors are printed by it)
) -> None:
    """How a golden came to be: its signed statement (in-toto, SLSA), decoded."""
    store = _store()
    wanted = _named(golden_id, store)
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
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    return _States(store=_store(), register=main.golden_promotions(settings).register)


def _row(manifest: Manifest, states: _States) -> Row:
    move = states.register.last(manifest.golden_id)
    return {
        **manifest.to_mapping(),
        "status": states.register.status(manifest.golden_id),
        "since": move.at.isoformat() if move else None,
        "why": move.why if move else None,
        "wanted": manifest.golden_id == states.store.wanted(),
        "build_s": round(manifest.build_s, 1),
    }


def _named(golden_id: str | None, store: GoldenInventory) -> GoldenId:
    """The golden that is meant; unset: today's.  Raises Absent for what can be no golden's name."""
    if golden_id is None:
        return store.wanted()
    if not _ID.fullmatch(golden_id):
        raise Absent(
            f"there is no golden {golden_id[:40]!r}", remedy="See which are there: vestibule golden list."
        )
    return GoldenId(golden_id)


def _store() -> GoldenInventory:
    from vestibule import main  # noqa: PLC0415 (loads the whole controller; most commands do without)

    return main.golden_store(load())
