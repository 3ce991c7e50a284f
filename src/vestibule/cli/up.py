"""``vestibule up``: from an installed host to a running controller and a link to sign in with."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from vestibule.cli.controller import default_url, token_path
from vestibule.cli.golden import renew
from vestibule.cli.output import moment
from vestibule.client import Controller, segment
from vestibule.core.errors import GoldenFailed, HostUnfit, Unavailable
from vestibule.settings import Settings, load

DASHBOARD = "/dashboard/remote-cli"


def up(
    check: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool, typer.Option("--check", help="Stop again as soon as the controller is ready.")
    ] = False,
) -> None:
    """Build the golden when it is missing, start the controller, print how to sign in."""
    from vestibule import main, vaults  # noqa: PLC0415 (loads the whole controller; most commands do without)

    settings = load()
    given = vaults.given_keys(settings)
    asyncio.run(_refuse_unfit(settings))
    _make_current(settings)

    async def ready(stop: asyncio.Event) -> None:
        print(await asyncio.to_thread(_welcome, settings), flush=True)
        if check:
            stop.set()

    main.run(settings, given, ready)


async def _refuse_unfit(settings: Settings) -> None:
    """Say what is missing before minutes are spent on a build."""
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    async with golden_commands.host_report(settings) as report:
        lacking = [check for check in await report.host_checks() if check.needed and not check.ok]
    if lacking:
        raise HostUnfit(
            "; ".join(f"{check.name}: {check.detail}" for check in lacking),
            remedy=" ".join(check.fix for check in lacking if check.fix),
        )


def _make_current(settings: Settings) -> None:
    """Build, try and promote; where that fails, an older golden that can be served does meanwhile."""
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    if golden_commands.is_settled(settings):
        return
    try:
        if not asyncio.run(golden_commands.is_current(settings)):
            renew(settings)
    except (GoldenFailed, Unavailable) as error:
        if not _is_one_served(settings):
            raise
        print(f"{error}\nFIX: {error.remedy}\nThe golden before is served.", file=sys.stderr)


def _is_one_served(settings: Settings) -> bool:
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    try:
        golden_commands.golden_promotions(settings).serving()
    except GoldenFailed:
        return False
    return True


def _welcome(settings: Settings) -> str:
    """Ask the controller, which is up, for a one-time link of its first user."""
    with Controller(default_url(settings), token_path(settings).read_text().strip()) as controller:
        name = controller.get("/api/me")["name"]
        link = controller.post(f"/api/users/{segment(name)}/link")
    address = f"{str(settings.public_url or default_url(settings)).rstrip('/')}{DASHBOARD}"
    lines = (
        ("Dashboard", address),
        (f"Sign in, once, as {name}", link["url"]),
        ("", f"until {moment(link['expires_at'])}; another: vestibule user link {name}"),
        ("Command line", shutil.which("vestibule") or str(Path(sys.argv[0]).absolute())),
        ("Stop", "Ctrl-C"),
    )
    width = max(len(label) for label, _ in lines)
    return "\nVestibule is up.\n" + "".join(f"  {label:<{width}}  {text}\n" for label, text in lines)
