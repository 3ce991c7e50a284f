"""``vestibule credentials`` against a controller that answers from a script."""

import base64
import contextlib
import io
import json
import platform
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from vestibule.cli.app import run
from vestibule.client import Controller
from vestibule_agent.protocol import MAX_CREDENTIAL_BYTES

from .conftest import Script

Play = Callable[[Script], list[httpx.Request]]

CREDENTIAL = {
    "credential_id": "c-1",
    "provider": "demo",
    "account": "ann",
    "custody": "checked_out",
    "holder": "ci-3",
    "held_since": "2026-11-22T12:00:00Z",
}
HELD = httpx.Response(
    409,
    json={
        "code": "credential_checked_out",
        "cause": "The credential c-1 is checked out to ci-3 since 2026-11-22T12:00:00+00:00.",
        "remedy": "Wait until ci-3 returns it.",
    },
)


def exported(path: str, action: str = "export") -> Script:
    content = base64.b64encode(b'{"token": "fake"}').decode()
    file = {"path": path, "mode": 0o644, "content": content}
    body = {"credential_id": "c-1", "provider": "demo", "files": [file]}
    return {("POST", f"/api/credentials/c-1/{action}"): httpx.Response(200, json=body)}


def test_a_credential_is_written_for_its_owner_alone(play: Callable[[Script], Any], tmp_path: Path) -> None:
    play(exported("/home/person/.demo/credentials.json"))
    assert run(["credentials", "export", "c-1", "--to", str(tmp_path)]) == 0
    written = tmp_path / ".demo/credentials.json"
    assert written.read_bytes() == b'{"token": "fake"}'
    assert written.stat().st_mode & 0o077 == 0


def test_a_credential_never_replaces_a_file(play: Callable[[Script], Any], tmp_path: Path) -> None:
    (tmp_path / ".demo.json").write_text("mine")
    play(exported("~/.demo.json"))
    assert run(["credentials", "export", "c-1", "--to", str(tmp_path)]) == 5
    assert (tmp_path / ".demo.json").read_text() == "mine"


def test_a_credential_never_leaves_the_folder(play: Callable[[Script], Any], tmp_path: Path) -> None:
    play(exported("~/../outside"))
    assert run(["credentials", "export", "c-1", "--to", str(tmp_path / "home")]) == 2
    assert not (tmp_path / "outside").exists()


RETURN = ("POST", "/api/credentials/c-1/return")
RETURNED = {
    RETURN: httpx.Response(200, json={"credential_id": "c-1", "custody": "returned"}),
    ("GET", "/api/credentials/c-1"): httpx.Response(200, json={"provider": "demo"}),
    ("GET", "/api/providers"): httpx.Response(
        200, json=[{"name": "demo", "credential_files": ["~/.demo.json", "~/.more.json"]}]
    ),
}


def _body(request: httpx.Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.content)
    return body


