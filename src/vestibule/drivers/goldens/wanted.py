"""``python -m vestibule.drivers.goldens.wanted``: the recipe that today's inputs make, as one JSON line.

A running controller asks this fresh process instead of itself: the code that names a golden is read from the
disk with the inputs, and it may have changed since the controller was started.
"""

from __future__ import annotations

import asyncio
import json
import sys

from vestibule.core.errors import GoldenFailed, VestibuleError
from vestibule.core.goldens import Recipe
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.resources import find_resources

_READ_S = 60.0


async def read_recipe() -> Recipe:
    """Ask a fresh process.  Raises GoldenFailed when the inputs cannot be read."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", __spec__.name),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_READ_S):
            told, wrong = await process.communicate()
    except TimeoutError as error:
        raise _unreadable(f"it took longer than {_READ_S:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        raw = json.loads(told)
        return Recipe.from_mapping(raw["recipe"])
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(wrong.decode(errors="replace").strip()) from error


def _unreadable(why: str) -> GoldenFailed:
    return GoldenFailed(
        f"the inputs of the golden cannot be read: {why.splitlines()[-1] if why else 'nothing was said'}",
        remedy="Mend the file that is named, or install Vestibule again.",
        code="recipe_invalid",
    )


def main() -> int:
    """Print the recipe; 1 with the cause on standard error when it cannot be read."""
    try:
        recipe = read_spec(find_resources()).recipe
    except VestibuleError as error:
        sys.stderr.write(f"{error.cause}\n")
        return 1
    sys.stdout.write(json.dumps({"recipe": recipe.to_mapping()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
