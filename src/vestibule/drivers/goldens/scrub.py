"""``python -m vestibule.drivers.goldens.scrub CACHE_DIR GOLDEN``: read all of a golden, name damage.

A process of its own, because it reads gigabytes; the nicest one, because nobody waits for it.  It prints one
JSON list of damages.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from vestibule.core.errors import GoldenFailed, VestibuleError
from vestibule.core.goldens import Damage
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.commands import telling_lines
from vestibule.drivers.goldens.quick_check import fingerprint
from vestibule.drivers.goldens.signing import KeyFileSigner, Signer, add_key_arguments, key_arguments
from vestibule.drivers.goldens.verify import products_of, verify, write_damages
from vestibule.drivers.goldens.verify_statements import verify_statements

_FOLLOW_PARENT = ("setpriv", "--pdeathsig", "KILL")
_NICEST = ("nice", "-n", "19", "ionice", "-c", "3")


def scrub(cache: Cache, golden_id: GoldenId, signer: Signer | None) -> Sequence[Damage]:
    """Read everything again; bytes that are damaged are remembered, and no machine starts from them.

    Whom this host trusts is asked anew at each start, and not remembered for others that use the cache.
    """
    while True:
        with _held(cache, products_of(cache, golden_id)) as folders:
            before = fingerprint(folders)
            damages = tuple(verify(cache, golden_id))
            after = [*products_of(cache, golden_id)]
            if after == folders and fingerprint(after) == before:
                break  # nothing was made again meanwhile, of which the look would tell something untrue
    for folder in folders:
        write_damages(cache, folder.name, [damage for damage in damages if damage.product == folder.name])
    return (*damages, *(verify_statements(cache, golden_id, signer) if signer else ()))


@contextlib.contextmanager
def _held(cache: Cache, folders: list[Path]) -> Iterator[list[Path]]:
    """Keep the products from being collected or removed meanwhile."""
    with contextlib.ExitStack() as stack:
        for folder in folders:
            stack.enter_context(cache.hold(folder.name))
        yield folders


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScrubProcess:
    """How to start one."""

    cache_dir: Path
    key: Path
    trusted: Sequence[str]
    """Public keys of other hosts that are believed."""

    def argv(self, golden_id: GoldenId) -> list[str]:
        """The command line."""
        module = [sys.executable, "-m", "vestibule.drivers.goldens.scrub", str(self.cache_dir), golden_id]
        return [*_FOLLOW_PARENT, *_NICEST, *module, *key_arguments(self.key, self.trusted)]

    async def run(self, golden_id: GoldenId) -> Sequence[Damage]:
        """What is damaged.  Raises GoldenFailed ``scrub_broke`` when that cannot be found out."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self.argv(golden_id), stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
        try:
            told, complaints = await process.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        try:
            return tuple(Damage(**damage) for damage in json.loads(told))
        except (ValueError, TypeError) as error:
            raise _broken(golden_id, complaints.decode(errors="replace")) from error


def _broken(golden_id: GoldenId, complaints: str) -> GoldenFailed:
    return GoldenFailed(
        f"golden {golden_id} could not be read through: {telling_lines(complaints) or 'nothing was said'}",
        remedy="Do it by hand and read what it says: vestibule golden verify.",
        code="scrub_broke",
    )


def main(argv: Sequence[str]) -> int:
    """Print the damages; 1 with the cause on standard error when they cannot be found out."""
    parser = argparse.ArgumentParser(prog="vestibule.drivers.goldens.scrub", description=__doc__)
    parser.add_argument("cache_dir", type=Path)
    parser.add_argument("golden_id", type=GoldenId)
    add_key_arguments(parser)
    asked = parser.parse_args(argv)
    try:
        signer = KeyFileSigner(asked.key, trusted=asked.trust)
        damages = scrub(Cache(asked.cache_dir), asked.golden_id, signer)
    except VestibuleError as error:
        sys.stderr.write(f"{error.cause}\n")
        return 1
    sys.stdout.write(json.dumps([dataclasses.asdict(damage) for damage in damages]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
