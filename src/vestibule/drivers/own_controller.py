"""A controller as a child process, with folders and a port of its own: it is measured from outside.

It is told to end when this process does, however that ends.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from vestibule.core.errors import HostUnfit

UP_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0
_LOOK_S = 0.1
_LAST_LINES = 5
_SERVE = "from vestibule.cli.app import main; main()"


class OwnController:
    """Started by ``own_controller``."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        """``variables`` win over what this process's environment says."""
        self.state_dir, self.run_dir, self.tmp_dir = (folder / name for name in ("state", "run", "tmp"))
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._log = folder / "controller.log"
        self.tmp_dir.mkdir(exist_ok=True)
        self.tmp_dir.chmod(0o1777)
        environment = {
            **os.environ,
            "VESTIBULE_STATE_DIR": str(self.state_dir),
            "VESTIBULE_RUN_DIR": str(self.run_dir),
            "VESTIBULE_PORT": str(port),
            "TMPDIR": str(self.tmp_dir),
            **variables,
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", sys.executable, "-c", _SERVE, "serve"],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Of the controller itself."""
        return self._process.pid

    @property
    def demo_socket(self) -> Path:
        """Where the demo's provider answers."""
        return self.run_dir / "demo.sock"

    def await_up(self) -> None:
        """Return once it answers.  Raises HostUnfit ``controller_not_started`` with its last words."""
        deadline = time.monotonic() + UP_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/livez", trust_env=False).is_success and self._token_path.exists():
                    return
            time.sleep(_LOOK_S)
        raise HostUnfit(
            f"A controller of its own did not start: {self._last_words()}",
            remedy="Run vestibule doctor; the settings are this host's but folders and port.",
            code="controller_not_started",
        )

    @property
    def token(self) -> str:
        """Of its operator."""
        return self._token_path.read_text().strip()

    def add_user(self, name: str) -> str:
        """Add a user; an API token of theirs."""
        operator = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60) as client:
            link = _done(client.post("/api/users", json={"name": name}, headers=operator))["url"]
            _done(client.post("/api/sign-in", json={"token": re.sub(r"^.*#token=", "", link)}))
            return _done(client.post("/api/tokens", json={"label": "soak"}))["secret"]

    def stop(self) -> None:
        """SIGTERM, as a supervisor would; killed when that does not end it."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def _token_path(self) -> Path:
        return self.state_dir / "cli-token"

    def _last_words(self) -> str:
        return " | ".join(self._log.read_text(errors="replace").splitlines()[-_LAST_LINES:]) or "no word"


@contextlib.contextmanager
def own_controller(folder: Path, variables: Mapping[str, str]) -> Iterator[OwnController]:
    """One that answers; ended afterwards.  ``folder`` is empty or an earlier one's, and stays."""
    controller = OwnController(folder, variables)
    try:
        controller.await_up()
        yield controller
    finally:
        controller.stop()


def free_port() -> int:
    """One of loopback that nobody has at this moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _done(answer: httpx.Response) -> dict[str, str]:
    answer.raise_for_status()
    return dict(answer.json())
