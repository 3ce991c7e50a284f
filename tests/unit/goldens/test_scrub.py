"""A scrub is a process of its own that reads all of a golden and tells what is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_golden import GOLDEN, RECIPE, signer_in, tiny_builder

from vestibule.core.errors import GoldenFailed
from vestibule.core.goldens import Damage
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.scrub import ScrubProcess
from vestibule.drivers.goldens.store import DirectoryGoldenStore

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def process(tmp_path: Path) -> ScrubProcess:
    signer = signer_in(tmp_path / "state")
    tiny_builder(tmp_path, signer).build(lambda *_: None)
    return ScrubProcess(cache_dir=tmp_path, key=tmp_path / "state/golden-signing.key", trusted=())


async def test_a_sound_golden_has_no_damages(process: ScrubProcess) -> None:
    assert await process.run(GOLDEN) == ()


async def test_what_decayed_without_being_written_to_is_found_and_refused_from_then_on(
    process: ScrubProcess, tmp_path: Path
) -> None:
    """A file of the root has no time that anybody compares: nothing but reading it tells."""
    store = DirectoryGoldenStore(Cache(tmp_path), RECIPE, signer_in(tmp_path / "state"))
    (tmp_path / "goldens" / GOLDEN / "rootfs/usr/agent").write_text("decayed")
    store.usable(GOLDEN)
    damages = await process.run(GOLDEN)
    assert Damage(product=GOLDEN, file="rootfs/usr/agent", problem="was changed") in damages
    with pytest.raises(GoldenFailed, match=r"usr/agent of .* was changed"):
        store.usable(GOLDEN)
    store.mend(GOLDEN)
    tiny_builder(tmp_path, signer_in(tmp_path / "state")).build(lambda *_: None)
    assert await process.run(GOLDEN) == ()
    store.usable(GOLDEN)


@pytest.mark.usefixtures("process")
async def test_a_key_that_is_trusted_is_handed_on(tmp_path: Path) -> None:
    elsewhere = ScrubProcess(cache_dir=tmp_path, key=tmp_path / "other/key", trusted=())
    assert {damage.file for damage in await elsewhere.run(GOLDEN)} == {"provenance.json"}
    public = signer_in(tmp_path / "state").public_key
    trusting = ScrubProcess(cache_dir=tmp_path, key=tmp_path / "other/key", trusted=[public])
    assert await trusting.run(GOLDEN) == ()


async def test_a_scrub_that_cannot_read_says_why(process: ScrubProcess, tmp_path: Path) -> None:
    (tmp_path / "state/golden-signing.key").chmod(0o644)
    with pytest.raises(GoldenFailed, match="can be read by others") as failed:
        await process.run(GOLDEN)
    assert failed.value.failure_code == "scrub_broke"
