"""Another part of the composition root: a controller of a soak's own, and what is looked at of it.

::

    settings ─▶ child process `vestibule serve` (folders and port of its own, this host's goldens)
                   └── looked at from outside: HTTP, the demo's provider, /proc, its folders
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from vestibule.core.machines import DriverName
from vestibule.core.soak import Stock
from vestibule.drivers.demo_person import DemoPerson
from vestibule.drivers.own_controller import OwnController, own_controller
from vestibule.drivers.stock import become_reaper, take_stock
from vestibule.laboratory.app import HOST as DEMO_HOST

_ISOLATION = {DriverName.CONTAINER: "container", DriverName.QEMU: "vm"}
_EVIDENCE = "evidence"
"""Of the state folder: kept of every machine on purpose, and bounded by the controller itself."""


class SoakedController:
    """What a soak needs of its controller."""

    def __init__(self, controller: OwnController) -> None:
        self._controller = controller
        self.url = controller.url
        self.token = controller.token
        """Of the operator."""

    def add_user(self, name: str) -> str:
        """Add a user; an API token of theirs: each may have one sign-in of a tool open."""
        return self._controller.add_user(name)

    def person(self) -> DemoPerson:
        """Somebody who signs in to the demo's provider; for one thread."""
        return DemoPerson(self._controller.demo_socket, DEMO_HOST)

    def stock(self) -> Stock:
        """What it has of the host now."""
        one = self._controller
        folders = {"run": one.run_dir, "state": one.state_dir, "tmp": one.tmp_dir}
        return take_stock(one.pid, folders, [one.state_dir / _EVIDENCE])


@contextlib.contextmanager
def soaked_controller(driver: DriverName) -> Iterator[tuple[SoakedController, Path]]:
    """A controller for machines of this driver, and its folder, which is removed unless this block raises.

    Raises HostUnfit ``controller_not_started``.
    """
    become_reaper()
    folder = Path(tempfile.mkdtemp(prefix="vestibule-soak-"))
    folder.chmod(0o711)  # machines run as another user, who has to come by
    variables = {
        "VESTIBULE_ISOLATION": _ISOLATION[driver],
        "VESTIBULE_VAULT_KEY_SOURCE": "file",
        "VESTIBULE_CREDENTIAL_WARN_H": "0",
    }
    with own_controller(folder, variables) as controller:
        yield SoakedController(controller), folder
    shutil.rmtree(folder, ignore_errors=True)
