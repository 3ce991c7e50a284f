"""``vestibule golden`` and ``up`` on a small cache: what is printed, moved and returned."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from golden_doubles import report_of
from tiny_goldens import add_golden, add_snapshot, sign_all

from vestibule import golden_commands, main
from vestibule.cli import up
from vestibule.cli.app import run
from vestibule.core.canary import CanaryReport
from vestibule.core.errors import DiskFull
from vestibule.core.goldens import content_name
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName, Isolation
from vestibule.core.promotion import GoldenStatus
from vestibule.core.renewal import Outcome, Phase, Renewal, StepNews
from vestibule.core.sessions import Failure
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.canaries import CanaryReports
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.resources import find_resources
from vestibule.services.host import Check, HostReport
from vestibule.services.machine_settings import Choice
from vestibule.settings import Settings, load
from vestibule_agent.protocol import CONTRACT

RECIPE = read_spec(find_resources()).recipe
TODAY = RECIPE.golden_id
LAYERS = [layer.name for layer in RECIPE.layers]
OLD, OLDER = GoldenId("g-00000000000000bb"), GoldenId("g-00000000000000aa")
CONTAINER = DriverName.CONTAINER
FAILED = Failure(
    code="canary_failed", cause="Golden did not pass its canary: egress.", remedy="Mend it.", evidence={}
)


KEY = "state/golden-signing.key"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """Three goldens; today's is the newest, nothing is promoted."""
    for folder in ("cache", "state", "run"):
        monkeypatch.setenv(f"VESTIBULE_{folder.upper()}_DIR", str(tmp_path / folder))
    monkeypatch.setenv("VESTIBULE_GOLDEN_SIGNING_KEY", str(tmp_path / KEY))
    found = Cache(tmp_path / "cache")
    add_golden(found, OLDER, [*LAYERS[:1], "l-agent-older"], minute=0)
    add_golden(found, OLD, [*LAYERS[:1], "l-agent-old"], minute=1)
    add_golden(found, TODAY, LAYERS, minute=2)
    sign_all(found, tmp_path / KEY)
    return found


@pytest.fixture
def promoted(cache: Cache) -> Cache:
    """OLD is promoted, OLDER was before."""
    for golden_id in (OLDER, OLD):
        promote(golden_id)
    return cache


def promote(golden_id: GoldenId) -> None:
    golden_commands.golden_promotions(load()).promote(golden_id, why="a test")


def serving() -> GoldenId | None:
    return golden_commands.golden_promotions(load()).register.promoted


def tried(cache: Cache, golden_id: GoldenId, *, ok: bool = True) -> None:
    """Its very disks were tried with the driver of this host."""
    disks = json.loads((cache.path("goldens", golden_id) / "manifest.json").read_text())["disks"]
    subject = content_name("root", {"golden": golden_id, "disks": disks})
    keep(cache, dataclasses.replace(report_of(golden_id, CONTAINER, ok=ok), subject=subject))


def keep(cache: Cache, report: CanaryReport) -> None:
    reports = CanaryReports(cache)
    reports.finish(reports.begin(report.golden_id), report, None)


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Callable[[], Any]:
    """What was printed as JSON."""
    return lambda: json.loads(capsys.readouterr().out)


# -- list, show ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("promoted")
def test_the_list_tells_states_newest_first(out: Callable[[], Any]) -> None:
    assert run(["golden", "list", "-o", "json"]) == 0
    rows = out()
    assert [(row["golden_id"], row["status"], row["wanted"]) for row in rows] == [
        (TODAY, "candidate", True),
        (OLD, "promoted", False),
        (OLDER, "superseded", False),
    ]
    assert (rows[0]["since"], rows[0]["why"]) == (None, None)
    assert rows[1]["why"] == "a test"
    assert dt.datetime.fromisoformat(rows[1]["since"]).tzinfo is not None


