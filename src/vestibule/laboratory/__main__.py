"""Runs a laboratory on a loopback port, to try errors by hand: ``python -m vestibule.laboratory``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import uvicorn

from vestibule.laboratory.app import create
from vestibule.laboratory.scenario import Broken, Lives, Scenario

_PLAIN = Scenario()


def _pair(text: str) -> tuple[str, str]:
    path, equals, value = text.partition("=")
    if not path.startswith("/") or not equals:
        raise argparse.ArgumentTypeError(f"{text} is not /PATH=VALUE")
    return path, value


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m vestibule.laboratory", description=__doc__)
    parser.add_argument("--port", type=int, default=8930, help="of 127.0.0.1")
    for name, help_ in (
        ("--error", "an endpoint answers this error: /token=invalid_scope"),
        ("--broken", f"an endpoint answers what is none: /token={'|'.join(Broken)}"),
        ("--delay", "an endpoint answers so many seconds later: /token=5"),
    ):
        parser.add_argument(name, type=_pair, action="append", default=[], metavar="/PATH=VALUE", help=help_)
    for name, help_ in (
        ("--deny", "consent is denied all the same"),
        ("--wrong-state", "the browser comes back with another state"),
        ("--wrong-issuer", "the browser comes back as if from another provider"),
    ):
        parser.add_argument(name, action="store_true", help=help_)
    lives = _PLAIN.lives
    parser.add_argument(
        "--code-life", type=float, default=lives.code_s, help="seconds; 0: codes have expired"
    )
    parser.add_argument("--device-life", type=float, default=lives.device_s, help="seconds")
    parser.add_argument("--interval", type=int, default=_PLAIN.interval_s, help="seconds between two polls")
    parser.add_argument("--slow-downs", type=int, default=0, help="polls that are told to slow down anyway")
    return parser.parse_args(argv)


def scenario_of(argv: Sequence[str] | None) -> tuple[int, Scenario]:
    """Port and scenario of a command line.  Raises ValueError for an error that no specification has."""
    given = _arguments(argv)
    return given.port, Scenario(
        errors=dict(given.error),
        broken={path: Broken(value) for path, value in given.broken},
        delays_s={path: float(value) for path, value in given.delay},
        deny=given.deny,
        wrong_state=given.wrong_state,
        wrong_issuer=given.wrong_issuer,
        slow_downs=given.slow_downs,
        interval_s=given.interval,
        lives=Lives(code_s=given.code_life, pasted_code_s=given.code_life, device_s=given.device_life),
    )


def main() -> None:
    """Serve until interrupted."""
    port, scenario = scenario_of(None)
    uvicorn.run(create(issuer=f"http://127.0.0.1:{port}", scenario=scenario), host="127.0.0.1", port=port)


if __name__ == "__main__":
    main()
