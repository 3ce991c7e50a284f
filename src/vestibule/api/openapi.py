"""The OpenAPI document that the web client is generated from; ``make reference`` writes web/openapi.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from vestibule.api.app import create


def document() -> str:
    """The document as text, ready for a file; the same inputs make the same text."""
    return json.dumps(create(Path()).openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
