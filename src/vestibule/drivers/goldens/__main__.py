"""``python -m vestibule.drivers.goldens CACHE_DIR``: build the wanted golden in a process of its own.

Prints one line per step, or with ``--json`` one JSON object per line::

    {"step": …, "index": …, "total": …, "seconds": … or null}    each step, twice; as it begins also:
        "product": whose log it writes to, "estimate_s": … or null, "left_s": of the whole build, or null
    {"golden_id": …}                                              at the end
    {"error": {"kind": …, "code": …, "cause": …, "remedy": …, "evidence": {…}}}
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vestibule.core.errors import VestibuleError
from vestibule.core.machines import UNOWNED_ID
from vestibule.core.renewal import total_s
from vestibule.drivers.goldens.build import GoldenBuilder, PlannedStep, Progress
from vestibule.drivers.goldens.compose import open_goldens
from vestibule.drivers.goldens.jail import Jail
from vestibule.drivers.goldens.signing import KeyFileSigner, add_key_arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vestibule.drivers.goldens", description="Build the wanted golden.")
    parser.add_argument("cache_dir", type=Path)
    add_key_arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--debian-mirror", help="unset: what the host's apt uses")
    parser.add_argument("--uid", type=int, default=UNOWNED_ID, help="user that the tools are checked as")
    parser.add_argument("--gid", type=int, default=UNOWNED_ID, help="group, likewise")
    return parser


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _say(told: dict[str, Any]) -> None:
    _write(json.dumps(told))


def _show(step: str, index: int, total: int, seconds: float | None) -> None:
    _write(f"[{index}/{total}] {step}: {'…' if seconds is None else f'{seconds:.1f} s'}")


def _teller(builder: GoldenBuilder) -> Progress:
    """One that knows how long each step took the last time, before this build writes its own manifests."""
    steps = [step for step in builder.plan().steps if not step.done]

    def tell(step: str, index: int, total: int, seconds: float | None) -> None:
        told = {"step": step, "index": index, "total": total, "seconds": seconds}
        _say(told if seconds is not None else {**told, **_foreseen(steps, step)})

    return tell


def _foreseen(steps: Sequence[PlannedStep], name: str) -> dict[str, Any]:
    """Of a step that begins; nothing when it is not one of the plan's, such as a wait."""
    left = list(itertools.dropwhile(lambda step: step.name != name, steps))
    if not left:
        return {}
    left_s = total_s(step.estimate_s for step in left)
    return {"product": left[0].product, "estimate_s": left[0].estimate_s, "left_s": left_s}


def _error(error: VestibuleError) -> dict[str, Any]:
    evidence = {name: str(value) for name, value in error.evidence.items()}
    return {
        "kind": type(error).__name__,
        "code": error.failure_code,
        "cause": error.cause,
        "remedy": error.remedy,
        "evidence": evidence,
    }


def main(argv: list[str]) -> int:
    """Build; 0 when the golden is there, 1 with cause and remedy when not."""
    asked = _parser().parse_args(argv)
    jail = Jail(uid=asked.uid, gid=asked.gid)
    try:
        signer = KeyFileSigner(asked.key, trusted=asked.trust)
        goldens = open_goldens(asked.cache_dir, signer=signer, debian_mirror=asked.debian_mirror, jail=jail)
        manifest = goldens.builder.build(_teller(goldens.builder) if asked.json else _show)
    except VestibuleError as error:
        if asked.json:
            _say({"error": _error(error)})
        else:
            sys.stderr.write(f"{error}\nFIX: {error.remedy}\n")
        return 1
    if asked.json:
        _say({"golden_id": manifest.golden_id})
    else:
        _write(manifest.golden_id)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
