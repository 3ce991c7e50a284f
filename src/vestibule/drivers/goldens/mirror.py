"""Where Debian packages come from: the mirror that this host is already set up for, unless told otherwise."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_ONE_LINE = re.compile(r"^deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s")
_RELEASE = re.compile(
    r"^(bullseye|bookworm|trixie|forky|duke|sid|stable|oldstable|testing)(?P<pocket>-security|-updates)?$"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """One archive and one of its suites."""

    uri: str
    suite: str


def _one_line(text: str) -> Iterator[Source]:
    for line in text.splitlines():
        if found := _ONE_LINE.match(line.strip()):
            yield Source(uri=found["uri"], suite=found["suite"])


def _deb822(text: str) -> Iterator[Source]:
    for stanza in re.split(r"\n\s*\n", text):
        fields = {
            key.strip().lower(): value.split()
            for key, colon, value in (line.partition(":") for line in stanza.splitlines())
            if colon and not key.startswith("#")
        }
        if "deb" in fields.get("types", []) and fields.get("enabled") != ["no"]:
            for uri in fields.get("uris", []):
                yield from (Source(uri=uri, suite=suite) for suite in fields.get("suites", []))


def host_sources(apt: Path) -> list[Source]:
    """Every binary source that apt's folder names (``/etc/apt``)."""
    found: list[Source] = []
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if path.is_file() and path.suffix in {".list", ".sources"}:
            read = _deb822 if path.suffix == ".sources" else _one_line
            found += read(path.read_text(errors="replace"))
    return found


def source_lines(
    sources: Sequence[Source], suite: str, components: Sequence[str], override: str | None
) -> list[str]:
    """Lines of a sources.list for ``suite``: the host's archives with the suite exchanged.

    Empty when the host has no Debian archive (it may be an Ubuntu): the bootstrap's own default is used then.
    """
    if override is not None:
        return [f"deb {override} {suite} {' '.join(components)}"]
    wanted: dict[str, str] = {}
    for source in sources:
        if found := _RELEASE.match(source.suite):
            wanted.setdefault(f"{suite}{found['pocket'] or ''}", source.uri)
    if suite not in wanted:
        return []
    return [f"deb {uri} {name} {' '.join(components)}" for name, uri in wanted.items()]
