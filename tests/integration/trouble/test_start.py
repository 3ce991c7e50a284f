"""A controller that cannot start says why and what to do, with the documented exit code."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from pathlib import Path

import httpx
import pytest
from controller import VESTIBULE, running
from vault_lab import open_vault_lab

from vestibule.cli.exit_codes import ExitCode
from vestibule.drivers.db.engine import DATABASE
from vestibule.drivers.db.migrate import open_database
from vestibule.drivers.master_keys import VAULT_KEY, FileKeyRing


def _serve(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VESTIBULE_")}
    environment = inherited | {
        "VESTIBULE_STATE_DIR": str(folder / "state"),
        "VESTIBULE_RUN_DIR": str(folder / "run"),
        **settings,
    }
    return subprocess.run(
        [VESTIBULE, "serve"],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = _serve(tmp_path, VESTIBULE_PORT=str(port))
    assert done.returncode == ExitCode.UNAVAILABLE
    assert f"error port_taken: Port {port} of 127.0.0.1 is taken by another program." in done.stderr
    assert f"\nFIX: End it (ss -ltnp 'sport = :{port}' names it)" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_second_controller_on_the_same_state_is_refused() -> None:
    with running(VESTIBULE_ISOLATION="container") as first:
        done = _serve(first.folder, VESTIBULE_PORT=str(first.port))
        assert done.returncode == ExitCode.CONFLICT
        assert "error controller_running: " in done.stderr
        assert "\nFIX: " in done.stderr
        with first.client() as client:
            assert client.get("/api/me").status_code == 200


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("VESTIBULE_STATE_DIR", "/etc/passwd", "state_dir_unusable"),
        ("VESTIBULE_STATE_DIR", "/proc/nonesuch", "state_dir_unusable"),
        ("VESTIBULE_RUN_DIR", "/etc/passwd", "run_dir_unusable"),
        ("VESTIBULE_RUN_DIR", "/var/" + "long/" * 30, "run_dir_unusable"),
    ],
)
def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path, variable: str, value: str, code: str) -> None:
    done = _serve(tmp_path, **{"VESTIBULE_PORT": "4871", variable: value})
    assert f"error {code}: " in done.stderr
    assert "\nFIX: " in done.stderr
    assert "Traceback" not in done.stderr


def _sealed(state: Path) -> None:
    """A state folder with one credential, under the key in it."""

    async def seal() -> None:
        database = await open_database(state / DATABASE)
        async with open_vault_lab(database, FileKeyRing(state / VAULT_KEY, os.urandom)) as lab:
            await lab.sealed(await lab.user("ann"))

    asyncio.run(seal())


def test_a_database_without_its_master_key_is_refused_and_no_key_is_made(tmp_path: Path) -> None:
    state = tmp_path / "state"
    _sealed(state)
    (state / VAULT_KEY).unlink()
    done = _serve(tmp_path, VESTIBULE_PORT="4872")
    assert done.returncode == ExitCode.UNAVAILABLE
    assert "error vault_key_unknown: " in done.stderr
    assert "\nFIX: Give back the key" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (state / VAULT_KEY).exists()


def test_a_key_that_is_given_must_be_the_database_s(tmp_path: Path) -> None:
    state, other = tmp_path / "state", os.urandom(32).hex()
    _sealed(state)
    given = {"VESTIBULE_VAULT_KEY_SOURCE": "env", "VESTIBULE_VAULT_KEY": other}
    done = _serve(tmp_path, VESTIBULE_PORT="4873", **given)
    assert "error vault_key_unknown: " in done.stderr
    assert other not in done.stderr


def test_no_key_where_one_is_to_be_given_is_named_before_anything_is_made(tmp_path: Path) -> None:
    for source, where in (("env", "in VESTIBULE_VAULT_KEY"), ("stdin", "on standard input")):
        done = _serve(tmp_path, VESTIBULE_VAULT_KEY_SOURCE=source)
        assert done.returncode == ExitCode.BAD_INPUT
        assert f"error vault_key_invalid: There is no master key {where}" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_controller_whose_key_comes_on_standard_input_rotates_it(tmp_path: Path) -> None:
    """First the new key, then the present one; neither is in arguments or environment of anything."""
    state, keys = tmp_path / "state", tmp_path / "keys"
    _sealed(state)
    old, new = (state / VAULT_KEY).read_bytes().hex(), os.urandom(32).hex()
    (state / VAULT_KEY).unlink()
    keys.write_text(f"{new}\n{old}\n")
    settings = {"VESTIBULE_STATE_DIR": str(state), "VESTIBULE_VAULT_KEY_SOURCE": "stdin"}
    shell = ("sh", "-c", 'exec "$@" <"$0"', str(keys))
    with running(*shell, VESTIBULE_ISOLATION="container", **settings) as controller:
        token = (state / "cli-token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        asked = httpx.post(f"{controller.url}/api/vault/rotation", headers=headers, trust_env=False)
        assert (asked.status_code, asked.json()["rewrapped"], asked.json()["finished"]) == (200, 1, True)
        for what in ("environ", "cmdline"):
            seen = Path(f"/proc/{controller.process.pid}/{what}").read_text()
            assert not any(key in seen for key in (old, new))
        controller.stop()
        keys.write_text(new)
        controller.start_again()
    assert not (state / VAULT_KEY).exists()


def test_an_address_of_another_host_is_named(tmp_path: Path) -> None:
    done = _serve(tmp_path, VESTIBULE_HOST="203.0.113.7")
    assert done.returncode == ExitCode.UNAVAILABLE
    assert "error address_unusable: " in done.stderr
    assert "\nFIX: " in done.stderr
