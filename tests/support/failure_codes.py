"""Failure codes as they stand in the source, found by its syntax."""

from __future__ import annotations

import ast
import enum
import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PLACES = (ROOT / "src/vestibule", ROOT / "agent/vestibule_agent")
_OTHERS = frozenset({"failures", "laboratory", "migrations"})
"""The catalogue itself; a provider, whose codes are OAuth's; the database's past."""
_KEYWORDS = frozenset({"code", "error_code", "failure_code"})


class Use(enum.Enum):
    """What a string is to a line of source."""

    CODE = "certainly a failure's code"
    TEXT = "any string"


@functools.cache
def strings(use: Use) -> Mapping[str, str]:
    """String → where it was seen first."""
    found: dict[str, str] = {}
    for path, tree in _sources():
        for node in ast.walk(tree):
            for literal in _codes(node) if use is Use.CODE else _text(node):
                found.setdefault(literal, f"{path}:{getattr(node, 'lineno', 0)}")
    return found


@functools.cache
def members() -> frozenset[str]:
    """Names of the members that are used as ``FailureCode.NAME``."""
    return frozenset(
        node.attr
        for _path, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "FailureCode"
    )


@functools.cache
def _sources() -> Sequence[tuple[str, ast.Module]]:
    paths = (path.relative_to(ROOT) for place in _PLACES for path in sorted(place.rglob("*.py")))
    return [
        (str(path), ast.parse((ROOT / path).read_text())) for path in paths if _OTHERS.isdisjoint(path.parts)
    ]


def _text(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _codes(node: ast.AST) -> Iterator[str]:
    """A keyword ``code=``, a class's ``code``, what is compared with one, the agent's refusals."""
    match node:
        case ast.keyword(arg=str(name), value=value) if name in _KEYWORDS:
            yield from _text(value)
        case ast.ClassDef(body=body):
            yield from _class_code(body)
        case ast.Compare(left=ast.Attribute(attr="failure_code"), comparators=[value]):
            yield from _text(value)
        case ast.Call(func=ast.Name(id="Refusal"), args=[_, value, *_]):
            yield from _text(value)
        case ast.Call(func=ast.Name(id="_code"), args=[_, value]):
            yield from _text(value)


def _class_code(body: list[ast.stmt]) -> Iterator[str]:
    for line in body:
        match line:
            case (
                ast.Assign(targets=[ast.Name(id="code")], value=value)
                | ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant() as value)
            ):
                yield from _text(value)
