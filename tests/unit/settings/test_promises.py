"""Everything that a setting promises is read somewhere: an attribute of ``settings``, in code that runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from vestibule.settings import Settings

SOURCE = Path(__file__).parents[3] / "src/vestibule"
OWN = {
    SOURCE / name for name in ("settings.py", "room_settings.py", "stage_settings.py", "viewer_settings.py")
}


def _reads(path: Path) -> Iterator[str]:
    """``settings.name`` and ``….settings.name``, as attributes that are read."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and _is_settings(node.value):
            yield node.attr


def _is_settings(node: ast.expr) -> bool:
    named = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return named in {"settings", "_settings"}


def _through_methods(called: set[str]) -> Iterator[str]:
    """What a method of ``Settings`` reads of itself, if anything calls that method."""
    nodes = (node for path in OWN for node in ast.walk(ast.parse(path.read_text())))
    for node in nodes:
        if isinstance(node, ast.FunctionDef) and node.name in called:
            attributes = [inner for inner in ast.walk(node) if isinstance(inner, ast.Attribute)]
            yield from (one.attr for one in attributes if getattr(one.value, "id", None) == "self")


READ = {name for path in SOURCE.rglob("*.py") if path not in OWN for name in _reads(path)}
PROMISES = {*READ, *_through_methods(READ)}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_what_a_setting_promises_is_read(name: str) -> None:
    assert name in PROMISES


def test_a_setting_that_nobody_reads_would_be_found() -> None:
    assert "no_such_setting" not in PROMISES
    assert "vm_confirm_timeout_s" not in READ, "read through a method, which is looked into"
