"""What is known of how a golden came to be, and how far it is to be believed."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import Any

from vestibule.core.errors import GoldenFailed
from vestibule.core.ids import GoldenId

_SHOWN = 12
"""Of a key's name: two are told apart, nobody reads all of it."""


class Signature(enum.StrEnum):
    """What this host's key says of a statement."""

    HOLDS = "holds"
    TRUSTED = "trusted"
    """It is by a key of ``golden_trusted_keys``."""
    FOREIGN = "foreign"
    """It names a key that this host does not know, and so nothing is known of it."""
    BROKEN = "broken"
    """It cannot be read, or was changed after it was signed."""
    ABSENT = "absent"
    """There is none: an older release made the product, or somebody removed it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Provenance:
    """A product's statement, as it was found."""

    signature: Signature
    key_id: str | None = None
    """Hex SHA-256 of the public key that it names; None when it cannot be read."""
    statement: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """in-toto Statement v1 with a SLSA v1 predicate; empty when it cannot be read."""

    @property
    def believed(self) -> bool:
        """Whether this host, or one that it trusts, says so."""
        return self.signature in {Signature.HOLDS, Signature.TRUSTED}

    @property
    def line(self) -> str:
        """For people: who signed it, and whether that is to be believed."""
        key = (self.key_id or "")[:_SHOWN]
        return {
            Signature.HOLDS: f"signed by this host's key {key}…",
            Signature.TRUSTED: f"signed by key {key}…, which golden_trusted_keys names",
            Signature.FOREIGN: f"names key {key}…, which is neither this host's nor in golden_trusted_keys",
            Signature.BROKEN: "was changed after it was signed, or cannot be read",
            Signature.ABSENT: "is missing: an older release made this, or somebody removed it; build again"
            " after vestibule golden verify --discard",
        }[self.signature]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProductReport:
    """One layer, or the golden on top of them, as its maker described it."""

    kind: str
    """"base", "browser", "tools", "desktop", "agent" or "golden"."""
    name: str
    built_at: str
    build_s: float
    steps: Mapping[str, float]
    """Step → seconds; empty for what an older release made."""
    made_with: Mapping[str, str]
    """Program → version; empty likewise."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GoldenReport:
    """All that is written down of one golden."""

    products: Sequence[ProductReport]
    """Layers, bottom first, then the golden."""
    packages: Mapping[str, int]
    """"debian", "npm", "python" → how many the SBOM lists; empty when there is none."""
    provenance: Provenance


def require_readable(golden_id: GoldenId, found: Provenance) -> None:
    """Raises GoldenFailed ``golden_unsigned`` when there is no statement, or it was changed."""
    if found.signature in {Signature.ABSENT, Signature.BROKEN}:
        raise GoldenFailed(
            f"golden {golden_id} has no statement that can be believed: its provenance {found.line}",
            remedy="Build it here: stop the controller, run vestibule golden verify --discard, then make up.",
            code="golden_unsigned",
        )
