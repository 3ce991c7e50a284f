"""Tools that spoil the machine they run in, and ways into a machine from outside."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from controller import Controller, running
from following import follow, start
from footprint import descendants, groups_of

KILL = """
import os, signal, sys, time
def kill(name):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file: words = file.read().replace(b"\\0", b" ").split()
            if os.path.basename(words[0]) == name.encode(): os.kill(int(pid), signal.SIGKILL)
        except (OSError, IndexError): pass
for _ in range(int(sys.argv[2])):
    kill(sys.argv[1])
    time.sleep(0.7)
print("the tool gives up")
sys.exit(1)
"""
"""Kills every program of a name again and again, then ends."""

FILL = """
import itertools, pathlib, sys
try:
    for number in itertools.count():
        pathlib.Path.home().joinpath(f"fill{number}").write_bytes(bytes(4 << 20))
except OSError as error:
    sys.exit(f"cannot write: {error}")
"""
"""A file may be so long and no longer: it takes many."""

TOOLS: Mapping[str, tuple[list[str], list[str]]] = {
    "diskfull": (["python3", "-I", "-c", FILL], []),
    "browserkiller": (["python3", "-I", "-c", KILL, "chromium", "8"], []),
    "displaykiller": (["python3", "-I", "-c", KILL, "Xvnc", "12"], []),
    "absent": (["a-tool-that-is-not-there"], []),
    "refused": (["python3", "-c", "import urllib.request as u; u.urlopen('https://refused.invalid/')"], []),
    "unreachable": (
        ["python3", "-c", "import urllib.request as u; u.urlopen('https://away.invalid/')"],
        ["away.invalid"],
    ),
    "denied": (["sh", "-c", "echo 'error: access_denied: the person said no' >&2; exit 1"], []),
    "silent": (["sh", "-c", "echo thinking; exec sleep 600"], []),
}
"""Provider → what its tool does, and the sites that it may reach."""

NOWHERE = "nowhere.invalid"
_FILE = """
schema = 2
name = {name}
title = {name}
vendor = "Tests"
description = "Spoils its machine."
version = "1.0.0"
[install]
method = "agent"
[[login.flows]]
kind = "loopback"
command = {command}
url_pattern = '^https://never\\.invalid/'
[[credential.files]]
path = "~/.spoilt/credentials.json"
required = ["access_token"]
[egress]
allow = {allow}
"""


def write_providers(folder: Path) -> None:
    """A file for each of the tools."""
    for name, (command, allow) in TOOLS.items():
        text = _FILE.format(
            name=json.dumps(name), command=json.dumps(command), allow=json.dumps(allow or [NOWHERE])
        )
        (folder / f"{name}.toml").write_text(text)


@contextlib.contextmanager
def spoilt_controller(folder: Path, **settings: str) -> Iterator[Controller]:
    """A controller of containers that knows these tools."""
    write_providers(folder)
    settings = {"VESTIBULE_ISOLATION": "container", "VESTIBULE_PROVIDERS_DIR": str(folder), **settings}
    with running(**settings) as controller:
        controller.settled()
        yield controller


def failure(client: httpx.Client, provider: str) -> dict[str, Any]:
    """A sign-in that fails: its whole session."""
    session = follow(client, start(client, provider), lambda _: False)
    assert session["status"] == "failed", session
    return session


def waiting(client: httpx.Client, provider: str = "demo") -> dict[str, Any]:
    """A sign-in whose machine is confirmed and whose tool runs."""
    wanted = "awaiting_user_auth" if provider == "demo" else "ready"
    session = follow(client, start(client, provider), lambda now: now["status"] == wanted)
    assert session["status"] == wanted, session
    return session


def ended(client: httpx.Client, session: Mapping[str, Any]) -> dict[str, Any]:
    """The session once it is final."""
    return follow(client, str(session["session_id"]), lambda _: False)


def await_on_console(client: httpx.Client, vm_id: str, text: str) -> None:
    """Return once the machine's console has it; it must come before the machine's end."""
    with client.stream("GET", f"/api/vms/{vm_id}/logs/console.log/events", timeout=60) as answer:
        assert any(text in line for line in answer.iter_lines()), text


def inhabitants(client: httpx.Client, vm_id: str, program: str) -> list[int]:
    """Processes of a container, by a word of their command line."""
    pid = int(client.get(f"/api/vms/{vm_id}").json()["pid"])
    return [one for one in descendants(pid) if program.encode() in _command(one)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def kill(pids: list[int]) -> None:
    """Each of them; there must be some."""
    assert pids
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def broker_of(controller: Controller) -> list[int]:
    """The controller's broker."""
    return [pid for pid in descendants(controller.process.pid) if b"vestibule.drivers.net" in _command(pid)]


EATER = """
import sys, pathlib
for group in sys.argv[1:]:
    pathlib.Path(group, "cgroup.procs").write_text("0")
held = []
while True:
    held.append(bytearray(b"x" * (16 << 20)))
"""


def starve(vm_id: str, victims: list[int]) -> subprocess.Popen[bytes]:
    """A program that takes all of a machine's memory; the victims are who the kernel kills first for that."""
    for victim in victims:
        Path(f"/proc/{victim}/oom_score_adj").write_text("1000")
    groups = [str(group) for group in groups_of(vm_id) if _counts_memory(group)]
    assert groups
    return subprocess.Popen([sys.executable, "-c", EATER, *groups], stderr=subprocess.DEVNULL)


def _counts_memory(group: Path) -> bool:
    return any((group / name).exists() for name in ("memory.max", "memory.limit_in_bytes"))
