"""The recipes' files as they must be: a key that nobody reads is a mistake, and is named with the nearest."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from vestibule.core.errors import GoldenFailed

_SIMILAR = 0.6


class RecipeFile(BaseModel):
    """Refuses unknown keys and converts nothing: "1024" is no number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Files(RecipeFile):
    """What dpkg leaves out, and what it keeps of that."""

    exclude: list[str]
    include: list[str]


class BaseFile(RecipeFile):
    """images/base.toml."""

    suite: str = Field(min_length=1)
    components: list[str] = Field(min_length=1)
    serial: str = Field(min_length=1)
    architecture: str = Field(min_length=1)
    min_mem_mib: int = Field(gt=0)
    min_disk_mib: int = Field(gt=0)
    packages: dict[str, str] = Field(min_length=1)
    """Package → why it is here."""
    files: Files


class Install(RecipeFile):
    """A package's own install script, which npm does not run."""

    package: str
    why: str
    script: str


class Prune(RecipeFile):
    """What is removed again."""

    path: str
    why: str


class ToolsFile(RecipeFile):
    """images/tools.toml."""

    folder: str = Field(pattern="^/")
    install: list[Install] = []
    prune: list[Prune] = []
    debian: dict[str, str] = {}
    """Debian package of a tool → why it is here; the browser layer installs it."""
    check: dict[str, list[str]]
    """npm package → what prints its version."""


class AgentFile(RecipeFile):
    """images/agent.toml."""

    package: str = Field(pattern="^/.*/$")
    files: dict[str, str] = {}


class DesktopFile(AgentFile):
    """images/desktop.toml."""

    enable: list[str]
    mask: list[str]


F = TypeVar("F", bound=RecipeFile)


def read_recipe_file(path: Path, kind: type[F]) -> F:
    """Read and check one.  Raises GoldenFailed ``recipe_invalid``, naming file and key."""
    try:
        return kind.model_validate(tomllib.loads(path.read_text()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _invalid(f"the recipe {path} cannot be read: {error}") from error
    except ValidationError as error:
        # A misspelt key is missing too: the one that was written tells more.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        raise _invalid(f"the recipe {path} {_problem(first, kind)}") from error


def _problem(first: ErrorDetails, kind: type[RecipeFile]) -> str:
    """The end of a sentence that begins with the file."""
    *above, key = (str(part) for part in first["loc"])
    where = f" in {'.'.join(above)}" if above else ""
    if first["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(key, _keys(kind, above), n=1, cutoff=_SIMILAR)
        return f"has an unknown key {key!r}{where}" + (f"; the nearest is {nearest[0]!r}" if nearest else "")
    if first["type"] == "missing":
        return f"has no key {key!r}{where}"
    return f"has a wrong value of {key!r}{where}: {first['msg']}"


def _keys(kind: Any, above: list[str]) -> list[str]:  # noqa: ANN401 (a type's argument may be anything)
    """The keys that are known where the wrong one stands."""
    for part in above:
        if not part.isdigit():
            kind = kind.model_fields[part].annotation
            kind = next(iter(get_args(kind)), kind)
    return list(kind.model_fields)


def _invalid(cause: str) -> GoldenFailed:
    remedy = "Mend the file, or install Vestibule again."
    return GoldenFailed(cause, remedy=remedy, code="recipe_invalid")
