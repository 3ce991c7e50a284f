"""``vestibule credentials``: what sign-ins brought, sealed."""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

from vestibule.cli.controller import Url, connect
from vestibule.cli.output import (
    Output,
    OutputFormat,
    one_line,
    print_done,
    print_json,
    print_one,
    print_rows,
    printable,
)
from vestibule.client import Controller, Row, segment
from vestibule.core.errors import Absent, BadInput, Conflict
from vestibule_agent.protocol import MAX_CREDENTIAL_BYTES

app = typer.Typer(help="Sealed credentials.", no_args_is_help=True)

_COLUMNS = (
    "credential_id",
    "provider",
    "account",
    "usable_until",
    "expires_soon",
    "sealed_at",
    "custody",
    "holder",
    "doubt",
)

Folder = Annotated[
    Path | None, typer.Option(help="Folder (a home) to write the files into; unset: print them.")
]
Holder = Annotated[
    str,
    typer.Option(
        help="The name of who holds it.", default_factory=platform.node, show_default="this host's name"
    ),
]


@app.command("list")
def list_(url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Your credentials, newest first, without their content."""
    with connect(url) as controller:
        print_rows(controller.get_list("/api/credentials"), _COLUMNS, output)


@app.command()
def show(credential_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """One credential without its content: who holds it since when, and who did before."""
    with connect(url) as controller:
        credential = controller.get(f"/api/credentials/{segment(credential_id)}")
    if output is OutputFormat.JSON:
        print_json(credential)
        return
    print_one({name: value for name, value in credential.items() if name != "history"}, output)
    print()
    print_rows(credential["history"], ("at", "custody", "holder"), output)


@app.command()
def export(
    credential_id: str, to: Folder = None, url: Url = None, output: Output = OutputFormat.TABLE
) -> None:
    """Unseal a credential of yours: print its files, or write them with their modes."""
    with connect(url) as controller:
        exported = controller.post(f"/api/credentials/{segment(credential_id)}/export")
    _hand_over(exported, to, output)


@app.command()
def checkout(
    credential_id: str,
    holder: Holder,
    to: Folder = None,
    url: Url = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Take a credential out for one holder, as export does; nobody else gets it until it is returned."""
    with connect(url) as controller:
        opened = controller.post(f"/api/credentials/{segment(credential_id)}/checkout", {"holder": holder})
        try:
            _hand_over(opened, to, output)
        except BaseException:
            # Its files are nowhere: held by nobody who could return it, it would stay checked out.
            controller.post(f"/api/credentials/{segment(credential_id)}/return", {"holder": holder})
            raise


@app.command("return")
def return_(  # noqa: PLR0917 (typer makes options of them)
    credential_id: str,
    holder: Holder,
    file: Annotated[
        Path | None,
        typer.Option(allow_dash=True, help="The tool's own file of tokens as the tool left it, - for stdin."),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option("--from", help="The home with all of the tool's files, as checkout --to wrote them."),
    ] = None,
    refused: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool, typer.Option("--refused", help="The provider did not accept it any more.")
    ] = False,
    url: Url = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Return a credential; files that are newer take the place of what is sealed.

    With neither --file nor --from it was not refreshed.
    """
    if (file is not None) + (home is not None) + refused > 1:
        raise BadInput("--file, --from and --refused exclude each other", remedy="Give one of them, or none.")
    content = None if file is None else _encoded(file)
    with connect(url) as controller:
        files = None
        if content is not None:
            files = [{"path": _declared(controller, credential_id)[0], "content": content}]
        elif home is not None:
            files = _files_below(home, _declared(controller, credential_id))
        if refused:
            returned = controller.post(
                f"/api/credentials/{segment(credential_id)}/refuse", {"holder": holder}
            )
        else:
            body = {"holder": holder, "files": files}
            returned = controller.post(f"/api/credentials/{segment(credential_id)}/return", body)
    print_done(returned, f"{credential_id} is returned.", output)
    _warn(returned)


@app.command()
def delete(credential_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Delete a credential's content from the vault, whoever holds it; its history stays."""
    with connect(url) as controller:
        gone = controller.delete(f"/api/credentials/{segment(credential_id)}")
    print_done(gone, f"{credential_id} is deleted.", output)


@app.command("rotate-key")
def rotate_key(url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Exchange the vault's master key (operator).  Interrupted, it goes on when it is run again."""
    with connect(url) as controller:
        rewrapped, step = 0, controller.post("/api/vault/rotation")
        while step["remaining"] and step["rewrapped"]:
            rewrapped += step["rewrapped"]
            print(f"{rewrapped} done, {step['remaining']} remain", file=sys.stderr, flush=True)
            step = controller.post("/api/vault/rotation")
    done = {**step, "rewrapped": rewrapped + step["rewrapped"]}
    if not done["finished"]:
        raise _unfinished(done)
    print_done(done, f"{done['rewrapped']} credentials have the new master key {done['key_id']}.", output)


def _unfinished(done: Row) -> Conflict:
    damaged = ", ".join(done["damaged"])
    if not damaged:
        return Conflict(
            "The master key before is still needed.",
            remedy="Run the command again.",
            code="vault_rotation_unfinished",
        )
    return Conflict(
        f"{done['rewrapped']} credentials have the new master key {done['key_id']}; the one before is kept, "
        f"because these cannot be opened: {damaged}",
        remedy="Restore them from a backup, or have their owners delete them; then run the command again.",
        code="vault_rotation_unfinished",
    )


def _warn(credential: Row) -> None:
    if credential.get("doubt"):
        print(f"warning: {one_line(credential['doubt'])}", file=sys.stderr)


def _declared(controller: Controller, credential_id: str) -> list[str]:
    """The files that this credential's provider declares, the one with the tokens first."""
    name = controller.get(f"/api/credentials/{segment(credential_id)}")["provider"]
    for provider in controller.get_list("/api/providers"):
        if provider["name"] == name:
            return list(provider["credential_files"])
    raise Absent(
        f"There is no provider {name!r} any more.", remedy="Return it without a file: it stays as it is."
    )


def _files_below(home: Path, declared: list[str]) -> list[dict[str, str]]:
    """Those that are there."""
    found = [(path, home / _below_home(path)) for path in declared]
    files = [{"path": path, "content": _encoded(file)} for path, file in found if file.is_file()]
    if not files:
        raise BadInput(
            f"None of the tool's files is below {home}.",
            remedy=f"Name the folder that holds {declared[0].removeprefix('~/')}, or leave --from out.",
            code="file_unreadable",
        )
    return files


def _encoded(file: Path) -> str:
    return base64.b64encode(_read(file)).decode()


def _hand_over(exported: Row, to: Path | None, output: OutputFormat) -> None:
    if to is not None:
        with _all_or_none() as written:
            for file in exported["files"]:
                _write(to, file, written)
            print_rows([{"path": str(path)} for path in written], ("path",), output)
    elif output is OutputFormat.JSON:
        print_json(exported)
    else:
        for file in exported["files"]:
            print(one_line(f"# {file['path']} (mode {file['mode']:04o})"))
            content = base64.b64decode(file["content"]).decode(errors="replace")
            print(printable(content) if sys.stdout.isatty() else content)  # a pipe gets what there is


@contextlib.contextmanager
def _all_or_none() -> Iterator[list[Path]]:
    """The files that were made in it; they are gone again when it fails."""
    made: list[Path] = []
    try:
        yield made
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _read(file: Path) -> bytes:
    """One byte more than may be sealed at most, so that what is larger is refused as that."""
    most = MAX_CREDENTIAL_BYTES + 1
    if file == Path("-"):
        return sys.stdin.buffer.read(most)
    try:
        with file.open("rb") as stream:
            return stream.read(most)
    except OSError as error:
        raise BadInput(
            f"{file} could not be read: {error.strerror}",
            remedy="Name the file that the tool wrote, or - and give it on stdin.",
            code="file_unreadable",
        ) from error


def _write(home: Path, file: Mapping[str, Any], made: list[Path]) -> None:
    """Write one file below ``home``, never over another one, readable as the tool had it."""
    path = home / _below_home(file["path"])
    try:
        _make_folder(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, file["mode"] & 0o700)
    except FileExistsError as error:
        raise Conflict(
            f"{path} exists already",
            remedy="Move it away, or export into another folder.",
            code="file_exists",
        ) from error
    except OSError as error:
        raise BadInput(
            f"{path} could not be written: {error.strerror}",
            remedy="Name a folder that you may write to with --to.",
            code="file_unwritable",
        ) from error
    made.append(path)  # before its content, of which a full disk takes a part
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(base64.b64decode(file["content"]))


def _make_folder(path: Path) -> None:
    """Raises NotADirectoryError too where a file is in the way, which mkdir calls an existing one."""
    if not path.is_dir():
        _make_folder(path.parent)
        if path.exists() or path.is_symlink():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        path.mkdir(mode=0o700)


def _below_home(text: str) -> PurePosixPath:
    path = PurePosixPath(text.removeprefix("~/"))
    if path.is_absolute():
        path = path.relative_to(PurePosixPath(*path.parts[:3]))  # /home/person/…
    if ".." in path.parts or path == PurePosixPath():
        raise BadInput(f"{text} is no path below a home folder", remedy="Export it without --to.")
    return path
