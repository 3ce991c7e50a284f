"""``vestibule vm``: machines."""

from __future__ import annotations

from typing import Annotated

import typer

from vestibule.cli.controller import Url, connect
from vestibule.cli.drivers import RealDriver
from vestibule.cli.failure_block import print_with_failure
from vestibule.cli.output import Output, OutputFormat, print_done, print_one, print_rows
from vestibule.cli.timelines import print_timeline
from vestibule.client import segment

app = typer.Typer(help="Machines, with or without a sign-in.", no_args_is_help=True)

_COLUMNS = (
    "vm_id",
    "driver",
    "isolation",
    "status",
    "paused",
    "warmth",
    "error_code",
    "vm_ip",
    "session_id",
    "created_at",
)

Driver = Annotated[
    RealDriver | None, typer.Option(help="How to run it; unset: the host's choice (see doctor).")
]


@app.command()
def start(driver: Driver = None, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Start a machine without a sign-in."""
    with connect(url) as controller:
        print_one(controller.post("/api/vms", {"driver": driver}), output)


@app.command("list")
def list_(url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Your machines, newest first."""
    with connect(url) as controller:
        print_rows(controller.get_list("/api/vms"), _COLUMNS, output)


@app.command()
def show(vm_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """One machine, whole."""
    with connect(url) as controller:
        print_with_failure(controller.get(f"/api/vms/{segment(vm_id)}"), output)


@app.command()
def timeline(vm_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """What a machine went through, step by step, with its seconds."""
    with connect(url) as controller:
        print_timeline(controller, f"/api/vms/{segment(vm_id)}/timeline", output)


@app.command()
def stop(vm_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Destroy a machine."""
    with connect(url) as controller:
        machine = controller.delete(f"/api/vms/{segment(vm_id)}")
    print_done(machine, f"{vm_id} is {machine['status']}.", output)
