"""record TOOLS [NAME…]: run the takes of tests/transcripts/takes.toml, write what they show beside it.

``TOOLS`` is an installed images/tools folder (npm ci, then the install steps of images/tools.toml); programs
of the host's own PATH are found, too.  ``NAME`` chooses takes, ``codex`` or ``codex-device``.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import bare_machine
from provider_double import Answer, doubling
from recording import Recording, Step, TakeFailed

from transcripts import FOLDER, Transcript

PROVIDERS = FOLDER.parents[1] / "providers"
ROWS = 50
_ESCAPES = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]")
_BETWEEN = re.compile(r"[\s│]+")
_TRUST = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Take:
    """One login to run: a flow of a provider's file, and what to do on its screen."""

    provider: Mapping[str, Any]
    flow: Mapping[str, Any]
    url: str
    steps: tuple[Step, ...]
    answers: tuple[Answer, ...]
    expect: dict[str, str]
    columns: tuple[int, ...]

    @property
    def name(self) -> str:
        """How it is chosen, and how its files begin."""
        return f"{self.provider['name']}-{self.flow['kind']}"

    def environment(self) -> dict[str, str]:
        """What the provider's file gives the tool."""
        return {**self.provider["login"].get("environment", {}), **self.flow.get("environment", {})}

    def record(self, columns: int) -> Transcript:
        """Run it once, in a home of its own.  Raises TakeFailed."""
        bare_machine.empty_home()
        for file in self.provider["login"].get("files", []):
            _seed(file)
        with _doubled(self.answers) as trust:
            environment = {**bare_machine.environment(), **trust, **self.environment()}
            recording = Recording(self.flow["command"], environment, (columns, ROWS), bare_machine.UID)
            try:
                recording.run(self.steps, bare_machine.OPENED)
            finally:
                recording.stop()
        return self._transcript(recording, columns)

    def _transcript(self, recording: Recording, columns: int) -> Transcript:
        seen = Transcript(
            tool=self.provider["name"],
            flow=self.flow["kind"],
            version=self.provider["version"],
            command=tuple(self.flow["command"]),
            columns=columns,
            rows=ROWS,
            expect=self.expect,
            moments=tuple(recording.moments),
        )
        return dataclasses.replace(seen, expect={**self._addresses(seen), **self.expect})

    def _addresses(self, seen: Transcript) -> dict[str, str]:
        """The sign-in address as it was printed and as it was opened, found without the code under test."""
        printed = re.search(self.url, _BETWEEN.sub("", _ESCAPES.sub("", seen.output)))
        opened = [url for url in seen.opened if re.fullmatch(self.url, url)]
        found = {"url": printed[0]} if printed else {}
        return {**found, "opened": opened[0]} if opened else found


def _seed(file: Mapping[str, Any]) -> None:
    path = bare_machine.HOME / file["path"].removeprefix("~/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file["content"])
    for owned in (path, *path.parents):
        if bare_machine.HOME in owned.parents:
            os.chown(owned, bare_machine.UID, bare_machine.UID)


@contextlib.contextmanager
def _doubled(answers: Sequence[Answer]) -> Iterator[dict[str, str]]:
    """The providers' double, and what makes a tool trust it; nothing where no answer is given."""
    if not answers:
        yield {}
        return
    with (
        tempfile.TemporaryDirectory(dir=bare_machine.HOME.parent) as name,
        doubling(bare_machine.PROXY_PORT, Path(name), answers) as double,
    ):
        Path(name).chmod(0o755)
        trusted = str(double.authority.path)
        yield dict.fromkeys(_TRUST, trusted)


def read_takes(path: Path) -> list[Take]:
    """All there are."""
    raw = tomllib.loads(path.read_text())
    doubles = {double["name"]: double["answers"] for double in raw["double"]}
    return [_take({"columns": raw["columns"], **take}, doubles) for take in raw["take"]]


def _take(raw: Mapping[str, Any], doubles: Mapping[str, Any]) -> Take:
    provider = tomllib.loads((PROVIDERS / f"{raw['provider']}.toml").read_text())
    return Take(
        provider=provider,
        flow=next(flow for flow in provider["login"]["flows"] if flow["kind"] == raw["flow"]),
        url=raw["url"],
        steps=tuple(Step(**{**step, "keys": tuple(step.get("keys", ()))}) for step in raw["steps"]),
        answers=tuple(Answer(**answer) for answer in doubles.get(raw.get("double", ""), [])),
        expect=raw.get("expect", {}),
        columns=tuple(raw["columns"]),
    )


def main() -> int:
    """Exit code 1 when a take failed; the others are written all the same."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tools", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    if not bare_machine.is_inside():
        return bare_machine.go_inside(sys.argv)
    bare_machine.furnish(options.tools.resolve())
    names = {*options.names}
    takes = read_takes(FOLDER / "takes.toml")
    chosen = [take for take in takes if not names or {take.name, take.provider["name"]} & names]
    return max([0, *(_run(take, width) for take in chosen for width in take.columns)])


def _run(take: Take, columns: int) -> int:
    try:
        transcript = take.record(columns)
    except TakeFailed as error:
        sys.stderr.write(f"{take.name} at {columns} columns: {error}\n")
        return 1
    transcript.write()
    sys.stdout.write(f"{transcript.name}: {', '.join(sorted(transcript.expect))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
