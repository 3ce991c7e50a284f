"""What a wheel carries besides Python (vestibule/resources.py); an editable install reads the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

DATA = {
    "agent/debian-packages.txt": "agent/debian-packages.txt",
    "agent/demo_tool": "agent/demo_tool",
    "agent/systemd": "agent/systemd",
    "images": "images",
    "providers": "providers",
    "web/dist": "web",
}
"""Path in the checkout → path below ``vestibule/data``."""


class DataHook(BuildHookInterface):  # type: ignore[type-arg] # the interface is generic over nothing we use
    """Adds the data to a wheel, or says what must be built before."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling: ``version`` is "standard" or "editable"."""
        if version != "standard":
            return
        root = Path(self.root)
        if not (root / "web/dist/index.html").is_file():
            raise FileNotFoundError("web/dist is not built; run make wheel, which builds it first")
        build_data["force_include"].update(
            {str(root / here): f"vestibule/data/{there}" for here, there in DATA.items()}
        )
