"""Settings as the operator sees them: value, default, source; never a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from vestibule.core.settings_report import SettingSource, ShownSetting
from vestibule.settings import OTHER_VARIABLES, Settings
from vestibule.settings_report import report

S = SettingSource


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A file and a few variables, in force."""
    file = tmp_path / "vestibule.toml"
    file.write_text('port = 4711\nmax_machines = 7\nwebhook_url = "https://hooks.example.com/visibly-fake"\n')
    given = {
        "HOME": str(tmp_path),
        "VESTIBULE_CONFIG": str(file),
        "VESTIBULE_PORT": "4712",
        "VESTIBULE_VAULT_KEY": "visibly-fake" * 4,
        "VESTIBULE_OTLP_ENDPOINT": "https://me:visibly-fake@collector.example.com/v1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


@pytest.fixture
def shown(environ: dict[str, str]) -> dict[str, ShownSetting]:
    return {setting.name: setting for setting in report(Settings(), environ).settings}


def test_every_setting_and_every_other_variable_is_told(shown: dict[str, ShownSetting]) -> None:
    assert set(shown) == {*Settings.model_fields, *OTHER_VARIABLES}
    assert all(setting.text for setting in shown.values())


@pytest.mark.parametrize(
    ("name", "value", "default", "source"),
    [
        ("port", "4712", "4000", S.ENVIRONMENT),
        ("max_machines", "7", "16", S.FILE),
        ("host", "127.0.0.1", "127.0.0.1", S.DEFAULT),
        ("golden_drivers", None, None, S.DEFAULT),
        ("liveness_s", "8", "8", S.DEFAULT),
        ("isolation", "auto", "auto", S.DEFAULT),
    ],
)
def test_a_setting_has_a_value_a_default_and_a_source(
    shown: dict[str, ShownSetting], name: str, value: str | None, default: str | None, source: SettingSource
) -> None:
    found = shown[name]
    assert (found.value, found.default, found.source) == (value, default, source)


def test_settings_stand_with_what_they_are_a_part_of(shown: dict[str, ShownSetting]) -> None:
    groups = {name: shown[name].group for name in ("port", "max_machines", "liveness_s", "VESTIBULE_CONFIG")}
    assert list(groups.values()) == ["controller", "room", "deadlines", "environment"]


def test_of_secrets_only_whether_they_are_set_is_told(shown: dict[str, ShownSetting]) -> None:
    assert "visibly-fake" not in repr(shown)
    for name, is_set in (("webhook_url", True), ("VESTIBULE_VAULT_KEY", True), ("VESTIBULE_TOKEN", False)):
        assert (shown[name].secret, shown[name].value, shown[name].is_set) == (True, None, is_set)


def test_an_address_is_shown_without_its_password(shown: dict[str, ShownSetting]) -> None:
    assert shown["otlp_endpoint"].value == "https://(hidden)@collector.example.com/v1"


def test_the_file_that_was_read_is_named(environ: dict[str, str]) -> None:
    assert report(Settings(), environ).file == environ["VESTIBULE_CONFIG"]


def test_there_may_be_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VESTIBULE_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = report(Settings(), {"XDG_CONFIG_HOME": str(tmp_path)})
    assert found.file in {None, "/etc/vestibule/vestibule.toml"}
