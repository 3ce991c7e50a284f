from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from vestibule_agent import tmux


def feed(lines: list[bytes]) -> list[tmux.Notification]:
    reader = tmux.ControlReader()
    return [seen for line in lines if (seen := reader.feed(line)) is not None]


def test_an_answer_is_what_stands_between_begin_and_end() -> None:
    assert feed([b"%begin 1 2 1", b"one", b"%output", b"%end 1 2 1"]) == [
        tmux.Answer(ok=True, text="one\n%output")
    ]


def test_an_error_is_told_from_an_answer() -> None:
    assert feed([b"%begin 1 2 1", b"no", b"%error 1 2 1"]) == [tmux.Answer(ok=False, text="no")]


def test_output_is_raw_bytes() -> None:
    assert feed([rb"%output %0 \033[1m\134 \303\244"]) == [tmux.Output(data=b"\x1b[1m\\ \xc3\xa4")]


def test_other_notifications_are_ignored() -> None:
    assert feed([b"%session-changed $0 v", b"%window-add @0", b""]) == []


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_a_quoted_word_never_leaves_its_line(word: str) -> None:
    assert "\n" not in tmux.quote(word)
    assert not {"$", "`", ";", "#", "~"} & set(tmux.quote(word))


def test_tmux_reads_a_quoted_word_as_it_was(tmp_path: Path) -> None:
    word = "a'b\"c\\d$HOME;#{pid}~`x` {y} ä€\n\tz"
    script = tmp_path / "script"
    script.write_text(tmux.command("set-buffer", "--", word) + "\n")
    server = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    subprocess.run([*server, "new-session", "-d", shlex.join(["sleep", "60"])], check=True)
    try:
        subprocess.run([*server, "source-file", str(script)], check=True)
        shown = subprocess.run([*server, "show-buffer"], check=True, capture_output=True).stdout
    finally:
        subprocess.run([*server, "kill-server"], check=True)
    assert shown.decode() == word
