"""``vestibule serve``: run the controller, for a service supervisor."""

from __future__ import annotations

from vestibule import main
from vestibule.settings import load


def serve() -> None:
    """Run the controller until SIGTERM or Ctrl-C; every machine ends with it."""
    main.run(load())
