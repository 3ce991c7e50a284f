"""The wire's shape and its version are pinned together: one file per contract, never changed afterwards.

Whoever changes a message gets a failure here until the contract is raised and ``contracts/NAME-NUMBER.json``
holds the new shape: ``json.dumps(shape(module), indent=1)``.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import ModuleType

import pytest

from vestibule_agent import protocol
from vestibule_desktop import messages
from vestibule_desktop.messages import Message

CONTRACTS = Path(__file__).parent / "contracts"
PINNED = {"agent": (protocol, protocol.CONTRACT), "desktop": (messages, messages.DELIVERY_CONTRACT)}


def shape(module: ModuleType) -> dict[str, dict[str, str]]:
    """Message → field → its type, with a mark when it may be left out."""
    classes = [value for value in vars(module).values() if isinstance(value, type)]
    own = [kind for kind in classes if kind.__module__ == module.__name__ and issubclass(kind, Message)]
    return {kind.__name__: _fields(kind) for kind in own if kind is not Message}


def _fields(kind: type[Message]) -> dict[str, str]:
    return {field.name: f"{field.type}{_optional(field)}" for field in dataclasses.fields(kind)}


def _optional(field: dataclasses.Field[object]) -> str:
    required = field.default is field.default_factory is dataclasses.MISSING
    return "" if required else ", may be absent"


@pytest.mark.parametrize("name", PINNED)
def test_a_message_changes_only_with_its_contract(name: str) -> None:
    module, contract = PINNED[name]
    pinned = CONTRACTS / f"{name}-{contract}.json"
    assert json.loads(pinned.read_text()) == shape(module), f"raise the contract above {contract}"


@pytest.mark.parametrize("name", PINNED)
def test_every_earlier_contract_had_another_shape(name: str) -> None:
    """A number is raised because something changed: two of one shape would mean that one was overwritten."""
    shapes = [path.read_text() for path in CONTRACTS.glob(f"{name}-*.json")]
    assert len(set(shapes)) == len(shapes)


def test_one_more_field_is_another_shape() -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class More(protocol.Check):
        more: str = ""

    assert _fields(More) == {**_fields(protocol.Check), "more": "str, may be absent"}
