"""``vestibule credentials``: what sign-ins brought, sealed."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

from vestibule.cli.controller import Url, connect
from vestibule.cli.output import Output, OutputFormat, print_json, print_rows
from vestibule.core.errors import BadInput, Conflict

app = typer.Typer(help="Sealed credentials.", no_args_is_help=True)

_COLUMNS = ("credential_id", "provider", "account", "expires_at", "sealed_at")


@app.command("list")
def list_(url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Your credentials, newest first, without their content."""
    with connect(url) as controller:
        print_rows(controller.get_list("/api/credentials"), _COLUMNS, output)


@app.command()
def export(
    credential_id: str,
    to: Annotated[
        Path | None, typer.Option(help="Folder (a home) to write the files into; unset: print them.")
    ] = None,
    url: Url = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Unseal a credential of yours: print its files, or write them with their modes."""
    with connect(url) as controller:
        exported = controller.post(f"/api/credentials/{credential_id}/export")
    if to is not None:
        written = [str(_write(to, file)) for file in exported["files"]]
        print_rows([{"path": path} for path in written], ("path",), output)
    elif output is OutputFormat.JSON:
        print_json(exported)
    else:
        for file in exported["files"]:
            print(f"# {file['path']} (mode {file['mode']:04o})")
            print(base64.b64decode(file["content"]).decode(errors="replace"))


def _write(home: Path, file: Mapping[str, Any]) -> Path:
    """Write one file below ``home``, never over another one, readable as the tool had it."""
    path = home / _below_home(file["path"])
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, file["mode"] & 0o700)
    except FileExistsError as error:
        raise Conflict(
            f"{path} exists already",
            remedy="Move it away, or export into another folder.",
            code="file_exists",
        ) from error
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(base64.b64decode(file["content"]))
    return path


def _below_home(text: str) -> PurePosixPath:
    path = PurePosixPath(text.removeprefix("~/"))
    if path.is_absolute():
        path = path.relative_to(PurePosixPath(*path.parts[:3]))  # /home/person/…
    if ".." in path.parts or path == PurePosixPath():
        raise BadInput(f"{text} is no path below a home folder", remedy="Export it without --to.")
    return path
