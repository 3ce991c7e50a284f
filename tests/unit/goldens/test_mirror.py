from __future__ import annotations

from pathlib import Path

import pytest

from vestibule.drivers.goldens.mirror import Source, host_sources, source_lines

DEB822 = """\
Types: deb
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.test/debian-security
Suites: bookworm-security
Components: main

Types: deb-src
URIs: http://sources.test/debian
Suites: bookworm
Components: main
"""
ONE_LINE = """\
# deb http://disabled.test/debian bookworm main
deb [arch=amd64 signed-by=/x.gpg] http://other.test/node nodistro main
deb http://mirror.test/debian bookworm main contrib
"""


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_deb822_sources_are_read(apt: Path) -> None:
    (apt / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert source_lines(host_sources(apt), "trixie", ["main"], None) == [
        "deb http://mirror.test/debian trixie main",
        "deb http://mirror.test/debian trixie-updates main",
        "deb http://mirror.test/debian-security trixie-security main",
    ]


def test_one_line_sources_are_read(apt: Path) -> None:
    (apt / "sources.list").write_text(ONE_LINE)
    assert host_sources(apt) == [
        Source(uri="http://other.test/node", suite="nodistro"),
        Source(uri="http://mirror.test/debian", suite="bookworm"),
    ]


def test_a_disabled_file_is_not_read(apt: Path) -> None:
    (apt / "sources.list.d" / "debian.sources.disabled").write_text(DEB822)
    assert host_sources(apt) == []


def test_a_host_without_debian_leaves_the_choice_to_the_bootstrap(apt: Path) -> None:
    (apt / "sources.list").write_text("deb http://mirror.test/ubuntu noble main\n")
    assert source_lines(host_sources(apt), "trixie", ["main"], None) == []


def test_the_setting_wins() -> None:
    host = [Source(uri="http://mirror.test/debian", suite="bookworm")]
    assert source_lines(host, "trixie", ["main"], "http://mine.test/debian") == [
        "deb http://mine.test/debian trixie main"
    ]
