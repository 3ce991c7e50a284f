"""Verifications: of one file and one version, kept beside the files, never believed when either changed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from pathlib import Path

import pytest

from vestibule.core.errors import BadInput
from vestibule.core.providers import Flow, Install, InstallMethod, Provider
from vestibule.core.verification import NEVER_TRIED, Outcome, TrialCheck, Verification, unverified_because
from vestibule.drivers import provider_table, providers

SHIPPED = Path(__file__).parents[2] / "providers"
AT = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def check(
    outcome: Outcome = Outcome.PASSED,
    name: str = "address",
    detail: str = "on x.test",
    flow: Flow = Flow.LOOPBACK,
) -> TrialCheck:
    return TrialCheck(name=name, flow=flow, outcome=outcome, detail=detail, seconds=1.5)


def verification(*checks: TrialCheck, version: str = "1.0.0", digest: str = "d" * 64) -> Verification:
    return Verification(provider="demo", version=version, digest=digest, at=AT, checks=checks)


DEMO = dataclasses.replace(providers.load([SHIPPED])["demo"], version="1.0.0")


def doubt(tried: Verification | None, demo: Provider = DEMO) -> str | None:
    return unverified_because(demo, "d" * 64, tried)


def test_what_passed_is_verified_as_long_as_file_and_version_are_the_same() -> None:
    assert doubt(verification(check())) is None
    assert doubt(verification(check(), version="1.0.1")) == NEVER_TRIED
    assert doubt(verification(check(), digest="e" * 64)) == NEVER_TRIED
    assert doubt(None) == NEVER_TRIED


def test_what_a_file_says_of_itself_comes_first() -> None:
    install = Install(method=InstallMethod.AGENT, unverified="nobody has an account")
    assert doubt(verification(check()), dataclasses.replace(DEMO, install=install)) == "nobody has an account"


def test_a_failure_of_any_flow_is_named_before_what_could_not_be_reached() -> None:
    wrong = check(Outcome.FAILED, "user code", "none", Flow.DEVICE)
    assert doubt(verification(check(Outcome.UNREACHABLE), wrong)) == "user code by device: none"


def test_another_flow_out_of_reach_does_not_take_the_preferred_one_s_verification() -> None:
    tried = verification(check(), check(Outcome.UNREACHABLE, flow=Flow.DEVICE))
    assert doubt(tried) is None
    assert tried.shortfall(Flow.DEVICE) == "address by device: on x.test"


def test_a_flow_that_was_not_tried_is_not_verified() -> None:
    assert doubt(verification()) == "its sign-in by loopback was not tried"


def test_a_verification_survives_its_way_through_a_file() -> None:
    tried = verification(check(), check(Outcome.UNREACHABLE))
    assert Verification.from_mapping(tried.to_mapping()) == tried


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(SHIPPED / "demo.toml", tmp_path)
    return tmp_path


def tried(folder: Path, *checks: TrialCheck) -> Verification:
    version = providers.load([folder])["demo"].version
    return verification(*checks, version=version, digest=providers.digest(folder / "demo.toml"))


def test_a_record_is_found_again_and_a_newer_one_takes_its_place(folder: Path) -> None:
    providers.record(folder, [tried(folder, check(Outcome.FAILED))])
    assert providers.doubts([folder])["demo"] == "address by loopback: on x.test"
    providers.record(folder, [tried(folder, check())])
    assert providers.doubts([folder])["demo"] is None
    assert list(providers.verifications(folder)) == ["demo"]


def test_an_edit_of_the_file_takes_its_verification_away(folder: Path) -> None:
    providers.record(folder, [tried(folder, check())])
    with (folder / "demo.toml").open("a") as file:
        file.write("# another thought\n")
    assert providers.doubts([folder])["demo"] == NEVER_TRIED


@pytest.mark.parametrize("content", ["", "{", "[7]", '[{"provider": "demo"}]', "\xff"])
def test_a_record_that_cannot_be_read_is_named(folder: Path, content: str) -> None:
    (folder / providers.VERIFICATIONS).write_bytes(content.encode("latin-1"))
    with pytest.raises(BadInput, match=providers.VERIFICATIONS):
        providers.doubts([folder])


def test_the_table_says_what_was_seen_and_keeps_its_columns(folder: Path) -> None:
    seen = check(Outcome.UNREACHABLE, detail="a|b\n<c> " + "x" * 300)
    providers.record(folder, [tried(folder, seen)])
    rows = [row for row in provider_table.table(folder).splitlines() if "`demo`" in row]
    by_loopback = next(row for row in rows if "| loopback |" in row)
    assert by_loopback.replace("\\|", "").count("|") == 7
    assert "| no | 2026-11-24 | address: unreachable, a\\|b &lt;c>" in by_loopback


def test_the_table_says_yes_of_what_was_seen(folder: Path) -> None:
    providers.record(folder, [tried(folder, check())])
    by_loopback = next(row for row in provider_table.table(folder).splitlines() if "| loopback |" in row)
    assert "| yes | 2026-11-24 | address: on x.test |" in by_loopback


def test_the_shipped_files_have_a_record_of_today_s_files() -> None:
    """Whoever changes a provider file tries it again: vestibule provider verify NAME --record."""
    for name, path in providers.files([SHIPPED]).items():
        if providers.load([SHIPPED])[name].install.unverified is None:
            assert providers.verifications(SHIPPED)[name].digest == providers.digest(path), name
