"""A real controller in a process of its own, with state, run folder and port of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

VESTIBULE = str(Path(sys.executable).with_name("vestibule"))
UP_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 30.0
LAST_WORDS_S = 1.0
"""For what a controller that has ended wrote; its broker may go on, and hold the same pipe."""

_FILES_ONLY = """
file=$(mktemp) && chmod 0644 "$file" && echo 'hosts: files' >"$file" &&
mount --bind "$file" /etc/nsswitch.conf && rm "$file" && exec "$@"
"""
WITHOUT_NAMES = ("unshare", "--mount", "sh", "-c", _FILES_ONLY, "sh") if os.geteuid() == 0 else ()
"""Runs a program whose resolver asks no server, wherever the tests run; empty where only root could."""


class Controller:
    """Started by ``running``; its log is read as it is written."""

    def __init__(self, folder: Path, settings: Mapping[str, str], wrapper: Sequence[str] = ()) -> None:
        self.folder = folder
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log: list[str] = []
        self._settings = settings
        self._wrapper = wrapper
        self._start()

    def _start(self) -> None:
        self._up = threading.Event()
        self.process = subprocess.Popen(
            [*self._wrapper, VESTIBULE, "serve"],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, args=(self.process, self._up), daemon=True)
        self._reader.start()

    @property
    def environment(self) -> dict[str, str]:
        """For commands that speak to this controller."""
        inherited = {name: value for name, value in os.environ.items() if _is_inherited(name)}
        return inherited | {
            "VESTIBULE_STATE_DIR": str(self.folder / "state"),
            "VESTIBULE_RUN_DIR": str(self.folder / "run"),
            "VESTIBULE_PORT": str(self.port),
            **self._settings,
        }

    def _read(self, process: subprocess.Popen[str], up: threading.Event) -> None:
        """Until the last one that writes there has ended: a broker that goes on is one of them."""
        if process.stdout is not None:
            with process.stdout:
                for line in process.stdout:
                    self.log.append(line)
                    if "Controller is up" in line:
                        up.set()
        up.set()

    def await_up(self) -> None:
        """Return when it answers; show its log when it does not."""
        assert self._up.wait(UP_TIMEOUT_S), "".join(self.log)
        assert self.process.poll() is None, "".join(self.log)

    def client(self) -> httpx.Client:
        """An HTTP client that signs in with the operator's token."""
        token = (self.folder / "state/cli-token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def settled(self) -> dict[str, Any]:
        """The goldens' state once one is promoted or the renewal has ended that should have come to that."""
        with self.client() as client, client.stream("GET", "/api/goldens/events") as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    state = json.loads(line.removeprefix("data: "))
                    renewal = state["renewal"] or {"outcome": state["promoted"]}
                    if renewal["outcome"]:
                        return dict(state)
        raise AssertionError("".join(self.log))

    def sign_in_link(self) -> str:
        """A one-time link of the operator."""
        with self.client() as client:
            name = client.get("/api/me").json()["name"]
            return str(client.post(f"/api/users/{name}/link").json()["url"])

    def command(self, *arguments: str) -> Any:
        """The JSON that a ``vestibule`` command prints."""
        done = subprocess.run(
            [VESTIBULE, *arguments, "-o", "json"],
            env=self.environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def stop(self) -> None:
        """SIGTERM, as a supervisor would."""
        self.process.terminate()
        self._reap()

    def break_off(self) -> None:
        """SIGKILL, as a lack of memory would."""
        self.process.kill()
        self._reap()

    def leave(self) -> None:
        """SIGUSR1: it stops, and its machines do not."""
        self.process.send_signal(signal.SIGUSR1)
        self._reap()

    def start_again(self) -> None:
        """On the same folders and port, after its end."""
        self._start()
        self.await_up()

    def _reap(self) -> None:
        self.process.wait(STOP_TIMEOUT_S)
        self._reader.join(LAST_WORDS_S)


def _is_inherited(name: str) -> bool:
    """No setting but the cache, where the goldens are that these tests have built."""
    return name == "VESTIBULE_CACHE_DIR" or not name.startswith("VESTIBULE_")


@contextlib.contextmanager
def running(*wrapper: str, **settings: str) -> Iterator[Controller]:
    """A controller that answers, started by ``wrapper`` if given; ended and its folder removed afterwards.

    The folder is not pytest's, whose parents other users may not enter: machines run as one of those.
    """
    with tempfile.TemporaryDirectory(prefix="vestibule-e2e-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        controller = Controller(folder, settings, wrapper)
        try:
            controller.await_up()
            yield controller
        finally:
            controller.stop()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
