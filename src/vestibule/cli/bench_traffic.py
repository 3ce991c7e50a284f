"""``vestibule bench relay`` and ``api``: what passes through a controller, on processes of their own."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from vestibule.cli.output import Output, OutputFormat, print_json, print_one, print_rows
from vestibule.core.errors import BadInput, VestibuleError

MOST_STREAMS = 1000
DISTURBING = 0.1
"""Processors that other programs use."""
_ASKED = ("request", "streams", "per_s", "p50", "p99", "wrong")
_COLUMNS = (
    "relay",
    "streams",
    "MB/s",
    "added p50 ms",
    "added p99 ms",
    "CPU s/GB",
    "resident MB",
    "own MB",
    "held_back_by",
)


def relay(
    streams: Annotated[
        str, typer.Option(help="How many at once; several numbers with commas.")
    ] = "1,10,50,200",
    rounds: Annotated[int, typer.Option(min=1, help="How often each is measured, in turn.")] = 5,
    fences: Annotated[int, typer.Option(min=100, help="Round trips of each trial.")] = 1000,
    seconds: Annotated[float, typer.Option(min=0.2, help="Pictures flow for so long.")] = 2.0,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Measure the viewer's relay beside websockify and a bare TCP copy, against stand-ins for desktops.

    MB/s: of all streams together; added: round trips, beyond the copy's, while nothing else goes on; own:
    memory with what processes share counted once.  Needs websockify (requirements/bench.txt).
    """
    from vestibule.benches.relay.measure import measure_relays  # noqa: PLC0415 (most commands do without)
    from vestibule.benches.relay.trial import Pace  # noqa: PLC0415

    pace = Pace(fences=fences, seconds=seconds)
    result = measure_relays(_numbers(streams), rounds, pace, _note)
    if output is OutputFormat.JSON:
        print_json(dataclasses.asdict(result))
        return
    print_rows([_shown(dataclasses.asdict(row)) for row in result.rows], _COLUMNS, output)
    print("\nVestibule over websockify")
    against = [dataclasses.asdict(one) for one in result.against_websockify]
    print_rows(against, ("streams", "throughput", "cpu", "memory"), output)
    if result.others >= DISTURBING:
        _note(f"other programs kept {result.others:g} of {result.processors} processors busy: measure again")


def api(  # noqa: PLR0917 (typer makes options of them)
    streams: Annotated[int, typer.Option(min=1, max=9_000, help="Open streams of events.")] = 1_000,
    connections: Annotated[
        int, typer.Option("--connections", "-c", min=1, max=64, help="That ask at the same time.")
    ] = 4,
    seconds: Annotated[int, typer.Option(min=1, help="Of each request in each round.")] = 5,
    events: Annotated[int, typer.Option(min=1, help="Changes in each round.")] = 50,
    rounds: Annotated[int, typer.Option(min=1, help="How often all is measured, in turn.")] = 3,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Load a controller of its own with starts, reads and events, without and with open streams of events.

    Times are in milliseconds, medians of the rounds.  Its sign-ins wait in line: nothing of a machine is in
    them.  Needs wrk (Debian's).  Exit code 1 when a request was answered wrong.
    """
    from vestibule.benches.api.measure import Ask, measure_api  # noqa: PLC0415 (most commands do without)

    ask = Ask(connections=connections, seconds=seconds, events=events, streams=streams, rounds=rounds)
    result = measure_api(ask, _note)
    if output is OutputFormat.JSON:
        print_json(dataclasses.asdict(result))
    else:
        print_rows([_asked(dataclasses.asdict(row)) for row in result.rows], _ASKED, output)
        resident = {f"with {count} streams": size.median for count, size in result.resident_mb.items()}
        print_one({"resident MB": resident}, output)
    if wrong := sum(row.wrong for row in result.rows):
        raise VestibuleError(
            f"{wrong} requests were answered wrong or not at all",
            remedy="Measure again on a quiet host; if it stays, report it as a bug.",
        )


def _asked(row: Mapping[str, Any]) -> Mapping[str, object]:
    medians = {"p50": "p50_ms", "p99": "p99_ms", "per_s": "per_s"}
    return {**row, **{column: row[name]["median"] for column, name in medians.items()}}


def _shown(row: Mapping[str, Any]) -> Mapping[str, object]:
    rate, added = row["mb_per_s"], row["added_ms"]
    return {
        **row,
        "MB/s": f"{rate['median']:.0f} ({rate['least']:.0f}-{rate['most']:.0f})",
        "added p50 ms": added["p50"],
        "added p99 ms": added["p99"],
        "CPU s/GB": row["cpu_s_per_gb"]["median"],
        "resident MB": row["resident_mb"]["median"],
        "own MB": row["proportional_mb"]["median"],
    }


def _numbers(text: str) -> list[int]:
    """Raises BadInput."""
    if not re.fullmatch(r"\d+(,\d+)*", text) or not all(
        0 < int(one) <= MOST_STREAMS for one in text.split(",")
    ):
        raise BadInput(
            f"{text!r} is no list of numbers from 1 to {MOST_STREAMS}.",
            remedy="Give them with commas between: --streams 1,10,50.",
        )
    return list(dict.fromkeys(map(int, text.split(","))))


def _note(text: str) -> None:
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()
