"""What a real tool printed, as files: asciicast version 2 (https://docs.asciinema.org/manual/asciicast/v2/).

A header line, then one event a line: ``[seconds, kind, text]``.  Kinds are the format's own: ``o`` what the
tool printed, ``i`` what was typed into it, ``m`` a marker; ours says which address the tool gave its opener.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "transcripts"
OPENED = "opened "
"""How a marker begins that names an address."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Moment:
    """One event; ``at_s`` is counted from the tool's start."""

    at_s: float
    kind: str
    text: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Transcript:
    """One run of one tool's login."""

    tool: str
    flow: str
    version: str
    command: tuple[str, ...]
    columns: int
    rows: int
    expect: dict[str, str]
    """What the run showed, by what a search of it must find: ``url``, ``user_code``, ``error`` …"""
    moments: tuple[Moment, ...]

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{self.tool}-{self.flow}-{self.columns}"

    @property
    def output(self) -> str:
        """All that the tool printed."""
        return "".join(moment.text for moment in self.moments if moment.kind == "o")

    @property
    def opened(self) -> list[str]:
        """The addresses that the tool gave its opener."""
        return [moment.text.removeprefix(OPENED) for moment in self.moments if moment.kind == "m"]

    def write(self, folder: Path = FOLDER) -> None:
        """Write its file."""
        header = {
            "version": 2,
            "width": self.columns,
            "height": self.rows,
            "command": " ".join(self.command),
            "title": f"{self.tool} {self.version}, {self.flow}",
            "vestibule": {
                "tool": self.tool,
                "flow": self.flow,
                "version": self.version,
                "command": self.command,
                "expect": self.expect,
            },
        }
        events = [[round(moment.at_s, 3), moment.kind, moment.text] for moment in self.moments]
        lines = [json.dumps(header), *(json.dumps(event) for event in events)]
        (folder / f"{self.name}.json").write_text("\n".join(lines) + "\n")


def read_transcript(path: Path) -> Transcript:
    """Read one file."""
    first, *rest = path.read_text().splitlines()
    header = json.loads(first)
    ours = header["vestibule"]
    return Transcript(
        tool=ours["tool"],
        flow=ours["flow"],
        version=ours["version"],
        command=tuple(ours["command"]),
        columns=header["width"],
        rows=header["height"],
        expect=ours["expect"],
        moments=tuple(Moment(at_s=at, kind=kind, text=text) for at, kind, text in map(json.loads, rest)),
    )


def all_transcripts() -> list[Transcript]:
    """Every recording there is, by name."""
    return [read_transcript(path) for path in sorted(FOLDER.glob("*.json"))]
