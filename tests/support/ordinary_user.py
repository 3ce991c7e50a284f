"""An ordinary user with subordinate ids, for tests that root runs: nothing of the host is changed for it."""

from __future__ import annotations

import contextlib
import pwd
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

NOBODY = pwd.getpwnam("nobody").pw_uid
_FIRST_ID, _IDS = 300_000, 65_536


@contextlib.contextmanager
def as_ordinary_user(trees: Sequence[Path]) -> Iterator[list[str]]:
    """Prefix of a command line: its program is nobody, and can read these trees, wherever they are."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ids").write_text(f"nobody:{_FIRST_ID}:{_IDS}\n")
        script = "\n".join([*_mounts(folder, trees), _become_nobody()])
        yield ["unshare", "--mount", "sh", "-euc", script, "sh"]


def _mounts(folder: Path, trees: Sequence[Path]) -> Iterator[str]:
    """In a mount namespace of its own: the ids, and in private homes nothing but the trees."""
    for file in ("/etc/subuid", "/etc/subgid"):
        yield f"mount --bind {folder}/ids {file}"
    hidden = [tree for tree in trees if _closed(tree)]
    for number, tree in enumerate(hidden):
        (folder / str(number)).mkdir()
        yield f"mount --rbind {shlex.quote(str(tree))} {folder}/{number}"
    for home in {closed for tree in hidden for closed in _closed(tree)[:1]}:
        yield f"mount -t tmpfs -o mode=755 none {shlex.quote(str(home))}"
    for number, tree in enumerate(hidden):
        quoted = shlex.quote(str(tree))
        yield f"mkdir -p {quoted}; mount --rbind {folder}/{number} {quoted}"


def _closed(tree: Path) -> list[Path]:
    """The folders above a tree that others may not enter, topmost first."""
    return [folder for folder in reversed(tree.parents) if not folder.stat().st_mode & 0o001]


def _become_nobody() -> str:
    return f'exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups "$@"'
