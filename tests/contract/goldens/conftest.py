"""Every claim about what keeps promotions and canaries is made of what is on a disk and of the double."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest
from golden_doubles import Canaries

from vestibule.core.canary import CanaryReport
from vestibule.core.pictures import Picture
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.canaries import CanaryReports as FileCanaries
from vestibule.services import golden_ports


class Reports(Protocol):
    """The port, and how a trial comes into it."""

    @property
    def port(self) -> golden_ports.CanaryReports: ...

    def keep(self, report: CanaryReport, picture: Picture | None) -> None: ...


class OnDisk:
    """The real one."""

    def __init__(self, root: Path) -> None:
        self.files = FileCanaries(Cache(root))

    @property
    def port(self) -> golden_ports.CanaryReports:
        return self.files

    def keep(self, report: CanaryReport, picture: Picture | None) -> None:
        self.files.finish(self.files.begin(report.golden_id), report, picture)


class InMemory:
    """The lab's."""

    def __init__(self) -> None:
        self.double = Canaries()

    @property
    def port(self) -> golden_ports.CanaryReports:
        return self.double

    def keep(self, report: CanaryReport, picture: Picture | None) -> None:
        self.double.reports[report.golden_id, report.driver] = report
        png = {} if picture is None else {report.golden_id: picture.png()}
        rest = {name: kept for name, kept in self.double.pictures.items() if name != report.golden_id}
        self.double.pictures = {**rest, **png}


@pytest.fixture(params=["disk", "double"])
def reports(request: pytest.FixtureRequest, tmp_path: Path) -> Reports:
    return OnDisk(tmp_path) if request.param == "disk" else InMemory()
