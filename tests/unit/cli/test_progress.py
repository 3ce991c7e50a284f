"""What a person sees while a golden is made: each step with its guess, the whole's end, the log if asked."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from vestibule.cli import progress
from vestibule.cli.progress import Lines, NumberedNews, ShownStep, about
from vestibule.core.renewal import Phase, StepNews

BEGUN = StepNews(phase=Phase.BUILD, step="unpack", to_come=1, estimate_s=40.0, left_s=200.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "about 1 s"),
        (40.4, "about 40 s"),
        (89.0, "about 89 s"),
        (90.0, "about 2 min"),
        (200, "about 3 min"),
    ],
)
def test_a_guess_is_as_coarse_as_it_is(seconds: float, text: str) -> None:
    assert about(seconds) == text


def lines(*news: StepNews) -> list[str]:
    written: list[str] = []
    numbered = NumberedNews(Lines(written.append))
    for one in news:
        numbered(one)
    return [line.rstrip("\n") for line in written]


def test_a_step_that_begins_says_how_long_it_took_the_last_time_and_all_will() -> None:
    assert lines(BEGUN, StepNews(phase=Phase.BUILD, step="unpack", seconds=37.6, to_come=1)) == [
        "  [1/2] unpack, about 40 s; about 3 min in all to go",
        "  [1/2] unpack (38 s)",
    ]


def test_what_was_never_done_has_no_guess() -> None:
    assert lines(StepNews(phase=Phase.BUILD, step="unpack")) == ["  [1/1] unpack"]


def test_a_step_that_tells_no_end_is_over_when_the_next_one_begins() -> None:
    wait, unpack = (StepNews(phase=Phase.BUILD, step=step) for step in ("wait for another", "unpack"))
    assert lines(wait, unpack) == ["  [1/1] wait for another", "  [2/2] unpack"]


def test_of_a_canary_the_first_begin_tells_its_length_and_then_the_ends() -> None:
    canary = [
        StepNews(phase=Phase.CANARY, step="container: start of clone 1", to_come=2, left_s=6.0),
        StepNews(phase=Phase.CANARY, step="container: start of clone 2", to_come=1),
        StepNews(phase=Phase.CANARY, step="container: start of clone 2", seconds=0.6, to_come=1),
        StepNews(phase=Phase.CANARY, step="container: start of clone 1", seconds=0.7, to_come=1),
        StepNews(phase=Phase.CANARY, step="qemu: start of clone 1", to_come=5),
    ]
    assert lines(*canary) == [
        "  [1/3] container: start of clone 1; about 6 s in all to go",
        "  [1/3] container: start of clone 2 (1 s)",
        "  [2/3] container: start of clone 1 (1 s)",
        "  [3/8] qemu: start of clone 1",
    ]


def test_a_line_of_the_log_is_told_from_a_step() -> None:
    written: list[str] = []
    Lines(written.append).log("Setting up chromium")
    assert written == ["    Setting up chromium\n"]


def test_what_is_being_made_is_known_for_its_log() -> None:
    news = NumberedNews(Lines(lambda _: None))
    news(StepNews(phase=Phase.BUILD, step="unpack", products=("l-base-1",)))
    news(StepNews(phase=Phase.BUILD, step="unpack", seconds=1.0))
    assert news.products == ("l-base-1",)


# -- on a terminal ---------------------------------------------------------------------------------------


def bar(*steps: ShownStep, logged: str | None = None, width: int = 160) -> str:
    """What the terminal shows after these steps."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=width, color_system=None)
    with Progress(*progress.columns(), console=console, auto_refresh=False, expand=True) as shown:
        subject = progress.Bar(shown)
        for step in steps:
            subject.show(step)
        if logged is not None:
            subject.log(logged)
        shown.refresh()
    return out.getvalue()


def test_a_terminal_counts_down_to_the_end_of_the_whole() -> None:
    seen = bar(ShownStep(name="unpack [0]", index=1, total=7, estimate_s=40.0, left_s=200.0))
    assert "unpack [0], about 40 s" in seen
    assert "0/7" in seen
    assert "about 3 min to go" in seen


def test_a_narrow_terminal_shortens_the_step_and_nothing_else() -> None:
    step = ShownStep(name="qemu: @anthropic-ai/claude-code of clone 1", index=3, total=29, left_s=200.0)
    seen = bar(step, width=80)
    assert "2/29 0:00:00 about 3 min to go" in seen
    assert "qemu: @anthropic-ai/claude" in seen
    assert "…" in seen


def test_the_countdown_goes_on_over_steps_that_bring_no_new_guess() -> None:
    first = ShownStep(name="unpack", index=1, total=2, left_s=200.0)
    assert "about 3 min to go" in bar(first, ShownStep(name="pack", index=2, total=2))


def test_a_countdown_that_has_run_out_does_not_go_below_nothing() -> None:
    assert "any moment now" in bar(ShownStep(name="pack", index=1, total=1, left_s=0.0))


def test_without_a_guess_a_terminal_shows_none() -> None:
    seen = bar(ShownStep(name="unpack", index=1, total=2))
    assert "about" not in seen
    assert "to go" not in seen


def test_a_terminal_shows_the_log_above_the_bar() -> None:
    assert "    Setting up [chromium]" in bar(
        ShownStep(name="unpack", index=1, total=2), logged="Setting up [chromium]"
    )
