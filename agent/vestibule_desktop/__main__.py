"""``python3 -I /usr/lib/vestibule/vestibule_desktop``: the first program of ours in every machine."""

import sys
from pathlib import Path

# Python puts the folder that it runs first on its path: a module in there could hide one of the library's.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from vestibule_desktop.run import main  # noqa: E402 - found by the line above

if __name__ == "__main__":
    sys.exit(main())
