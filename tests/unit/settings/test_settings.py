"""Settings: precedence, and names or values that are refused by name."""

import os
from pathlib import Path

import pytest

from vestibule.core.errors import SettingsInvalid
from vestibule.core.machines import DriverName
from vestibule.settings import PREFIX, IsolationChoice, Settings, load


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith((PREFIX, "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def config(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "vestibule.toml"
    path.write_text(text)
    monkeypatch.setenv("VESTIBULE_CONFIG", str(path))


def test_defaults_listen_on_the_loopback_alone() -> None:
    settings = load()
    assert (settings.host, settings.port) == ("127.0.0.1", 4000)


def test_root_keeps_data_where_other_users_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    settings = load()
    assert str(settings.cache_dir) == "/var/cache/vestibule"
    assert str(settings.state_dir) == "/var/lib/vestibule"
    assert str(settings.run_dir) == "/run/vestibule"


def test_a_person_keeps_data_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    settings = load()
    assert settings.cache_dir == tmp_path / "home/.cache/vestibule"
    assert settings.run_dir == settings.state_dir / "run"


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config(tmp_path, 'port = 4100\nisolation = "vm"\n', monkeypatch)
    monkeypatch.setenv("VESTIBULE_PORT", "4200")
    settings = load()
    assert (settings.port, settings.isolation) == (4200, IsolationChoice.VM)


def test_the_file_in_the_home_folder_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "home/.config/vestibule"
    folder.mkdir(parents=True)
    (folder / "vestibule.toml").write_text("max_machines = 3\n")
    assert load().max_machines == 3


def test_a_misspelt_variable_is_refused_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_MACHINE_MEMORY_MIB", "2048")
    with pytest.raises(SettingsInvalid) as caught:
        load()
    assert "VESTIBULE_MACHINE_MEMORY_MIB" in caught.value.cause
    assert "VESTIBULE_MACHINE_MEM_MIB" in caught.value.remedy


def test_a_misspelt_line_of_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config(tmp_path, "prot = 4000\n", monkeypatch)
    with pytest.raises(SettingsInvalid) as caught:
        load()
    assert "prot" in caught.value.cause
    assert "port" in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("MACHINE_CIDR", "192.168.100.1/24"),
        ("ISOLATION", "chroot"),
        ("STATE_DIR", "relative/folder"),
        ("MAX_MACHINES", "0"),
        ("HOST", ""),
        ("MACHINE_UID", "4294967295"),
        ("MACHINE_GID", "99999999999"),
        ("MACHINE_CIDR", "224.0.0.0/24"),
        ("MACHINE_CIDR", "127.0.0.0/8"),
        ("INTERNAL_SITES", '{"x": 1}'),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}{name}", value)
    with pytest.raises(SettingsInvalid) as caught:
        load()
    assert name.lower() in str(caught.value).lower()


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config(tmp_path, "port: 4000\n", monkeypatch)
    with pytest.raises(SettingsInvalid):
        load()


def test_a_named_file_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_CONFIG", "/nonexistent.toml")
    with pytest.raises(SettingsInvalid) as caught:
        load()
    assert "/nonexistent.toml" in caught.value.cause


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1


def test_each_driver_has_its_own_deadline() -> None:
    settings = Settings(vm_confirm_timeout_s=7, container_confirm_timeout_s=3)
    assert settings.confirm_timeout_s(DriverName.QEMU) == 7
    assert settings.confirm_timeout_s(DriverName.CONTAINER) == 3


def test_goldens_are_made_for_drivers_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_GOLDEN_DRIVERS", '["fake"]')
    with pytest.raises(SettingsInvalid, match=r"golden_drivers: .*fake machines are for tests"):
        load()
    monkeypatch.setenv("VESTIBULE_GOLDEN_DRIVERS", '["qemu"]')
    assert load().golden_drivers == (DriverName.QEMU,)
