"""``vestibule``: the nouns put together, and failures turned into a message and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from vestibule.cli import (
    audit,
    bench,
    connect,
    credentials,
    doctor,
    failures,
    golden,
    provider,
    serve,
    session,
    soak,
    token,
    up,
    user,
    vm,
)
from vestibule.cli.exit_codes import ExitCode, exit_code
from vestibule.cli.output import Invocation, print_error
from vestibule.core.errors import BadInput, VestibuleError

app = typer.Typer(
    name="vestibule",
    help="A disposable machine for every sign-in of a coding agent's command-line tool.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(value: bool) -> None:  # noqa: FBT001 (typer's way to call it)
    if value:
        print(f"vestibule {version('vestibule')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool | None,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = None,
) -> None:
    """A disposable machine for every sign-in of a coding agent's command-line tool."""


app.command()(up.up)
app.command()(serve.serve)
app.command()(doctor.doctor)
app.command()(connect.connect)
app.command()(soak.soak)
app.command()(failures.failures)
app.add_typer(golden.app, name="golden")
app.add_typer(vm.app, name="vm")
app.add_typer(provider.app, name="provider")
app.add_typer(session.app, name="session")
app.add_typer(credentials.app, name="credentials")
app.add_typer(user.app, name="user")
app.add_typer(token.app, name="token")
app.add_typer(audit.app, name="audit")
app.add_typer(bench.app, name="bench")


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    invocation = Invocation()
    try:
        result = app(list(arguments), obj=invocation, standalone_mode=False)
    except VestibuleError as error:
        print_error(error, invocation.output)
        return exit_code(error)
    except typer.TyperException as error:
        return _usage(error, invocation)
    except typer.Exit as end:
        return end.exit_code
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the last place: what is unforeseen is named as such)
        return _unforeseen(error, invocation)
    return result if isinstance(result, int) else ExitCode.OK


def _usage(error: typer.TyperException, invocation: Invocation) -> int:
    cause = error.format_message().replace("\n", " ")
    if not cause or cause.startswith("Usage:"):  # a noun without a verb: the message is its help
        sys.stderr.write(error.format_message() + "\n")
        return ExitCode.BAD_INPUT
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "vestibule"
    print_error(BadInput(cause, remedy=f"See {command} --help."), invocation.output)
    return ExitCode.BAD_INPUT


def _unforeseen(error: Exception, invocation: Invocation) -> int:
    traceback.print_exception(error)
    named = VestibuleError(
        f"an unforeseen {type(error).__name__}: {error}",
        remedy="Report it with the lines above: it is a bug.",
    )
    print_error(named, invocation.output)
    return exit_code(named)


def main() -> None:
    """Entry point of the program ``vestibule``."""
    sys.exit(run(sys.argv[1:]))
