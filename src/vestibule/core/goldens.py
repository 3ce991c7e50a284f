"""A golden is a value: named by the hash of its recipe, written once, never changed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from vestibule.core.errors import GoldenFailed
from vestibule.core.ids import GoldenId


def canonical(value: object) -> bytes:
    """The one spelling of a JSON value: keys sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_name(prefix: str, value: object) -> str:
    """``prefix-`` and 16 hex digits of the SHA-256 of the canonical value."""
    return f"{prefix}-{hashlib.sha256(canonical(value)).hexdigest()[:16]}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class LayerRecipe:
    """One layer: its inputs on top of its parent; the code that builds it is one of them."""

    kind: str
    """"base", "browser", "tools", "desktop" or "agent"."""
    inputs: Mapping[str, Any]
    """Name → digest or literal, nested as deep as it reads well."""
    parent: str | None

    @property
    def name(self) -> str:
        """The layer's content-addressed name."""
        return content_name(f"l-{self.kind}", {"inputs": dict(self.inputs), "parent": self.parent})


def layer_kind(name: str) -> str:
    """The kind of which a layer's name tells: "base" of ``l-base-0123456789abcdef``."""
    return name.removeprefix("l-").rpartition("-")[0]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that goes into a golden's disk, bottom layer first."""

    layers: tuple[LayerRecipe, ...]
    merge: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Inputs of the last step, which makes the layers one root."""

    def layer(self, kind: str) -> LayerRecipe:
        """The one layer of a kind.  Raises KeyError."""
        return {layer.kind: layer for layer in self.layers}[kind]

    @property
    def golden_id(self) -> GoldenId:
        """The golden's name."""
        layers = [layer.name for layer in self.layers]
        return GoldenId(content_name("g", {"layers": layers, "merge": dict(self.merge)}))

    @property
    def inputs(self) -> dict[str, Any]:
        """Everything that the name depends on, by layer kind; "golden" is the last step."""
        return {**{layer.kind: layer.inputs for layer in self.layers}, "golden": self.merge}

    def to_mapping(self) -> dict[str, Any]:
        """As a JSON value."""
        return dataclasses.asdict(self)

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Recipe:
        """Read a JSON value.  Raises KeyError or TypeError when it is no recipe."""
        return cls(layers=tuple(LayerRecipe(**layer) for layer in raw["layers"]), merge=raw["merge"])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """One input that two goldens do not share; None where it is absent."""

    layer: str
    """A layer's kind, "golden", "packages" or "snapshot"."""
    input: str
    """Its name with dots; a list's name where one of its members came or went."""
    before: str | None
    after: str | None


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What makes two goldens different, by layer and name, from their manifests' inputs."""
    changes = []
    for layer in dict.fromkeys((*before, *after)):
        old, new = dict(_leaves(before.get(layer, {}))), dict(_leaves(after.get(layer, {})))
        changes += [
            Change(layer=layer, input=path[0], before=old.get(path), after=new.get(path))
            for path in sorted({*old, *new})
            if old.get(path) != new.get(path)
        ]
    return tuple(changes)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Damage:
    """One stored file that is not what was made."""

    product: str
    """Name of the layer, golden or snapshot."""
    file: str
    """Its path in that product."""
    problem: str
    """What is wrong, as the end of a sentence that begins with the file."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlannedProduct:
    """A layer, the golden itself ("golden") or a snapshot of it, and whether it is there already."""

    kind: str
    """A layer's, or one of "golden", "desktop snapshot", "snapshot"."""
    name: str | None
    """None of a snapshot that is named by the bytes of a disk which is not made yet."""
    done: bool
    last_build_s: float | None
    """How long this host took for the newest of its kind; None when it never made one."""
    last_steps_s: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """The same by step."""
    needed: bool = True
    """Whether a renewal makes it: where machines are containers, it makes no snapshots unless it is asked."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GoldenPlan:
    """What a build would do now, and why."""

    golden_id: GoldenId
    since: GoldenId | None
    """The golden that today's inputs are compared with; None when this host has no other."""
    products: tuple[PlannedProduct, ...]
    changes: tuple[Change, ...]
    shape: MachineShape | None = None
    """What the snapshots are named by besides their disks; None where none can be made."""

    @property
    def estimate_s(self) -> float | None:
        """How long a build would take, by the last times on this host; None when one was never made."""
        missing = [product.last_build_s for product in self.products if product.needed and not product.done]
        known = [seconds for seconds in missing if seconds is not None]
        return sum(known) if len(known) == len(missing) else None


