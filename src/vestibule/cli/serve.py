"""``vestibule serve``: run the controller, for a service supervisor."""

from __future__ import annotations

from vestibule.settings import load


def serve() -> None:
    """Run the controller until SIGTERM or Ctrl-C; every machine ends with it."""
    from vestibule import main, vaults  # noqa: PLC0415 (loads the whole controller; most commands do without)

    settings = load()
    main.run(settings, vaults.given_keys(settings))