@pytest.mark.usefixtures("promoted")
def test_the_list_is_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["golden", "list"]) == 0
    head, first, second, third = capsys.readouterr().out.splitlines()
    assert head.split() == ["golden", "id", "status", "wanted", "built", "at", "since", "why"]
    assert [line.split()[:2] for line in (first, second, third)] == [
        [TODAY, "candidate"],
        [OLD, "promoted"],
        [OLDER, "superseded"],
    ]


@pytest.mark.usefixtures("promoted")
def test_one_is_shown_today_s_by_default(out: Callable[[], Any]) -> None:
    assert run(["golden", "show", "-o", "json"]) == 0
    assert (shown := out())["golden_id"] == TODAY
    assert shown["tools"] == {"codex": "1.2.3"}
    assert run(["golden", "show", OLD, "-o", "json"]) == 0
    assert out()["status"] == "promoted"


@pytest.mark.usefixtures("cache")
def test_one_that_is_not_there_is_absent(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["show"], ["promote", "--untested"]):
        assert run(["golden", *command, "g-ffffffffffffffff"]) == 4
        assert "error absent: there is no golden g-ffffffffffffffff" in capsys.readouterr().err


@pytest.mark.usefixtures("promoted")
def test_a_damaged_register_is_named_by_every_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state/goldens.json").write_text("{")
    for command in (["list"], ["show"], ["promote", OLD, "--untested"], ["rollback"], ["gc"]):
        assert run(["golden", *command]) == 7
        assert "error register_damaged: " in capsys.readouterr().err


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("golden_id", ["", ".", "../../etc", "g-" + "f" * 5000, "g-xyz"])
def test_what_can_be_no_golden_s_name_is_absent(golden_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("show", "verify", "sbom", "provenance", "canary"):
        assert run(["golden", command, golden_id]) == 4
        assert "there is no golden" in capsys.readouterr().err


def test_a_damaged_manifest_is_named_and_discarded(cache: Cache, out: Callable[[], Any]) -> None:
    (cache.path("goldens", OLDER) / "manifest.json").write_text('{"golden_id": ')
    run(["golden", "verify", OLDER, "--discard", "-o", "json"])
    told = out()
    assert [(damage["product"], damage["file"]) for damage in told["damages"]] == [(OLDER, "manifest.json")]
    assert told["removed"] == [OLDER]


# -- canary ----------------------------------------------------------------------------------------------


def test_a_canary_s_checks_are_printed(cache: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    tried(cache, OLD, ok=False)
    assert run(["golden", "canary", OLD]) == 0
    verdict, evidence, head, check = capsys.readouterr().out.splitlines()
    assert evidence == f"evidence: {cache.root}/canaries/{OLD}/container"
    assert verdict.startswith("1 of 1 checks failed with container; desktop of clone 1: nobody could work")
    assert head.split() == ["name", "ok", "seconds", "detail"]
    assert check.startswith("desktop of clone 1")


def test_a_canary_is_json_when_asked(cache: Cache, out: Callable[[], Any]) -> None:
    tried(cache, TODAY)
    assert run(["golden", "canary", "-o", "json"]) == 0
    (report,) = out()
    assert (report.pop("evidence"), report.pop("passed"), report.pop("verdict")) == (
        str(cache.root / "canaries" / TODAY / "container"),
        True,
        report_of(TODAY, CONTAINER).verdict,
    )
    assert CanaryReport.from_mapping({**report, "subject": "fake"}) == report_of(TODAY, CONTAINER)


def test_the_report_of_a_golden_that_is_gone_is_read_and_listed(cache: Cache, out: Callable[[], Any]) -> None:
    tried(cache, OLD, ok=False)
    cache.discard("goldens", OLD)
    assert run(["golden", "canary", OLD, "-o", "json"]) == 0
    (report,) = out()
    assert (report["golden_id"], report["passed"]) == (OLD, False)
    assert run(["golden", "reports", "-o", "json"]) == 0
    assert out() == [report]


def test_reports_are_a_table_that_names_the_evidence(
    cache: Cache, capsys: pytest.CaptureFixture[str]
) -> None:
    tried(cache, OLD, ok=False)
    assert run(["golden", "reports"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["golden", "id", "driver", "passed", "at", "verdict", "evidence"]
    assert row.split()[:3] == [OLD, "container", "no"]
    assert row.endswith(str(cache.root / "canaries" / OLD / "container"))


@pytest.mark.usefixtures("cache")
def test_a_golden_that_was_never_tried_is_said_so(
    capsys: pytest.CaptureFixture[str], out: Callable[[], Any]
) -> None:
    assert run(["golden", "canary", OLD]) == 0
    assert capsys.readouterr().out == f"golden {OLD} was not tried on this host\n"
    assert run(["golden", "canary", OLD, "-o", "json"]) == 0
    assert out() == []


# -- promote, rollback -----------------------------------------------------------------------------------


def test_what_passed_its_canary_is_promoted(promoted: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    tried(promoted, TODAY)
    assert run(["golden", "promote", TODAY]) == 0
    assert capsys.readouterr().out == f"machines start from {TODAY}\n"
    assert serving() == TODAY


@pytest.mark.parametrize("canary", ["never run", "failed", "of other disks"])
def test_what_passed_no_canary_is_refused_unless_somebody_insists(
    promoted: Cache, capsys: pytest.CaptureFixture[str], canary: str
) -> None:
    if canary == "failed":
        tried(promoted, TODAY, ok=False)
    if canary == "of other disks":
        keep(promoted, report_of(TODAY, CONTAINER))
    assert run(["golden", "promote", TODAY]) == 5
    error = capsys.readouterr().err
    assert error.startswith(f"error golden_untested: Golden {TODAY} has not passed a canary")
    assert "promote --untested" in error
    assert serving() == OLD
    assert run(["golden", "promote", TODAY, "--untested", "-o", "json"]) == 0
    assert serving() == TODAY


def test_a_golden_of_another_contract_is_not_promoted(
    cache: Cache, capsys: pytest.CaptureFixture[str]
) -> None:
    add_golden(cache, "g-00000000000000cc", LAYERS[:1], contract=CONTRACT + 1)
    sign_all(cache, cache.root.parent / KEY)
    assert run(["golden", "promote", "g-00000000000000cc", "--untested"]) == 7
    assert "error golden_incompatible: " in capsys.readouterr().err


@pytest.mark.usefixtures("promoted")
def test_a_roll_back_returns_to_the_one_before_and_keeps_the_reason(
    out: Callable[[], Any],
) -> None:
    assert run(["golden", "rollback", "--why", "pages stay white", "-o", "json"]) == 0
    assert out() == {"promoted": OLDER}
    assert serving() == OLDER
    move = golden_commands.golden_promotions(load()).register.last(OLD)
    assert move is not None
    assert (move.to, move.why) == (GoldenStatus.ROLLED_BACK, "pages stay white")


@pytest.mark.usefixtures("cache")
def test_a_roll_back_without_a_golden_before_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    promote(OLD)
    assert run(["golden", "rollback"]) == 5
    assert capsys.readouterr().err.startswith("error no_golden_before: ")
    assert serving() == OLD


# -- gc --------------------------------------------------------------------------------------------------


@pytest.fixture
def crowded(promoted: Cache) -> Cache:
    """Two more that nobody uses, a snapshot with the older one."""
    for minute, end in enumerate("de", start=-2):
        add_golden(promoted, f"g-00000000000000d{end}", [*LAYERS[:1], f"l-agent-{end}"], minute=minute)
    add_snapshot(promoted, "snap-d", "g-00000000000000dd", LAYERS[:1])
    sign_all(promoted, promoted.root.parent / KEY)
    return promoted


def goldens_of(cache: Cache) -> set[str]:
    return {path.name for path in (cache.root / "goldens").iterdir()}


USED = {TODAY, OLD, OLDER}


def test_what_nothing_uses_is_removed(crowded: Cache, out: Callable[[], Any]) -> None:
    assert run(["golden", "gc", "--keep", "1", "-o", "json"]) == 0
    told = out()
    assert told["dry_run"] is False
    assert [(row["kind"], row["name"]) for row in told["removed"]] == [
        ("snapshots", "snap-d"),
        ("goldens", "g-00000000000000dd"),
        ("layers", "l-agent-d"),
    ]
    assert goldens_of(crowded) == {*USED, "g-00000000000000de"}


def test_a_dry_run_removes_nothing(crowded: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    before = goldens_of(crowded)
    assert run(["golden", "gc", "--keep", "1", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "g-00000000000000dd" in shown
    assert shown.splitlines()[-1] == "would free 0 MiB"
    assert goldens_of(crowded) == before


def test_a_quota_of_the_settings_counts(crowded: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_GOLDEN_QUOTA_GIB", "0.000001")
    assert run(["golden", "gc"]) == 0
    assert goldens_of(crowded) == USED


def test_fewer_than_one_cannot_be_kept(crowded: Cache) -> None:
    assert run(["golden", "gc", "--keep", "0"]) == 2
    assert len(goldens_of(crowded)) == 5


# -- build, up -------------------------------------------------------------------------------------------


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> list[Failure]:
    """The renewal of commands, without a host: it promotes, unless there is a failure in the list."""
    failures: list[Failure] = []

    async def renewed(
        settings: Settings, tell: Callable[[StepNews], None], also: Sequence[DriverName] = ()
    ) -> Renewal:
        now = dt.datetime.now(dt.UTC)
        tell(StepNews(phase=Phase.CANARY, step=f"container: egress {also}", seconds=1.0))
        begun = Renewal(golden_id=TODAY, why="a test", began_at=now)
        promotions = golden_commands.golden_promotions(settings)
        if failures:
            promotions.reject(TODAY, why=failures[0].cause)
            return begun.ended(Outcome.REJECTED, now, failures[0])
        promotions.promote(TODAY, why="its canary passed")
        return begun.ended(Outcome.PROMOTED, now)

    monkeypatch.setattr(golden_commands, "renew", renewed)
    return failures


@pytest.mark.usefixtures("promoted", "canary")
def test_a_build_ends_with_a_promotion(out: Callable[[], Any]) -> None:
    assert run(["golden", "build", "-o", "json"]) == 0
    built = out()
    assert (built["golden_id"], built["status"], built["why"]) == (TODAY, "promoted", "its canary passed")


@pytest.mark.usefixtures("promoted")
def test_a_build_shows_its_steps_and_with_snapshot_those_of_virtual_machines(
    canary: list[Failure], capsys: pytest.CaptureFixture[str]
) -> None:
    assert canary == []
    assert run(["golden", "build", "--snapshot"]) == 0
    assert "container: egress (<DriverName.QEMU: 'qemu'>,)" in capsys.readouterr().err


@pytest.mark.usefixtures("promoted", "canary")
def test_a_build_shows_the_log_when_it_is_asked_to(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    renewed = golden_commands.renew

    async def unpacked(settings: Settings, tell: Callable[[StepNews], None], also: Any = ()) -> Renewal:
        tell(StepNews(phase=Phase.BUILD, step="unpack", products=("l-base-1",)))
        (cache.root / "logs/l-base-1.log").write_text("Unpacking chromium\n")
        (cache.root / "logs/l-base-of-another.log").write_text("Unpacking emacs\n")
        return await renewed(settings, tell, also)

    (cache.root / "logs").mkdir()
    monkeypatch.setattr(golden_commands, "renew", unpacked)
    assert run(["golden", "build", "--verbose"]) == 0
    error = capsys.readouterr().err
    assert "  [1/1] unpack\n" in error
    assert "    Unpacking chromium\n" in error
    assert "emacs" not in error
    assert run(["golden", "build"]) == 0
    assert "chromium" not in capsys.readouterr().err


@pytest.fixture
def logs(cache: Cache) -> Path:
    """The logs of two products; the golden's was written to last."""
    folder = cache.root / "logs"
    folder.mkdir()
    for at, name in enumerate(("l-base-1", TODAY)):
        (folder / f"{name}.log").write_text(f"first of {name}\nlast of {name}\n")
        os.utime(folder / f"{name}.log", (at, at))
    return folder


@pytest.mark.usefixtures("logs")
def test_the_log_is_that_of_what_was_made_last_or_of_what_is_named(
    capsys: pytest.CaptureFixture[str], out: Callable[[], Any]
) -> None:
    assert run(["golden", "log"]) == 0
    assert capsys.readouterr().out == f"first of {TODAY}\nlast of {TODAY}\n"
    assert run(["golden", "log", "l-base-1", "-n", "1", "-o", "json"]) == 0
    assert out() == {"product": "l-base-1", "lines": ["last of l-base-1"]}


@pytest.mark.usefixtures("cache")
def test_without_a_build_there_is_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["golden", "log"]) == 0
    assert capsys.readouterr().out == "nothing was made on this host yet\n"
    assert run(["golden", "log", "../state/x"]) == 4


def test_a_log_is_followed_until_it_is_interrupted(logs: Path) -> None:
    command = [str(Path(sys.executable).with_name("vestibule")), "golden", "log", "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"first of {TODAY}\n"
        assert process.stdout.readline() == f"last of {TODAY}\n"
        with (logs / f"{TODAY}.log").open("a") as log:
            log.write("and on\n")
        assert process.stdout.readline() == "and on\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130


@pytest.mark.usefixtures("promoted")
def test_a_build_whose_canary_fails_is_a_failure(
    canary: list[Failure], capsys: pytest.CaptureFixture[str]
) -> None:
    canary.append(FAILED)
    assert run(["golden", "build"]) == 7
    assert f"error canary_failed: {FAILED.cause}\nFIX: Mend it.\n" in capsys.readouterr().err
    assert serving() == OLD


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[GoldenId | None]:
    """What was promoted when ``up`` started the controller; no host is looked at and nothing is served."""
    found: list[GoldenId | None] = []

    async def fit(_settings: Settings) -> None:
        """Nothing is missing."""

    monkeypatch.setattr(up, "_refuse_unfit", fit)
    monkeypatch.setattr(main, "run", lambda _settings, _given, _ready: found.append(serving()))
    return found


@pytest.mark.usefixtures("promoted", "canary")
def test_up_serves_the_golden_whose_canary_passes(started: list[GoldenId | None]) -> None:
    assert run(["up"]) == 0
    assert started == [TODAY]


@pytest.mark.usefixtures("promoted")
def test_up_does_not_try_again_what_is_promoted(
    started: list[GoldenId | None], canary: list[Failure]
) -> None:
    promote(TODAY)
    canary.append(FAILED)
    assert run(["up"]) == 0
    assert started == [TODAY]


@pytest.mark.usefixtures("promoted")
def test_up_serves_the_golden_before_when_the_new_one_s_canary_fails_and_says_so(
    started: list[GoldenId | None], canary: list[Failure], capsys: pytest.CaptureFixture[str]
) -> None:
    canary.append(FAILED)
    assert run(["up"]) == 0
    assert started == [OLD]
    error = capsys.readouterr().err
    assert FAILED.cause in error
    assert "FIX: Mend it." in error
    assert error.rstrip().endswith("The golden before is served.")


@pytest.mark.usefixtures("promoted")
def test_up_serves_the_golden_before_when_the_new_one_cannot_be_built(
    started: list[GoldenId | None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def full(*_: Any) -> Renewal:
        raise DiskFull("no room", remedy="Free some.")

    monkeypatch.setattr(golden_commands, "renew", full)
    assert run(["up"]) == 0
    assert started == [OLD]
    assert "FIX: Free some.\nThe golden before is served." in capsys.readouterr().err


@pytest.mark.usefixtures("promoted")
def test_a_damaged_golden_does_not_hide_the_others(cache: Cache, out: Callable[[], Any]) -> None:
    manifest = cache.path("goldens", OLDER) / "manifest.json"
    manifest.write_text("{")
    assert run(["golden", "list", "-o", "json"]) == 0
    assert [row["golden_id"] for row in out()] == [TODAY, OLD]


@pytest.mark.usefixtures("promoted")
def test_up_does_not_bring_back_what_was_rolled_back(
    cache: Cache, started: list[GoldenId | None], canary: list[Failure]
) -> None:
    assert canary == []
    promote(TODAY)
    tried(cache, TODAY)
    assert run(["golden", "rollback"]) == 0
    assert run(["up"]) == 0
    assert started == [OLD]


@pytest.mark.usefixtures("promoted")
def test_up_builds_nothing_where_the_policy_is_against_it(
    started: list[GoldenId | None], canary: list[Failure], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert canary == []
    monkeypatch.setenv("VESTIBULE_STALE_POLICY", "allow")
    assert run(["up"]) == 0
    assert started == [OLD]


def _nothing_promoted(_cache: Cache, _monkeypatch: pytest.MonkeyPatch) -> None:
    (load().state_dir / "goldens.json").unlink()


def _gone(cache: Cache, _monkeypatch: pytest.MonkeyPatch) -> None:
    cache.discard("goldens", OLD)


def _of_another_contract(cache: Cache, _monkeypatch: pytest.MonkeyPatch) -> None:
    cache.discard("goldens", OLD)
    add_golden(cache, OLD, LAYERS[:1], contract=CONTRACT + 1)
    sign_all(cache, cache.root.parent / KEY)


def _refused(_cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_STALE_POLICY", "refuse")


@pytest.fixture
def _spoilt(promoted: Cache, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """OLD is promoted, and cannot be served."""
    request.param(promoted, monkeypatch)


@pytest.mark.usefixtures("_spoilt")
@pytest.mark.parametrize("_spoilt", [_nothing_promoted, _gone, _of_another_contract, _refused], indirect=True)
def test_up_does_not_start_when_there_is_no_golden_before_that_can_be_served(
    started: list[GoldenId | None], canary: list[Failure], capsys: pytest.CaptureFixture[str]
) -> None:
    canary.append(FAILED)
    assert run(["up"]) == 7
    assert started == []
    error = capsys.readouterr().err
    assert f"error canary_failed: {FAILED.cause}" in error
    assert "is served" not in error


# -- doctor ----------------------------------------------------------------------------------------------


class _NothingMissing:
    async def checks(self, _choice: Choice) -> Sequence[Check]:
        return []


@pytest.fixture
def _fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that lacks nothing but, perhaps, a golden."""

    @contextlib.asynccontextmanager
    async def report(settings: Settings) -> AsyncIterator[HostReport]:
        choice = Choice(driver=CONTAINER, isolation=Isolation.CONTAINER, why="a test")
        yield HostReport(
            probe=_NothingMissing(), choice=choice, promotions=golden_commands.golden_promotions(settings)
        )

    monkeypatch.setattr(golden_commands, "host_report", report)


def golden_line(shown: dict[str, Any]) -> dict[str, Any]:
    (found,) = (check for check in shown["checks"] if check["name"] == "golden")
    return dict(found)


@pytest.mark.usefixtures("cache", "_fit")
def test_doctor_finds_a_host_without_a_promoted_golden_unfit(out: Callable[[], Any]) -> None:
    assert run(["doctor", "-o", "json"]) == 6
    line = golden_line(shown := out())
    assert (shown["fit"], shown["golden_id"], shown["golden_ready"]) == (False, TODAY, True)
    assert (line["ok"], line["needed"]) == (False, True)
    assert "vestibule golden build" in line["fix"]


@pytest.mark.usefixtures("promoted", "_fit")
def test_doctor_finds_a_host_with_a_stale_golden_fit_and_says_so(
    out: Callable[[], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "-o", "json"]) == 0
    line = golden_line(out())
    assert (line["ok"], line["needed"]) == (False, False)
    assert run(["doctor"]) == 0
    assert f"{OLD} is stale" in capsys.readouterr().out


@pytest.mark.usefixtures("promoted", "_fit")
def test_doctor_finds_today_s_golden_well(out: Callable[[], Any]) -> None:
    promote(TODAY)
    assert run(["doctor", "-o", "json"]) == 0
    assert golden_line(out())["ok"] is True
