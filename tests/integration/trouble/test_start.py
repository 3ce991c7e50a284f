"""A controller that cannot start says why and what to do, with the documented exit code."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest
from controller import VESTIBULE, running

from vestibule.cli.exit_codes import ExitCode


def _serve(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VESTIBULE_")}
    environment = inherited | {
        "VESTIBULE_STATE_DIR": str(folder / "state"),
        "VESTIBULE_RUN_DIR": str(folder / "run"),
        **settings,
    }
    return subprocess.run(
        [VESTIBULE, "serve"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


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


def test_an_address_of_another_host_is_named(tmp_path: Path) -> None:
    done = _serve(tmp_path, VESTIBULE_HOST="203.0.113.7")
    assert done.returncode == ExitCode.UNAVAILABLE
    assert "error address_unusable: " in done.stderr
    assert "\nFIX: " in done.stderr
