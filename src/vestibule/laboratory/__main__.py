"""Runs a laboratory on a loopback port, to try errors by hand: ``python -m vestibule.laboratory``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import uvicorn

from vestibule.laboratory.app import create
from vestibule.laboratory.scenario import Broken, Lives, Scenario


def _pair(text: str) -> tuple[str, str]:
    path, equals, value = text.partition("=")
    if not path.startswith("/") or not equals:
        raise argparse.ArgumentTypeError(f"{text} is not /PATH=VALUE")
    return path, value


def _delay(text: str) -> tuple[str, float]:
    path, seconds = _pair(text)
    return path, float(seconds)


def _broken(text: str) -> tuple[str, Broken]:
    path, answer = _pair(text)
    return path, Broken(answer)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m vestibule.laboratory", description=__doc__)
    parser.add_argument("--port", type=int, default=8930, help="of 127.0.0.1")
    for name, kind, help_ in (
        ("--error", _pair, "an endpoint answers this error: /token=invalid_scope"),
        ("--broken", _broken, f"an endpoint answers what is no answer: /token={'|'.join(Broken)}"),
        ("--delay", _delay, "an endpoint answers so many seconds later: /token=5"),
    ):
        parser.add_argument(name, type=kind, action="append", default=[], metavar="/PATH=VALUE", help=help_)
    for name, help_ in (
        ("--deny", "consent is denied all the same"),
        ("--wrong-state", "the browser comes back with another state"),
        ("--wrong-issuer", "the browser comes back as if from another provider"),
    ):
        parser.add_argument(name, action="store_true", help=help_)
    parser.add_argument("--code-life", type=float, help="seconds; with 0, codes have expired")
    parser.add_argument("--device-life", type=float, default=Lives.device_s, help="seconds")
    parser.add_argument("--interval", type=int, default=Scenario.interval_s, help="seconds between two polls")
    parser.add_argument("--slow-downs", type=int, default=0, help="polls that are told to slow down anyway")
    return parser.parse_args(argv)


def scenario_of(argv: Sequence[str] | None) -> tuple[int, Scenario]:
    """Port and scenario of a command line.  Raises ValueError for an error that no specification has."""
    given = _arguments(argv)
    return given.port, Scenario(
        errors=dict(given.error),
        broken=dict(given.broken),
        delays_s=dict(given.delay),
        deny=given.deny,
        wrong_state=given.wrong_state,
        wrong_issuer=given.wrong_issuer,
        slow_downs=given.slow_downs,
        interval_s=given.interval,
        lives=_lives(given.code_life, given.device_life),
    )


def _lives(code_s: float | None, device_s: float) -> Lives:
    if code_s is None:
        return Lives(device_s=device_s)
    return Lives(code_s=code_s, pasted_code_s=code_s, device_s=device_s)


def main() -> None:
    """Serve until interrupted."""
    port, scenario = scenario_of(None)
    uvicorn.run(create(issuer=f"http://127.0.0.1:{port}", scenario=scenario), host="127.0.0.1", port=port)


if __name__ == "__main__":
    main()
