"""Commands against a controller that answers from a script: what is sent, printed and returned."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from vestibule.cli import following
from vestibule.cli.app import run
from vestibule.cli.exit_codes import ExitCode
from vestibule.client import Controller, ControllerUnreachable

from .conftest import Script


def session(status: str, **fields: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("vm_id", "vm_ip", "vnc_url", "auth_url", "user_code", "page_title", "credential_id", "failure"), None
    )
    return {**empty, "session_id": "s-1", "provider": "demo", "notices": [], "status": status, **fields}


def events(*sessions: dict[str, Any]) -> httpx.Response:
    lines = (
        f"data: {json.dumps({'seq': seq, 'session': value})}\n\n"
        for seq, value in enumerate(sessions, start=1)
    )
    return httpx.Response(200, text="".join(lines))


def test_a_machine_is_shown_with_what_it_was_cloned_from(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    golden = {"golden_id": "g-1", "signed_by": "fa12", "signature": "holds"}
    play({("GET", "/api/vms/vm-1"): httpx.Response(200, json={"vm_id": "vm-1", "golden": golden})})
    assert run(["vm", "show", "vm-1"]) == 0
    shown = dict(line.rsplit(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (shown["golden.golden_id"], shown["golden.signed_by"]) == ("g-1", "fa12")


STEPS = {
    "steps": [
        {
            "number": 1, "name": "start", "started_at": "2026-11-22T12:00:00Z",
            "ended_at": "2026-11-22T12:00:01Z", "duration_s": 1.25,
            "outcome": "failed", "error_code": "start_timeout",
        },
        {
            "number": 2, "name": "destroy", "started_at": "2026-11-22T12:00:01Z",
            "ended_at": None, "duration_s": None, "outcome": None, "error_code": None,
        },
    ]
}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["session", "timeline", "s-1"], "/api/auth/session/s-1/timeline"),
        (["vm", "timeline", "vm-1"], "/api/vms/vm-1/timeline"),
    ],
)
def test_a_timeline_has_the_seconds_of_every_step(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str], arguments: list[str], path: str
) -> None:
    play({("GET", path): httpx.Response(200, json=STEPS)})
    assert run(arguments) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["step", "started", "at", "seconds", "outcome"]
    assert (first.split()[0], first.split()[-3:]) == ("start", ["1.25", "failed", "(start_timeout)"])
    assert (second.split()[0], second.split()[-3:]) == ("destroy", ["-", "goes", "on"])
    assert run([*arguments, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == STEPS


def test_a_list_is_json_when_asked(play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]) -> None:
    play({("GET", "/api/vms"): httpx.Response(200, json=[{"vm_id": "vm-1"}])})
    assert run(["vm", "list", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"vm_id": "vm-1"}]


def test_a_list_is_a_table_for_people(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    play({("GET", "/api/users"): httpx.Response(200, json=[{"user_id": "u-1", "name": "[bold]ada"}])})
    assert run(["user", "list"]) == 0
    assert "[bold]ada" in capsys.readouterr().out


def test_a_failure_is_told_with_its_remedy(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"code": "absent", "cause": "There is no machine vm-9.", "remedy": "List yours."}
    play({("GET", "/api/vms/vm-9"): httpx.Response(404, json=body)})
    assert run(["vm", "show", "vm-9"]) == 4
    assert capsys.readouterr().err == "error absent: There is no machine vm-9.\nFIX: List yours.\n"


def test_a_failure_is_json_when_asked(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"code": "absent", "cause": "There is no machine vm-9.", "remedy": "List yours."}
    play({("DELETE", "/api/vms/vm-9"): httpx.Response(404, json=body)})
    assert run(["vm", "stop", "vm-9", "-o", "json"]) == 4
    assert json.loads(capsys.readouterr().err) == body


@pytest.mark.parametrize(
    "arguments", [["vm", "fly"], ["vm", "show"], ["vm", "list", "-o", "xml"], ["bench", "clone"]]
)
def test_wrong_usage_is_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    message = capsys.readouterr().err
    assert message.startswith("error bad_input: ")
    assert "FIX: " in message


def test_a_bad_setting_stops_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VESTIBULE_PROT", "1")
    assert run(["session", "list"]) == 2
    assert "VESTIBULE_PORT" in capsys.readouterr().err


def test_connect_without_waiting_returns_at_once(play: Callable[[Script], list[httpx.Request]]) -> None:
    seen = play({("POST", "/api/vm/auth"): httpx.Response(201, json={"session": session("started")})})
    assert run(["connect", "demo", "--driver", "container"]) == 0
    assert json.loads(seen[0].content) == {"provider": "demo", "driver": "container", "flow": None}


def test_connect_follows_a_session_to_its_end(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    play(
        {
            ("POST", "/api/vm/auth"): httpx.Response(201, json={"session": session("started")}),
            ("GET", "/api/auth/session/s-1/events"): events(
                session("vm_created", vm_ip="192.168.100.2"),
                session("awaiting_user_auth", auth_url="http://login.demo.test/"),
                session("completed", credential_id="c-1"),
            ),
        }
    )
    assert run(["connect", "demo", "--wait"]) == 0
    shown = capsys.readouterr().out
    for text in ("vm_created", "192.168.100.2", "http://login.demo.test/", "completed", "c-1"):
        assert text in shown


def test_connect_tells_where_in_the_queue_it_waits(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def waiting(place: int) -> Any:
        return session("started", queue_place=place, queue_reason="4 machines run.")

    play(
        {
            ("POST", "/api/vm/auth"): httpx.Response(201, json={"session": session("started")}),
            ("GET", "/api/auth/session/s-1/events"): events(
                waiting(3), waiting(3), waiting(2), session("completed")
            ),
        }
    )
    assert run(["connect", "demo", "--wait"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("place 3 in the queue: 4 machines run.") == 1
    assert shown.count("place 2 in the queue") == 1


def test_connect_prints_a_guest_s_words_on_one_line_and_no_control_character_of_them(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "stuck\x1b]0;owned\x07\ncompleted"
    notice = {"code": "page_failed", "text": hostile, "at": "2026-11-22T12:00:00Z"}
    play(
        {
            ("POST", "/api/vm/auth"): httpx.Response(201, json={"session": session("started")}),
            ("GET", "/api/auth/session/s-1/events"): events(
                session("awaiting_user_auth", page_title=hostile, notices=[notice]), session("completed")
            ),
        }
    )
    assert run(["connect", "demo", "--wait"]) == 0
    lines = capsys.readouterr().out.splitlines()
    said = r"stuck\x1b]0;owned\x07"
    assert {rf"  page: {said}\ncompleted", f"  note page_failed: {said}", "    | completed"} <= set(lines)
    assert lines.count("completed") == 1


@pytest.mark.parametrize(("status", "number"), [("timeout", 9), ("cancelled", 9), ("failed", 8)])
def test_connect_tells_how_a_session_ended(
    status: str, number: int, play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    failure = {"code": "tool_exited", "cause": "The tool ended.", "remedy": "Try again."}
    ended = session(status, failure=failure if status == "failed" else None)
    play(
        {
            ("POST", "/api/vm/auth"): httpx.Response(201, json={"session": session("started")}),
            ("GET", "/api/auth/session/s-1/events"): events(ended),
        }
    )
    assert run(["connect", "demo", "--wait", "-o", "json"]) == number
    output = capsys.readouterr()
    assert json.loads(output.out)["status"] == status
    assert json.loads(output.err)["remedy"]


def test_ctrl_c_cancels_the_session(
    play: Callable[[Script], list[httpx.Request]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = play(
        {
            ("POST", "/api/vm/auth"): httpx.Response(201, json={"session": session("started")}),
            ("POST", "/api/auth/session/s-1/cancel"): httpx.Response(200, json=session("cancelled")),
        }
    )

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Controller, "events", interrupt)
    assert run(["connect", "demo", "--wait"]) == 130
    assert seen[-1].url.path == "/api/auth/session/s-1/cancel"


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AGAIN_S", 0)


@pytest.mark.usefixtures("_impatient")
def test_a_sign_in_is_followed_over_a_restart_of_its_controller(
    monkeypatch: pytest.MonkeyPatch, play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    play({})
    streams = iter(
        [[session("awaiting_user_auth")], None, [session("awaiting_user_auth"), session("completed")]]
    )

    def stream(*_: object) -> Iterator[dict[str, Any]]:
        sessions = next(streams)
        if sessions is None:
            raise ControllerUnreachable("gone", remedy="Start it.")
        for one in sessions:
            yield {"session": one}

    monkeypatch.setattr(Controller, "events", stream)
    assert run(["session", "wait", "s-1"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[:2] == ["awaiting_user_auth", "completed"]
    assert said.err.count("went away") == 1


@pytest.mark.usefixtures("_impatient")
def test_a_controller_that_does_not_come_back_is_told_with_what_to_do_then(
    monkeypatch: pytest.MonkeyPatch, play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    play({("GET", "/api/auth/session/s-1/events"): events(session("ready"))})
    monkeypatch.setattr(following, "RETURN_S", 0)
    assert run(["session", "wait", "s-1"]) == ExitCode.UNREACHABLE
    assert "vestibule session wait s-1" in capsys.readouterr().err


@pytest.mark.parametrize("status", ["stopping", "destroyed", "failed"])
def test_what_became_of_a_stopped_machine_is_what_the_controller_says(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str], status: str
) -> None:
    machine = {"vm_id": "vm-1", "status": status}
    play({("DELETE", "/api/vms/vm-1"): httpx.Response(200, json=machine)})
    assert run(["vm", "stop", "vm-1"]) == 0
    assert capsys.readouterr().out == f"vm-1 is {status}.\n"
    assert run(["vm", "stop", "vm-1", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == machine


@pytest.mark.parametrize("status", ["cancelled", "completed"])
def test_what_became_of_a_cancelled_session_is_what_the_controller_says(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str], status: str
) -> None:
    play({("POST", "/api/auth/session/s-1/cancel"): httpx.Response(200, json=session(status))})
    assert run(["session", "cancel", "s-1"]) == 0
    assert capsys.readouterr().out == f"s-1 is {status}.\n"


@pytest.mark.parametrize(
    "command", [["bench", "clone"], ["bench", "sign-in"], ["vm", "start"], ["connect", "demo"]]
)
def test_the_tests_own_driver_is_not_offered(
    play: Callable[[Script], list[httpx.Request]], capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    seen = play({})
    assert run([*command, "--driver", "fake"]) == 2
    error = capsys.readouterr().err
    assert "container" in error
    assert "qemu" in error
    assert seen == []
