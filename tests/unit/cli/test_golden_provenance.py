"""``vestibule golden`` over a stored golden of a few files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_golden import GOLDEN, RECIPE, signer_in, tiny_builder

from vestibule import golden_commands
from vestibule.cli.app import run
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.store import DirectoryGoldenStore


def _use(monkeypatch: pytest.MonkeyPatch, root: Path, state: str) -> None:
    """Have commands find this cache, as a host with this state folder."""
    monkeypatch.setenv("VESTIBULE_STATE_DIR", str(root / state))
    monkeypatch.setenv("VESTIBULE_CACHE_DIR", str(root))
    monkeypatch.setenv("VESTIBULE_GOLDEN_SIGNING_KEY", str(root / state / "golden-signing.key"))
    store = DirectoryGoldenStore(Cache(root), RECIPE, signer_in(root / state))
    monkeypatch.setattr(golden_commands, "golden_store", lambda _settings: store)


@pytest.fixture(autouse=True)
def golden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny_builder(tmp_path, signer_in(tmp_path / "state")).build(lambda *_: None)
    _use(monkeypatch, tmp_path, "state")
    return tmp_path / "goldens" / GOLDEN


def test_show_is_readable_and_names_who_signed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["golden", "show"]) == 0
    shown = capsys.readouterr().out
    assert "2 debian, 1 python, 2 npm" in shown
    assert f"signed by this host's key {signer_in(tmp_path / 'state').key_id[:12]}…" in shown
    for layer in RECIPE.layers:
        assert f"{layer.kind} {layer.name}" in shown
        assert f"  {layer.kind} unpack" in shown
    assert "mmdebstrap" in shown


def test_show_as_json_is_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["golden", "show", "-o", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["golden_id"] == GOLDEN
    assert shown["packages"] == {"debian": 2, "npm": 2, "python": 1}
    assert [product["kind"] for product in shown["products"]] == ["base", "tools", "agent", "golden"]
    assert shown["provenance"]["signature"] == "holds"
    assert shown["provenance"]["statement"]["predicateType"] == "https://slsa.dev/provenance/v1"


def test_sbom_and_provenance_are_documents(golden: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["golden", "sbom"]) == 0
    assert capsys.readouterr().out == (golden / "sbom.json").read_text()
    assert run(["golden", "provenance", GOLDEN]) == 0
    assert json.loads(capsys.readouterr().out)["_type"] == "https://in-toto.io/Statement/v1"


def test_verify_says_who_signed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["golden", "verify"]) == 0
    assert f"golden {GOLDEN} is sound, signed by this host's key" in capsys.readouterr().out


def test_verify_refuses_a_strangers_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _use(monkeypatch, tmp_path, "other-state")
    assert run(["golden", "verify"]) != 0
    told = capsys.readouterr()
    assert "neither this host's nor in golden_trusted_keys" in told.out
    assert "golden_corrupt" in told.err
    assert run(["golden", "verify", "-o", "json"]) != 0
    told_json = json.loads(capsys.readouterr().out)
    key = signer_in(tmp_path / "state").key_id
    assert (told_json["sound"], told_json["signature"], told_json["signed_by"]) == (False, "foreign", key)


def test_the_public_key_is_what_another_host_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = signer_in(tmp_path / "state").public_key
    assert run(["golden", "key"]) == 0
    assert capsys.readouterr().out == f"{public}\n"
    assert run(["golden", "key", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"public_key": public}


def test_verify_names_a_golden_that_nobody_signed(golden: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (golden / "provenance.json").unlink()
    assert run(["golden", "verify"]) != 0
    told = capsys.readouterr()
    assert "an older release made this" in told.out
    assert "verify --discard" in told.err
    assert run(["golden", "provenance"]) != 0
    assert "golden_unsigned" in capsys.readouterr().err


def test_the_plan_says_how_long_it_took_the_last_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["golden", "plan", "-o", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["estimate_s"] == 0
    assert set(told["products"][0]["last_steps_s"]) == {"base pack", "base unpack"}
