"""Builds the wanted golden in a fresh process: with the builder's code as it is on the disk now, and nicely.

A controller that built with its own, older code would give the bytes of one builder the name of another.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vestibule.core.errors import DiskFull, GoldenFailed, HostUnfit, VestibuleError
from vestibule.core.ids import GoldenId
from vestibule.core.renewal import Phase, StepNews
from vestibule.drivers.goldens.commands import telling_lines
from vestibule.drivers.goldens.signing import key_arguments
from vestibule.services.golden_ports import Tell

_FOLLOW_PARENT = ("setpriv", "--pdeathsig", "TERM")
"""A controller that is killed takes its builder along."""
NICE = ("nice", "-n", "10")
"""Sign-ins go before builds."""
_KINDS: Mapping[str, type[VestibuleError]] = {
    kind.__name__: kind for kind in (DiskFull, HostUnfit, GoldenFailed)
}
_STOP_S = 10.0
_LINE_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class BuildProcess:
    """How to start one."""

    cache_dir: Path
    key: Path
    """The file of the key that statements are signed with: a command line can be read by others."""
    trusted: Sequence[str]
    """Public keys of other hosts that are believed."""
    debian_mirror: str | None
    uid: int
    gid: int

    @property
    def argv(self) -> list[str]:
        """The command line."""
        mirror = ["--debian-mirror", self.debian_mirror] if self.debian_mirror else []
        owner = ["--uid", str(self.uid), "--gid", str(self.gid)]
        module = [sys.executable, "-m", "vestibule.drivers.goldens", str(self.cache_dir), "--json"]
        return [*_FOLLOW_PARENT, *NICE, *module, *key_arguments(self.key, self.trusted), *owner, *mirror]

    async def run(self, tell: Tell) -> GoldenId:
        """Build; returns what was built.  Raises GoldenFailed, DiskFull or HostUnfit, as the builder did."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self.argv, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, limit=_LINE_BYTES
        )
        if process.stdout is None or process.stderr is None:
            raise AssertionError("the builder was started without pipes")
        complaints = asyncio.create_task(process.stderr.read())
        try:
            built = await self._follow(process.stdout, tell)
            await process.wait()
        except (ValueError, KeyError, TypeError) as error:
            raise _garbled(error) from error
        finally:
            await _end(process)
            wrong = await complaints
        if built is None:
            raise _broken(process.returncode, wrong.decode(errors="replace"))
        return built

    async def _follow(self, lines: asyncio.StreamReader, tell: Tell) -> GoldenId | None:
        built: GoldenId | None = None
        async for line in lines:
            told = json.loads(line)
            if "error" in told:
                raise _as_raised(told["error"])
            if "golden_id" in told:
                built = GoldenId(told["golden_id"])
            else:
                tell(_news(told))
        return built


async def _end(process: asyncio.subprocess.Process) -> None:
    """The builder's own programs end with it, as it does with us."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _news(told: Mapping[str, Any]) -> StepNews:
    return StepNews(
        phase=Phase.BUILD,
        step=told["step"],
        seconds=told["seconds"],
        to_come=told["total"] - told["index"],
        estimate_s=told.get("estimate_s"),
        left_s=told.get("left_s"),
        products=(told["product"],) if "product" in told else (),
    )


def _as_raised(raw: Mapping[str, Any]) -> VestibuleError:
    kind = _KINDS.get(raw["kind"], GoldenFailed)
    return kind(raw["cause"], remedy=raw["remedy"], code=raw["code"], **raw["evidence"])


def _garbled(error: Exception) -> GoldenFailed:
    return GoldenFailed(
        f"the builder's process said what is no news of a build: {error!r}",
        remedy="Build it by hand and read what it says: vestibule golden build.",
        code="builder_broke",
    )


def _broken(code: int | None, complaints: str) -> GoldenFailed:
    last = telling_lines(complaints) or "it said nothing"
    return GoldenFailed(
        f"the builder's process ended with {code} before it was done: {last}",
        remedy="Build it by hand and read what it says: vestibule golden build.",
        code="builder_broke",
    )
