"""A recipe that somebody got wrong is named by file and key."""

from __future__ import annotations

import pytest

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.recipe import read_spec
from vestibule.resources import Resources

WRONG = [
    ("base.toml", 'serial = "', 'seriel = "', "has an unknown key 'seriel'; the nearest is 'serial'"),
    (
        "base.toml",
        "exclude = [",
        "excludes = [",
        "unknown key 'excludes' in files; the nearest is 'exclude'",
    ),
    ("base.toml", "min_mem_mib = 1024", 'min_mem_mib = "1024"', "has a wrong value of 'min_mem_mib'"),
    ("base.toml", "min_disk_mib = 6144", "min_disk_mib = 0", "has a wrong value of 'min_disk_mib'"),
    (
        "tools.toml",
        "script = ",
        "skript = ",
        "unknown key 'skript' in install.0; the nearest is 'script'",
    ),
    ("tools.toml", '"/opt/', '"opt/', "has a wrong value of 'folder'"),
    ("desktop.toml", "mask = [", "masks = [", "has an unknown key 'masks'; the nearest is 'mask'"),
    ("agent.toml", "[files]", "[file]", "has an unknown key 'file'; the nearest is 'files'"),
    ("agent.toml", "package = ", "color = ", "has an unknown key 'color'"),
]


@pytest.mark.parametrize(("name", "right", "wrong", "said"), WRONG)
def test_a_wrong_key_or_value_is_named_with_its_file(
    resources: Resources, name: str, right: str, wrong: str, said: str
) -> None:
    file = resources.images / name
    text = file.read_text()
    assert right in text
    file.write_text(text.replace(right, wrong, 1))
    with pytest.raises(GoldenFailed) as refused:
        read_spec(resources)
    assert refused.value.failure_code == "recipe_invalid"
    assert f"{name} " in refused.value.cause
    assert said in refused.value.cause


@pytest.mark.parametrize("name", ["base.toml", "tools.toml", "desktop.toml", "agent.toml"])
def test_a_file_that_is_no_toml_or_not_there_is_named(resources: Resources, name: str) -> None:
    file = resources.images / name
    file.write_text("packages = [")
    with pytest.raises(GoldenFailed, match=f"{name} cannot be read"):
        read_spec(resources)
    file.unlink()
    with pytest.raises(GoldenFailed, match=f"{name} cannot be read"):
        read_spec(resources)
