"""``python -m vestibule.drivers.goldens CACHE_DIR``: build the wanted golden, one line per step."""

from __future__ import annotations

import sys
from pathlib import Path

from vestibule.core.errors import VestibuleError
from vestibule.drivers.goldens.compose import open_goldens


def _show(step: str, index: int, total: int, seconds: float | None) -> None:
    state = "…" if seconds is None else f"{seconds:.1f} s"
    sys.stdout.write(f"[{index}/{total}] {step}: {state}\n")
    sys.stdout.flush()


def main(argv: list[str]) -> int:
    """Build; 0 when the golden is there, 1 with cause and remedy when not."""
    try:
        manifest = open_goldens(Path(argv[0])).builder.build(_show)
    except VestibuleError as error:
        sys.stderr.write(f"{error}\nFIX: {error.remedy}\n")
        return 1
    sys.stdout.write(f"{manifest.golden_id}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
