"""The goldens page as an operator uses it: what is promoted, what its canary saw, what comes of Rebuild.

The controller has a cache of its own: a rebuild must find something to do, and nobody else's golden is
touched.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from controller import Controller, running
from gallery import await_picture
from playwright.sync_api import Page, expect

from vestibule.settings import Settings

pytestmark = [pytest.mark.golden, pytest.mark.browser]

RENEWAL_MS = 180_000.0
PATIENCE_MS = 20_000.0


@pytest.fixture(scope="module")
def cache(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A cache that holds the layers, as links where the file system allows it, and no golden."""
    request.getfixturevalue("golden")
    with tempfile.TemporaryDirectory(prefix="vestibule-cache-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        layers = Settings().cache_dir / "layers"
        linked = subprocess.run(["cp", "-al", layers, folder], check=False, stderr=subprocess.DEVNULL)
        if linked.returncode != 0:
            shutil.rmtree(folder / "layers", ignore_errors=True)
            subprocess.run(["cp", "-a", layers, folder], check=True)
        yield folder


@pytest.fixture(scope="module")
def works(cache: Path) -> Iterator[Controller]:
    """A controller that makes its first golden by itself."""
    with running(VESTIBULE_ISOLATION="container", VESTIBULE_CACHE_DIR=str(cache)) as started:
        yield started


def test_an_operator_reads_a_canary_rebuilds_and_sees_it_promoted(
    page: Page, works: Controller, cache: Path
) -> None:
    page.goto(works.sign_in_link())
    page.get_by_role("link", name="Goldens").click()
    band = page.get_by_role("region", name="The promoted golden")
    expect(band.get_by_role("heading", name="Current", exact=True)).to_be_visible(timeout=RENEWAL_MS)
    golden = _promoted(page)
    expect(band).to_contain_text(golden)

    _read_canary(page, golden)

    # Nobody knows any more that it was tried: a rebuild has its canary to run again.
    (cache / "canaries" / golden / "container/report.json").unlink()
    page.get_by_role("button", name="Rebuild").click()
    under_way = page.get_by_role("region", name="Renewal under way")
    expect(under_way).to_contain_text("Canary · container", timeout=PATIENCE_MS)
    expect(under_way).to_contain_text("start of clone 1")
    expect(page.get_by_role("button", name="Rebuild")).to_be_disabled()
    ended = page.get_by_role("region", name="Last renewal")
    expect(ended.get_by_role("status")).to_contain_text("Promoted", timeout=RENEWAL_MS)
    steps = ended.get_by_role("list", name="Steps")
    expect(steps).to_contain_text("sign-in")
    expect(steps).to_contain_text(f"promote {golden}")
    expect(page.get_by_role("button", name="Rebuild")).to_be_enabled()


def _promoted(page: Page) -> str:
    row = page.get_by_role("row").filter(has_text="Promoted")
    return row.get_by_role("link", name=re.compile("^g-")).inner_text()


def _read_canary(page: Page, golden: str) -> None:
    page.get_by_role("link", name=golden).click()
    drawer = page.get_by_role("dialog", name=re.compile(golden))
    checks = drawer.get_by_role("list", name="Checks with container")
    expect(checks.get_by_text("sign-in")).to_be_visible()
    await_picture(drawer.get_by_role("img", name=re.compile("^Desktop of a clone")).first)
    expect(page).to_have_url(re.compile(f"/dashboard/goldens/{golden}$"))
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page).to_have_url(re.compile("/dashboard/goldens$"))
