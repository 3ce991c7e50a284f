"""A golden's machine is saved when it is idle; on a host that never lets it be, it is saved all the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from vestibule.drivers.machines.qemu.process import QemuProcess
from vestibule.drivers.machines.qemu.template import Quiet, grow_quiet

pytestmark = pytest.mark.anyio
QUIET = Quiet(settle_s=5.0, window_s=0.3, windows=3, idle_share=0.02)
"""On a host that runs much besides, one that never rests gets a twentieth of a core, but not nothing."""


@pytest.fixture
def template(request: pytest.FixtureRequest) -> Iterator[QemuProcess]:
    with subprocess.Popen([sys.executable, "-c", request.param]) as process:
        yield cast("QemuProcess", SimpleNamespace(pid=process.pid))
        process.kill()


@pytest.mark.parametrize("template", ["import time; time.sleep(60)"], indirect=True)
async def test_an_idle_machine_is_quiet(template: QemuProcess) -> None:
    assert await grow_quiet(template, QUIET)


@pytest.mark.parametrize("template", ["while True: pass"], indirect=True)
async def test_a_machine_that_never_rests_is_taken_as_it_is(template: QemuProcess) -> None:
    assert not await grow_quiet(template, QUIET)