def test_the_list_names_the_holder(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    play({("GET", "/api/credentials"): httpx.Response(200, json=[CREDENTIAL])})
    assert run(["credentials", "list"]) == 0
    assert "ci-3" in capsys.readouterr().out


def test_show_tells_holder_and_since_and_who_had_it_before(
    play: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    step = {"custody": "returned", "holder": "desk-7", "at": "2026-11-21T12:00:00Z"}
    detail = httpx.Response(200, json={**CREDENTIAL, "history": [step]})
    play({("GET", "/api/credentials/c-1"): detail})
    assert run(["credentials", "show", "c-1"]) == 0
    shown = capsys.readouterr().out
    for text in ("ci-3", "held since", "2026-11-22 12:00:00 UTC", "desk-7", "2026-11-21 12:00:00 UTC"):
        assert text in shown
    assert run(["credentials", "show", "c-1", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["history"] == [step]


def test_a_checkout_writes_the_files_for_their_owner_alone(play: Play, tmp_path: Path) -> None:
    seen = play(exported("~/.demo/credentials.json", "checkout"))
    assert run(["credentials", "checkout", "c-1", "--holder", "ci-3", "--to", str(tmp_path)]) == 0
    written = tmp_path / ".demo/credentials.json"
    assert written.read_bytes() == b'{"token": "fake"}'
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert stat.S_IMODE(written.parent.stat().st_mode) == 0o700
    assert [_body(request) for request in seen] == [{"holder": "ci-3"}]


def test_a_checkout_prints_without_a_folder_and_is_this_host_s(
    play: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = play(exported("~/.demo/credentials.json", "checkout"))
    assert run(["credentials", "checkout", "c-1"]) == 0
    assert '{"token": "fake"}' in capsys.readouterr().out
    assert [_body(request) for request in seen] == [{"holder": platform.node()}]


def test_a_checkout_of_what_is_held_names_the_holder(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    play({("POST", "/api/credentials/c-1/checkout"): HELD})
    assert run(["credentials", "checkout", "c-1", "-o", "json"]) == 5
    output = capsys.readouterr()
    assert output.out == ""
    assert json.loads(output.err) == json.loads(HELD.content)


def test_a_checkout_whose_files_cannot_be_written_is_returned_at_once(
    play: Play, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".demo.json").write_text("mine")
    seen = play({**exported("~/.demo.json", "checkout"), **RETURNED})
    assert run(["credentials", "checkout", "c-1", "--holder", "ci-3", "--to", str(tmp_path)]) == 5
    assert (tmp_path / ".demo.json").read_text() == "mine"
    assert (seen[-1].url.path, _body(seen[-1])) == (RETURN[1], {"holder": "ci-3"})
    assert "file_exists" in capsys.readouterr().err


@pytest.mark.parametrize("to", ["/dev/null", "/proc/no-such", "link"])
def test_a_folder_that_cannot_be_written_is_named_and_the_check_out_undone(
    play: Play, tmp_path: Path, capsys: pytest.CaptureFixture[str], to: str
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    seen = play({**exported("~/.demo/x.json", "checkout"), **RETURNED})
    assert run(["credentials", "checkout", "c-1", "--holder", "ci-3", "--to", str(tmp_path / to)]) == 2
    assert seen[-1].url.path == RETURN[1]
    assert "file_unwritable" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["checkout", "export"])
@pytest.mark.parametrize("second", ["~/.there.json", "~/../outside", "~/.rest.json"])
def test_of_files_that_cannot_all_be_written_none_is_left(
    play: Play, tmp_path: Path, action: str, second: str
) -> None:
    (tmp_path / ".there.json").write_text("mine")
    script = exported("~/.first.json", action)
    body = script["POST", f"/api/credentials/c-1/{action}"].json()
    content = "x" if second == "~/.rest.json" else body["files"][0]["content"]
    body["files"].append({"path": second, "mode": 0o600, "content": content})
    script["POST", f"/api/credentials/c-1/{action}"] = httpx.Response(200, json=body)
    seen = play({**script, **RETURNED})
    with contextlib.suppress(ValueError):
        assert run(["credentials", action, "c-1", "--to", str(tmp_path)]) != 0
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(".there.json", "mine")]
    assert (seen[-1].url.path == RETURN[1]) == (action == "checkout")


def test_a_return_without_a_file_sends_none(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    seen = play(RETURNED)
    assert run(["credentials", "return", "c-1", "--holder", "ci-3"]) == 0
    assert _body(seen[0]) == {"holder": "ci-3", "files": None}
    assert capsys.readouterr().out == "c-1 is returned.\n"


def test_a_return_sends_the_file_s_bytes_and_prints_none(
    play: Play, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "credentials.json"
    file.write_bytes(b'{"token": "fake-\xff"}')
    seen = play(RETURNED)
    assert run(["credentials", "return", "c-1", "--holder", "ci-3", "--file", str(file)]) == 0
    assert base64.b64decode(_body(seen[-1])["files"][0]["content"]) == file.read_bytes()
    assert "fake" not in capsys.readouterr().out


def test_a_return_reads_stdin(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{}")))
    seen = play(RETURNED)
    assert run(["credentials", "return", "c-1", "--file", "-"]) == 0
    assert base64.b64decode(_body(seen[-1])["files"][0]["content"]) == b"{}"


def test_of_an_endless_file_no_more_is_sent_than_is_too_much(play: Play) -> None:
    seen = play(RETURNED)
    assert run(["credentials", "return", "c-1", "--file", "/dev/zero"]) == 0
    assert len(base64.b64decode(_body(seen[-1])["files"][0]["content"])) == MAX_CREDENTIAL_BYTES + 1


@pytest.mark.parametrize("name", ["none.json", "."])
def test_a_file_that_cannot_be_read_is_named_and_nothing_is_sent(
    play: Play, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    seen = play(RETURNED)
    assert run(["credentials", "return", "c-1", "--file", str(tmp_path / name)]) == 2
    assert seen == []
    assert "file_unreadable" in capsys.readouterr().err


def test_a_whole_home_is_returned(play: Play, tmp_path: Path) -> None:
    (tmp_path / ".demo.json").write_text("{}")
    seen = play(RETURNED)
    assert run(["credentials", "return", "c-1", "--from", str(tmp_path)]) == 0
    assert _body(seen[-1])["files"] == [{"path": "~/.demo.json", "content": "e30="}]


def test_a_home_without_the_tool_s_files_is_named(
    play: Play, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(RETURNED)
    assert run(["credentials", "return", "c-1", "--from", str(tmp_path)]) == 2
    assert "file_unreadable" in capsys.readouterr().err


def test_what_was_refused_is_said_to_be_and_the_doubt_is_a_warning(
    play: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = play(
        {
            ("POST", "/api/credentials/c-1/refuse"): httpx.Response(
                200, json={"doubt": "The provider refused it to ci-3."}
            )
        }
    )
    assert run(["credentials", "return", "c-1", "--holder", "ci-3", "--refused"]) == 0
    assert _body(seen[-1]) == {"holder": "ci-3"}
    assert capsys.readouterr().err == "warning: The provider refused it to ci-3.\n"


def test_a_file_and_a_home_exclude_each_other(play: Play, tmp_path: Path) -> None:
    assert play(RETURNED) == []
    assert run(["credentials", "return", "c-1", "--from", str(tmp_path), "--file", "-"]) == 2


def test_delete_says_what_is_gone(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    gone = httpx.Response(200, json={"credential_id": "c-1", "custody": "revoked"})
    play({("DELETE", "/api/credentials/c-1"): gone})
    assert run(["credentials", "delete", "c-1"]) == 0
    assert capsys.readouterr().out == "c-1 is deleted.\n"


def test_an_id_is_never_another_address(play: Play) -> None:
    absent = httpx.Response(404, json={"code": "absent", "cause": "There is no such.", "remedy": "Look."})
    seen = play({("DELETE", "/api/credentials/../users/carl"): absent})
    assert run(["credentials", "delete", "../users/carl"]) != 0
    (asked,) = seen
    assert asked.url.raw_path == b"/api/credentials/%2E%2E%2Fusers%2Fcarl"


STEP = {"key_id": "0123456789abcdef", "rewrapped": 100, "remaining": 0, "damaged": [], "finished": True}


def _steps(monkeypatch: pytest.MonkeyPatch, *steps: dict[str, Any]) -> None:
    """What the controller answers, one call after the other."""
    left = [httpx.Response(200, json={**STEP, **step}) for step in steps]
    transport = httpx.MockTransport(lambda _request: left.pop(0))
    monkeypatch.setattr(
        "vestibule.cli.credentials.connect", lambda _url: Controller("http://c.test", "fake", transport)
    )


def test_a_rotation_goes_on_until_nothing_remains_and_tells_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _steps(monkeypatch, {"remaining": 120, "finished": False}, {"remaining": 20, "finished": False}, {})
    assert run(["credentials", "rotate-key"]) == 0
    said = capsys.readouterr()
    assert said.out == "300 credentials have the new master key 0123456789abcdef.\n"
    assert said.err == "100 done, 120 remain\n200 done, 20 remain\n"


def test_a_rotation_s_json_is_one_document_with_the_sum(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _steps(monkeypatch, {"remaining": 20, "finished": False}, {"rewrapped": 20})
    assert run(["credentials", "rotate-key", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {**STEP, "rewrapped": 120}


def test_a_rotation_that_leaves_something_names_it_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _steps(monkeypatch, {"damaged": ["c-7"], "finished": False})
    assert run(["credentials", "rotate-key"]) == 5
    said = capsys.readouterr().err
    assert "error vault_rotation_unfinished: 100 credentials have the new master key" in said
    assert "cannot be opened: c-7" in said
    assert "FIX: Restore" in said
