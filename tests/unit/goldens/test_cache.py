from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REMOVE = """
import sys
from pathlib import Path
from vestibule.core.errors import HostUnfit
from vestibule.drivers.goldens.cache import remove_tree
try:
    remove_tree(Path(sys.argv[1]))
except HostUnfit as error:
    print(error.cause)
"""


def test_a_tree_whose_name_has_a_space_is_kept_while_something_is_mounted_in_it(tmp_path: Path) -> None:
    tree = tmp_path / "a b"
    (tree / "in").mkdir(parents=True)
    mount = 'mount -t tmpfs tmpfs "$1/in" && exec "$2" -c "$3" "$1"'
    enter = ["unshare", "--user", "--map-root-user", "--mount"]
    done = subprocess.run(
        [*enter, "sh", "-c", mount, "sh", str(tree), sys.executable, REMOVE],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, f"something is still mounted inside {tree}\n"), done.stderr
