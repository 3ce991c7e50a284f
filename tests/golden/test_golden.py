"""What the real golden must be: complete, quiet, readable, without anything of the host that built it."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from vestibule.core import versions
from vestibule.core.errors import GoldenFailed
from vestibule.core.goldens import Manifest
from vestibule.drivers.goldens.build import PRODUCT, Workshop
from vestibule.drivers.goldens.cache import file_digest
from vestibule.drivers.goldens.commands import Commands
from vestibule.drivers.goldens.compose import Goldens
from vestibule.drivers.goldens.golden import golden_build
from vestibule.drivers.goldens.mirror import host_sources
from vestibule.drivers.goldens.pack import pack_squashfs
from vestibule.drivers.goldens.packages import read_installed
from vestibule.drivers.goldens.store import GoldenFiles
from vestibule.drivers.goldens.tar import PlainTar
from vestibule_agent.build import build_files, build_id

pytestmark = pytest.mark.golden


def test_the_agent_in_the_root_is_the_one_of_this_checkout(files: GoldenFiles, manifest: Manifest) -> None:
    packages = files.rootfs / "usr/lib/vestibule"
    found = build_files(packages / "vestibule_agent", packages / "vestibule_desktop")
    assert (found, build_id(found)) == (manifest.agent_files, manifest.agent_build)


def test_the_digests_are_those_of_the_products(
    files: GoldenFiles, manifest: Manifest, goldens: Goldens
) -> None:
    folder = goldens.cache.path("goldens", manifest.golden_id)
    assert {name: file_digest(folder / name) for name in manifest.digests} == dict(manifest.digests)
    assert files.kernel.name in manifest.digests


def test_a_second_build_has_nothing_to_do(manifest: Manifest, goldens: Goldens) -> None:
    assert goldens.builder.plan().golden_id == manifest.golden_id
    assert goldens.builder.plan().needed == 0


def test_everybody_may_read_the_root_and_nothing_in_it_is_set_uid(files: GoldenFiles) -> None:
    wrong = []
    for folder, names, found in os.walk(files.rootfs):
        for name in [*names, *found]:
            mode = Path(folder, name).lstat().st_mode
            if stat.S_ISLNK(mode):
                continue
            needed = 0o555 if stat.S_ISDIR(mode) else 0o444
            if mode & needed != needed or mode & (stat.S_ISUID | stat.S_ISGID):
                wrong.append(Path(folder, name))
    assert wrong == []


def test_no_machine_is_born_with_an_identity(files: GoldenFiles) -> None:
    assert (files.rootfs / "etc/machine-id").read_text() == ""
    assert list((files.rootfs / "etc").glob("ssh/ssh_host_*")) == []
    shadow = (files.rootfs / "etc/shadow").read_text().splitlines()
    assert {line.split(":")[1] for line in shadow} <= {"*", "!", "!*"}


def test_nothing_of_the_hosts_mirror_is_inside(files: GoldenFiles) -> None:
    hosts = {re.sub(r"^\w+://|/.*$", "", source.uri) for source in host_sources(Path("/etc/apt"))}
    assert hosts
    for host in hosts:
        grep = ["grep", "--recursive", "--files-with-matches", "--fixed-strings", host]
        found = subprocess.run(
            [*grep, files.rootfs / "etc", files.rootfs / "var"], capture_output=True, text=True, check=False
        )
        assert found.stdout == ""


def test_nothing_of_the_bootstraps_own_is_inside(files: GoldenFiles) -> None:
    assert list((files.rootfs / "var/lib/apt/lists").glob("*")) == []
    assert list((files.rootfs / "var/cache").glob("*")) == []
    assert list((files.rootfs / "etc").rglob("*mmdebstrap*")) == []
    assert (files.rootfs / "etc/resolv.conf").read_text() == ""
    assert (files.rootfs / "etc/hostname").read_text() == "vestibule\n"


def test_the_browser_is_in_a_layer_of_its_own_and_the_kernel_is_not(files: GoldenFiles) -> None:
    base, browser = (files.layers[kind].parent / "rootfs" for kind in ("base", "browser"))
    assert (browser / "usr/bin/chromium").is_file()
    assert not (base / "usr/bin/chromium").exists()
    assert (base / "usr/bin/node").is_file()
    assert not (browser / "usr/bin/node").exists()
    assert list(browser.glob("boot/*")) == []


def test_every_package_of_debian_is_listed_with_the_digest_of_its_archive(
    files: GoldenFiles, goldens: Goldens, manifest: Manifest
) -> None:
    status = (files.rootfs / "var/lib/dpkg/status").read_text()
    installed = {(package.name, package.version) for package in read_installed(status)}
    components = json.loads(goldens.store.sbom(manifest.golden_id))["components"]
    debian = [found for found in components if found["purl"].startswith("pkg:deb/")]
    assert {(found["name"], found["version"]) for found in debian} == installed
    assert {"chromium", "linux-image-amd64"} <= {name for name, _version in installed}
    assert all(re.fullmatch("[0-9a-f]{64}", found["hashes"][0]["content"]) for found in debian)
    definition = goldens.store.provenance(manifest.golden_id).statement["predicate"]["buildDefinition"]
    stated = {item["uri"]: item["digest"] for item in definition["resolvedDependencies"] if "uri" in item}
    assert {
        found["purl"]: {"sha256": found["hashes"][0]["content"]} for found in debian
    }.items() <= stated.items()


def test_the_kernel_tells_clones_apart(files: GoldenFiles) -> None:
    (config,) = (files.rootfs / "boot").glob("config-*")
    assert "CONFIG_VMGENID=y" in config.read_text().splitlines()


def test_timers_that_burn_processor_time_are_masked(files: GoldenFiles, goldens: Goldens) -> None:
    units = files.rootfs / "etc/systemd/system"
    assert goldens.spec.desktop.mask
    assert all((units / unit).readlink() == Path("/dev/null") for unit in goldens.spec.desktop.mask)


def test_each_tool_said_its_pinned_version(goldens: Goldens, manifest: Manifest) -> None:
    path = goldens.cache.path("goldens", manifest.golden_id) / "manifest.json"
    told = json.loads(path.read_text())["details"]["versions"]
    assert manifest.tools
    said = {name: version for name, version in manifest.tools.items() if versions.names(told[name], version)}
    assert said == dict(manifest.tools) == dict(goldens.spec.tools.versions)


def test_a_tool_that_says_another_version_is_refused(
    goldens: Goldens, files: GoldenFiles, tmp_path: Path
) -> None:
    pins = dict.fromkeys(goldens.spec.tools.versions, "0.0.1")
    spec = dataclasses.replace(goldens.spec, tools=dataclasses.replace(goldens.spec.tools, versions=pins))
    (tmp_path / "rootfs").symlink_to(files.rootfs)
    shop = Workshop(folder=tmp_path, parents={}, commands=Commands(tmp_path / "log"))
    check = golden_build(spec).steps[-1]
    with pytest.raises(GoldenFailed, match=r"is pinned at 0\.0\.1, but says of itself: \d") as failure:
        check.act(shop)
    assert failure.value.failure_code == "golden_check_failed"


def test_an_image_has_the_same_bytes_whenever_it_is_made(tmp_path: Path) -> None:
    digests = set()
    for number in range(2):
        folder = tmp_path / str(number)
        (folder / "in").mkdir(parents=True)
        (folder / "in" / "file").write_text("content")
        os.utime(folder / "in" / "file", (number, number))
        with PlainTar(folder / "layer.tar") as tar:
            tar.tree("/usr/lib/x", folder / "in")
        pack_squashfs(Workshop(folder=folder, parents={}, commands=Commands(folder / "log")))
        digests.add(file_digest(folder / PRODUCT))
    assert len(digests) == 1
