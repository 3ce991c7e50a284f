"""Chromium's own sandbox is on inside a container: its renderers are confined once more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from vestibule.core.machines import Limits
from vestibule.drivers.machines.container.driver import LOG_NAME, ContainerMachine
from vestibule.services.ports import MachineRequest

CHROMIUM = "/usr/lib/chromium/chromium"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Debian's Chromium is not on this host"),
]

LOOK = """
import json, os, subprocess, time
browser = subprocess.Popen(
    ["/usr/lib/chromium/chromium", "--headless=new", "--disable-gpu", "--no-first-run",
     "--user-data-dir=/home/person/profile", "about:blank"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
end = time.monotonic() + 60
while time.monotonic() < end:
    for name in os.listdir("/proc"):
        try:
            words = open(f"/proc/{name}/cmdline").read() if name.isdigit() else ""
            if "--type=renderer" in words:
                status = dict(line.split(":", 1) for line in open(f"/proc/{name}/status"))
                filters = int(status["Seccomp_filters"])
                mine = int(dict(l.split(":", 1) for l in open("/proc/self/status"))["Seccomp_filters"])
                if filters > mine:
                    print(json.dumps({"pids": status["NSpid"].split(), "filters": filters, "mine": mine,
                                      "mode": status["Seccomp"].strip()}), flush=True)
                    raise SystemExit
        except (OSError, KeyError):
            pass
    time.sleep(0.05)
print("{}")
"""


async def test_a_renderer_has_its_own_filter_and_process_namespace(
    start: Callable[..., Awaitable[ContainerMachine]], new_request: Callable[..., MachineRequest]
) -> None:
    request = new_request(limits=Limits(mem_mib=1024, vcpus=2, pids=512))
    machine = await start(request, "/usr/bin/python3", "-I", "-c", LOOK)
    await asyncio.wait_for(machine.wait(), 90)
    await machine.stop()
    renderer = json.loads((request.run_dir / LOG_NAME).read_text().splitlines()[0])
    assert renderer["mode"] == "2"
    assert renderer["filters"] > renderer["mine"]
    assert len(renderer["pids"]) > 1  # in the container's namespace, and in Chromium's own
