"""What the two layers of Debian packages share: how mmdebstrap is run, and the record of what it installed.

A mirror that takes connections and never answers is named within about a minute.  apt tries each file of such
a mirror four times, whatever became of the one before: so one file is asked for before all others.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.build import Workshop
from vestibule.drivers.goldens.mirror import host_sources, source_lines
from vestibule.drivers.goldens.packages import DebianPackage, read_index, versions_of
from vestibule.drivers.goldens.recipe import GoldenSpec
from vestibule.drivers.goldens.tether import Users

_APT = Path("/etc/apt")
_INDEX = "index"
"""In a layer's work folder: the index's stanzas of all packages that are installed."""
_APT_OPTIONS = (
    *('Apt::Install-Recommends "false"', 'Acquire::Languages "none"'),
    # Seconds without a byte.  apt connects twice for each of its two tries.
    *('Acquire::http::Timeout "15"', 'Acquire::https::Timeout "15"', 'Acquire::Retries "1"'),
)
# Whether it has the file, and whether it is signed, is left to apt-get update.
_ASK_MIRROR = """APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
export APT_CONFIG
said=$(/usr/lib/apt/apt-helper download-file {url} "$1/tmp/asked" 2>&1) ||
	case "$said" in *"Connection failed"* | *"timed out"*)
		printf '%s\\n' "$said" >&2
		exit 1
		;;
	esac
rm -f "$1/tmp/asked"
"""
_LIST_INDEX = (
    """dpkg-query --admindir="$1/var/lib/dpkg" --show --showformat='${Package}\\n'"""
    """ | APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" xargs apt-cache show >"""
)


class Debian:
    """Runs mmdebstrap for one layer's recipe; ``mirror`` takes the place of the host's own."""

    def __init__(self, spec: GoldenSpec, mirror: str | None) -> None:
        self._base = spec.base
        self._images = spec.resources.images / "base"
        self._mirror = mirror

    def run(self, shop: Workshop, archive: Path, options: Iterator[str]) -> None:
        """``archive``: the whole root as a tar, and beside it the index of its packages.

        Raises GoldenFailed, DiskFull, HostUnfit.
        """
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "LC_ALL": "C"}
        base = self._base
        lines = source_lines(host_sources(_APT), base.suite, base.components, self._mirror)
        argv = [*self._argv(), *_ask(lines), *options, *self._last_hooks(shop), base.suite, "-", *lines]
        shop.commands.run(argv, stdout=archive, env=environment, users=Users.ALL)

    def _argv(self) -> Iterator[str]:
        # Root of the tether's namespaces is enough.  mmdebstrap's own would map other users, who cannot
        # enter a private home folder, and would outlive the build.
        yield from ("mmdebstrap", "--mode=root", "--format=tar", "--verbose")
        # images/base/clean removes lists and caches without another run of apt.
        yield "--skip=cleanup/apt"
        yield f"--architectures={self._base.architecture}"
        yield f"--components={','.join(self._base.components)}"
        yield from (f"--aptopt={option}" for option in _APT_OPTIONS)
        yield from (f"--dpkgopt=path-exclude={path}" for path in self._base.exclude)
        yield from (f"--dpkgopt=path-include={path}" for path in self._base.include)

    def _last_hooks(self, shop: Workshop) -> Iterator[str]:
        """Once all packages are there: keep what the index says of them, then clean up."""
        yield f"--customize-hook={_LIST_INDEX}{shlex.quote(str(shop.folder.absolute() / _INDEX))}"
        yield f"--customize-hook={(self._images / 'clean').read_text()}"


def _ask(lines: Sequence[str]) -> Iterator[str]:
    """Each archive once, before apt-get update."""
    suites: dict[str, str] = {}
    for _deb, uri, suite, *_components in map(str.split, lines):
        suites.setdefault(uri, suite)
    for uri, suite in suites.items():
        yield f"--setup-hook={_ASK_MIRROR.format(url=shlex.quote(f'{uri}/dists/{suite}/InRelease'))}"


def record_packages(shop: Workshop, packages: Iterable[DebianPackage]) -> None:
    """Put version and SHA-256 of each into the manifest; the index goes.

    Raises GoldenFailed ``digest_missing``.
    """
    file = shop.folder / _INDEX
    index = read_index(file.read_text())
    wanted = list(packages)
    for package in wanted:
        if package not in index:
            raise _without_digest(package)
    shop.details["packages"] = versions_of(wanted)
    shop.details["package_digests"] = {package.name: index[package] for package in wanted}
    file.unlink()


def _without_digest(package: DebianPackage) -> GoldenFailed:
    return GoldenFailed(
        f"{package.name} {package.version} was installed, but Debian's index has no SHA-256 of it",
        remedy="Set debian_mirror to a mirror whose index has one (apt-cache show), then run:"
        " vestibule golden build.",
        code="digest_missing",
    )