def _leaves(value: object, path: str = "") -> Iterator[tuple[tuple[str, str], str]]:
    """(name, member of a list or "") → text: members are compared as a set, so one more moves no other."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for member in value:
            text = member if isinstance(member, str) else canonical(member).decode()
            yield (path, text), text
    else:
        yield (path, ""), str(value)


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachineShape:
    """What memory that was saved in one machine needs of another, to go on there."""

    vmm: str
    """SHA-256 of the VMM's binary."""
    machine: str
    cpu: str
    accelerator: str
    mem_mib: int
    vcpus: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class DesktopKey:
    """All that the memory of a running desktop, without an agent, depends on."""

    shape: MachineShape
    disks: Mapping[str, str]
    """Layer below the agent's → SHA-256 of its disk image: memory saved above another would be poison."""
    settled: str
    """What counted as quiet when memory was saved."""

    @property
    def name(self) -> str:
        """The desktop snapshot's content-addressed name."""
        return content_name("desk", dataclasses.asdict(self))


@dataclasses.dataclass(frozen=True, kw_only=True)
class SnapshotKey:
    """All that a golden's memory snapshot depends on besides the disk; hashed into the snapshot's name."""

    golden_id: GoldenId
    shape: MachineShape
    disks: Mapping[str, str]
    """Layer → SHA-256 of its disk image, the agent's included: its files were delivered into the memory."""
    desktop: str
    """Name of the desktop snapshot that it was made from."""
    settled: str
    """What counted as quiet when memory was saved: a clone does what the golden had still to do."""

    @property
    def name(self) -> str:
        """The snapshot's content-addressed name."""
        return content_name("snap", dataclasses.asdict(self))


def require_memory(golden: Manifest, mem_mib: int) -> None:
    """Refuse a machine with less memory than the golden needs.  Raises GoldenFailed ``memory_too_small``."""
    if mem_mib < golden.min_mem_mib:
        raise GoldenFailed(
            f"golden {golden.golden_id} needs {golden.min_mem_mib} MiB of memory, not {mem_mib}",
            remedy=f"Set machine_mem_mib to {golden.min_mem_mib} or more.",
            code="memory_too_small",
        )


def _require_types(values: Mapping[str, Any]) -> None:
    """What everything that lists goldens works with.  Raises TypeError or ValueError."""
    for name, kind in (
        ("golden_id", str),
        ("build_s", (int, float)),
        ("inputs", Mapping),
        ("tools", Mapping),
    ):
        if not isinstance(values[name], kind):
            raise TypeError(f"{name} has a wrong type: {type(values[name]).__name__}")
    if not isinstance(values["layers"], list) or not all(isinstance(x, str) for x in values["layers"]):
        raise TypeError("layers is not a list of names")
    if not isinstance(values.get("contract", 0), int):
        raise TypeError("contract is not a number")
    if dt.datetime.fromisoformat(values["built_at"]).tzinfo is None:
        raise ValueError("built_at has no time zone")


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
    disks: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Layer → SHA-256 of its disk image: two builds from a moving archive share a name, not this."""
    agent_files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Path → SHA-256 of the files that ``agent_build`` covers; empty in goldens of older releases."""
    contract: int = 0
    """What its agent speaks (``vestibule_agent.protocol.CONTRACT``); 0 in goldens of older releases."""
    steps: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """Step → seconds, of the last step's parts alone: layers have manifests of their own."""
    made_with: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Program → version, likewise."""

    @property
    def desktop_layers(self) -> tuple[str, ...]:
        """Those below the agent's, bottom first: what a desktop snapshot was booted from."""
        return tuple(layer for layer in self.layers if layer_kind(layer) != "agent")

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
        if not isinstance(raw, Mapping):
            raise TypeError(f"an object was expected, not {type(raw).__name__}")
        names = {field.name for field in dataclasses.fields(cls)}
        values = {key: value for key, value in raw.items() if key in names}
        _require_types(values)
        return cls(
            **{
                **values,
                "golden_id": GoldenId(raw["golden_id"]),
                "layers": tuple(raw["layers"]),
                "built_at": dt.datetime.fromisoformat(raw["built_at"]),
            }
        )
