"""A golden is a value: named by the hash of its recipe, written once, never changed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from vestibule.core.ids import GoldenId


def canonical(value: object) -> bytes:
    """The one spelling of a JSON value: keys sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_name(prefix: str, value: object) -> str:
    """``prefix-`` and 16 hex digits of the SHA-256 of the canonical value."""
    return f"{prefix}-{hashlib.sha256(canonical(value)).hexdigest()[:16]}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class LayerRecipe:
    """One layer: its inputs (name → digest or literal) on top of its parent."""

    kind: str
    """"base", "tools" or "agent"."""
    inputs: Mapping[str, Any]
    parent: str | None
    builder: int
    """Version of the code that turns the inputs into bytes."""

    @property
    def name(self) -> str:
        """The layer's content-addressed name."""
        made_of = {"builder": self.builder, "inputs": dict(self.inputs), "parent": self.parent}
        return content_name(f"l-{self.kind}", made_of)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that goes into a golden's disk, bottom layer first."""

    layers: tuple[LayerRecipe, ...]

    @property
    def golden_id(self) -> GoldenId:
        """The golden's name."""
        return GoldenId(content_name("g", {"layers": [layer.name for layer in self.layers]}))


@dataclasses.dataclass(frozen=True, kw_only=True)
class SnapshotKey:
    """All that a memory snapshot depends on besides the disk; hashed into the snapshot's name."""

    golden_id: GoldenId
    vmm: str
    """SHA-256 of the VMM's binary."""
    machine: str
    cpu: str
    accelerator: str
    mem_mib: int
    vcpus: int
    settled: str
    """What counted as quiet when memory was saved: a clone does what the golden had still to do."""

    @property
    def name(self) -> str:
        """The snapshot's content-addressed name."""
        return content_name("snap", dataclasses.asdict(self))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a finished golden says of itself (manifest.json)."""

    golden_id: GoldenId
    agent_build: str
    layers: tuple[str, ...]
    inputs: Mapping[str, Any]
    digests: Mapping[str, str]
    """Product (path inside the golden's folder) → SHA-256."""
    tools: Mapping[str, str]
    """npm package → version."""
    built_at: dt.datetime
    build_s: float
    min_mem_mib: int = 0
    """A machine with less is refused before it starts."""

    def to_mapping(self) -> dict[str, Any]:
        """As a JSON value."""
        return {
            **dataclasses.asdict(self),
            "layers": list(self.layers),
            "built_at": self.built_at.isoformat(),
        }

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Manifest:
        """Read a JSON value.  Raises KeyError, TypeError or ValueError when it is not a manifest."""
        names = {field.name for field in dataclasses.fields(cls)}
        values = {key: value for key, value in raw.items() if key in names}
        return cls(
            **{
                **values,
                "golden_id": GoldenId(raw["golden_id"]),
                "layers": tuple(raw["layers"]),
                "built_at": dt.datetime.fromisoformat(raw["built_at"]),
            }
        )
