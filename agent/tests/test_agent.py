from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import guest_container
import pytest
from guest_container import AGENT, Guest, await_warm, handover, running_guest
from rfb_reader import read_frame

from vestibule_agent.build import build_files, build_id
from vestibule_agent.protocol import CONTRACT, HandoverReply

PATTERN = r"https://login\.example/"
CREDENTIAL_FILE = {
    "path": "~/.fake/credential.json",
    "required": ["token"],
    "expires_at": "expires",
    "account": "who",
}
LONG_URL = "https://login.example/authorize?challenge=" + "a1B2" * 90 + "&state=end"


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Guest]:
    with running_guest(tmp_path) as guest:
        yield guest


@pytest.fixture
def guest(stranger: Guest) -> Guest:
    reply = stranger.introduce()
    assert all(check.ok for check in reply.checks), reply.checks
    await_warm(stranger)  # its browser is not waited for by the hand-over
    return stranger


def login_spec(script: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a message
    spec = {
        "provider": "fake",
        "command": ["sh", "-c", script],
        "url_pattern": PATTERN,
        "credential": {"files": [CREDENTIAL_FILE]},
        "open_browser": False,
    }
    return {**spec, **changes}


def test_the_hand_over_is_answered_with_evidence(stranger: Guest) -> None:
    reply = stranger.introduce()
    found = {check.name: check for check in reply.checks}
    assert (reply.vm_id, reply.contract) == ("vm-test", CONTRACT)
    assert reply.build_id == build_id(reply.files)
    assert reply.files == build_files(AGENT / "vestibule_agent", AGENT / "vestibule_desktop")
    assert {*found, *reply.pending} == {
        "desktop",
        "browser",
        "vnc",
        "clock",
        "random",
        "hostname",
        "address",
    }
    assert all(check.ok for check in reply.checks), reply.checks
    assert "1280x800" in found["desktop"].detail
    assert found["vnc"].detail == "RFB 003.008"


def test_a_browser_that_is_not_there_yet_is_waited_for_by_nobody_who_looks_on(stranger: Guest) -> None:
    reply = stranger.introduce()
    assert reply.pending in ([], ["browser"])
    assert ("browser" in reply.pending) != ("browser" in {check.name for check in reply.checks})
    await_warm(stranger)
    status, health = stranger.request("GET", "/health")
    assert (status, health["checks"][1]["name"]) == (200, "browser")


def test_being_asked_for_its_health_again_and_again_locks_no_viewer_out(guest: Guest) -> None:
    for _ in range(8):
        assert guest.request("GET", "/health")[0] == 200
    test_the_desktop_is_seen_over_vnc(guest)


def test_it_says_that_it_lives(guest: Guest) -> None:
    assert guest.request("GET", "/livez")[0] == 200


def test_a_second_hand_over_is_refused(guest: Guest) -> None:
    answer = json.loads(guest.send_line(handover(vm_id="vm-other").encode()))
    assert answer["code"] == "already_introduced"
    assert guest.request("GET", "/health")[1]["vm_id"] == "vm-test"


def test_another_contract_is_named_and_nothing_is_applied(stranger: Guest) -> None:
    reply = HandoverReply.decode(stranger.send_line(handover(contract=CONTRACT + 1).encode()))
    assert reply.contract == CONTRACT
    assert [check.ok for check in reply.checks] == [False]
    assert stranger.introduce().vm_id == "vm-test"


def test_a_broken_hand_over_is_refused_by_name(stranger: Guest) -> None:
    assert json.loads(stranger.send_line(b"{nonsense\n"))["code"] == "bad_handover"


def test_an_address_that_is_not_ours_fails_its_check(stranger: Guest) -> None:
    reply = HandoverReply.decode(stranger.send_line(handover(address="192.0.2.9/24").encode()))
    assert [check.name for check in reply.checks if not check.ok] == ["address"]


def test_before_the_hand_over_every_route_says_so(stranger: Guest) -> None:
    stranger.await_warm()
    for method, path in (("GET", "/health"), ("POST", "/login"), ("GET", "/nonesuch")):
        status, body = stranger.request(method, path)
        assert (status, body["code"]) == (503, "not_introduced")


def test_the_warm_line_comes_before_any_hand_over(stranger: Guest) -> None:
    line = stranger.await_warm()
    assert {check["name"]: check["ok"] for check in json.loads(line)["checks"]} == {
        "desktop": True,
        "browser": True,
        "vnc": True,
    }


def test_health_checks_everything(guest: Guest) -> None:
    status, health = guest.request("GET", "/health")
    assert (status, health["status"]) == (200, "ok")
    assert {check["name"] for check in health["checks"]} >= {"desktop", "browser", "vnc", "clock", "random"}


@pytest.mark.parametrize("token", ["", "wrong", guest_container.TOKEN + "x"])
def test_a_wrong_token_is_refused(guest: Guest, token: str) -> None:
    status, body = guest.request("GET", "/health", token=token)
    assert (status, body["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nonesuch", {}, 404),
        ("GET", "/events?after=x", {}, 400),
        ("POST", "/login", {}, 400),
        ("POST", "/login", login_spec("true", url_pattern="("), 400),
        ("POST", "/login", login_spec("true", files=[{"path": "/etc/passwd", "content": ""}]), 400),
        ("POST", "/login", login_spec("true", files=[{"path": "~/../x", "content": ""}]), 400),
        ("POST", "/login", login_spec("true", credential={"files": []}), 400),
        ("POST", "/login", login_spec("true", credential={"files": [7]}), 400),
        ("POST", "/login", login_spec("true", prompts=[{"when": "x"}]), 400),
        ("POST", "/login", login_spec("true", prompts=[{"when": "(", "text": "y"}]), 400),
        ("POST", "/login", login_spec("true", error_patterns=["("]), 400),
        ("POST", "/open-url", {"url": "--remote-debugging-port=1"}, 400),
        ("POST", "/input", {"text": 3}, 400),
        ("POST", "/credential/claim", {}, 404),
        ("GET", "/vnc", {}, 426),
    ],
)
def test_bad_requests_are_refused(
    guest: Guest, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    answer = guest.request(method, path, body=body)
    assert answer[0] == status
    assert answer[1]["cause"]


def test_the_desktop_is_seen_over_vnc(guest: Guest) -> None:
    with guest.open_vnc() as sock:
        width, height, pixels = read_frame(sock)
    assert (width, height) == (1280, 800)
    assert len({pixels[n : n + 4] for n in range(0, len(pixels), 404)}) > 3


def test_a_whole_login(guest: Guest) -> None:
    script = f"""echo 'Go to:'; echo '{LONG_URL}'; echo 'code: ABCD-1234'; read answer
        mkdir -p ~/.fake; echo '{{"token": ""}}' > ~/.fake/credential.json
        printf '{{"token":"%s","expires":9999999999,"who":"me"}}' "$answer" > ~/.fake/new
        read again; mv ~/.fake/new ~/.fake/credential.json; exit 5"""
    spec = login_spec(script, user_code_pattern=r"code: (\S+)")
    assert guest.request("POST", "/login", body=spec)[0] == 202
    assert guest.await_event("auth_url") == {"url": LONG_URL, "source": "screen"}
    assert guest.await_event("user_code") == {"code": "ABCD-1234"}
    assert guest.request("POST", "/login", body=spec)[0] == 409
    assert guest.request("POST", "/credential/claim")[0] == 404
    guest.request("POST", "/input", body={"text": "fake;[$x]'~", "enter": True})
    assert "empty" in guest.await_event("credential_invalid")["cause"]
    guest.request("POST", "/input", body={"text": "", "enter": True})
    assert guest.await_event("credential_valid")["account"] == "me"
    assert guest.await_event("tool_exited")["exit_code"] == 5
    status, credential = guest.request("POST", "/credential/claim")
    assert status == 200
    assert json.loads(base64.b64decode(credential["files"][0]["content"]))["token"] == "fake;[$x]'~"
    assert guest.request("POST", "/credential/claim")[0] == 410


def test_the_tool_gets_its_environment_and_files(guest: Guest) -> None:
    script = 'echo "<$GIVEN_BY_HOST|$OWN|${DISPLAY-none}|$https_proxy|$(cat ~/.x/y)|$(stat -c %a ~/.x/y)>"'
    spec = login_spec(
        script, environment={"OWN": "a b"}, files=[{"path": "~/.x/y", "content": "seeded", "mode": 0o640}]
    )
    guest.request("POST", "/login", body=spec)
    assert "<yes|a b|none|http://127.0.0.1:3128|seeded|640>" in guest.await_event("tool_exited")["screen"]


def test_of_many_short_tools_every_end_is_told(guest: Guest) -> None:
    for code in range(1, 16):
        guest.request("POST", "/login", body=login_spec(f"echo done; exit {code}"))
        assert guest.await_event("tool_exited", exit_code=code)


def test_a_tool_that_is_not_there_exits_with_127(guest: Guest) -> None:
    guest.request("POST", "/login", body=login_spec("", command=["nonesuch-tool"]))
    assert guest.await_event("tool_exited")["exit_code"] == 127


def test_a_tool_killed_by_a_signal_is_told_from_an_exit(guest: Guest) -> None:
    guest.request("POST", "/login", body=login_spec("kill -9 $$"))
    assert guest.await_event("tool_exited")["exit_code"] == -9


@pytest.mark.parametrize("opener", ["xdg-open", "sensible-browser", "x-www-browser", '"$BROWSER"'])
def test_the_opener_tells_the_url_and_the_browser_shows_it(guest: Guest, opener: str) -> None:
    script = f"{opener} '{LONG_URL}'; echo '{LONG_URL}'; read hold"
    guest.request("POST", "/login", body=login_spec(script, open_browser=True))
    assert guest.await_event("auth_url") == {"url": LONG_URL, "source": "opener"}
    assert guest.await_event("browser_opened") == {"url": LONG_URL}
    assert guest.await_event("page", title="login.example")


def test_a_hyperlink_is_found_though_its_text_is_another(guest: Guest) -> None:
    script = f"printf '\\033]8;;{LONG_URL}\\033\\\\press here\\033]8;;\\033\\\\\\n'; read hold"
    guest.request("POST", "/login", body=login_spec(script))
    assert guest.await_event("auth_url") == {"url": LONG_URL, "source": "osc8"}


def test_long_input_arrives_whole(guest: Guest) -> None:
    text = "x;y[z]" * 400
    guest.request("POST", "/login", body=login_spec("stty -icanon; head -c 2400 | md5sum"))
    guest.await_event("login_started")
    guest.request("POST", "/input", body={"text": text, "enter": True})
    assert guest.await_event("tool_exited")["exit_code"] == 0
    assert hashlib.md5(text.encode()).hexdigest() in guest.request("GET", "/screen")[1]["text"]  # noqa: S324


MENU = r"""
import sys, termios, tty
options, at = ["Dark", "Light", "Sign in"], 0
tty.setcbreak(0)
while True:
    lines = [("❯ " if n == at else "  ") + option for n, option in enumerate(options)]
    sys.stdout.write("\x1b[2J\x1b[HHow to begin?\r\n" + "\r\n".join(lines) + "\r\n")
    sys.stdout.flush()
    key = sys.stdin.buffer.raw.read(3)
    if key == b"\x1b[B": at = min(at + 1, 2)
    if key == b"\x1b[A": at = max(at - 1, 0)
    if key in (b"\r", b"\n"): break
print("\x1b[2J\x1b[Hchosen:", options[at])
answer = input("Name? ")
print("hello", answer, "https://login.example/a")
input("Code: ")
print("OAuth error: wrong code")
input("Code: ")
"""


def test_foreseen_questions_are_answered_and_a_wrong_code_is_told(guest: Guest) -> None:
    spec = login_spec(
        f"python3 -c '{MENU}'",
        prompts=[
            {"when": r"How to begin\?", "choose": "Sign in"},
            {"when": r"Name\?", "text": "ann"},
        ],
        code_prompt="(?m)^Code:",
        error_patterns=["OAuth error: (.+)"],
    )
    guest.request("POST", "/login", body=spec)
    assert guest.await_event("auth_url") == {"url": "https://login.example/a", "source": "screen"}
    guest.await_event("code_asked")
    screen = guest.request("GET", "/screen")[1]["text"]
    assert "chosen: Sign in" in screen
    assert "hello ann" in screen
    guest.request("POST", "/input", body={"text": "nonsense", "enter": True})
    assert guest.await_event("tool_error") == {"text": "wrong code"}


def test_after_a_refused_code_the_next_address_is_told_and_the_first_no_more(guest: Guest) -> None:
    script = """echo 'https://login.example/first?state=1'; read code; echo 'Denied: wrong code'
        echo 'https://login.example/second?state=2'; read code"""
    guest.request("POST", "/login", body=login_spec(script, error_patterns=["Denied: (.+)"]))
    assert guest.await_event("auth_url")["url"] == "https://login.example/first?state=1"
    guest.request("POST", "/input", body={"text": "nonsense", "enter": True})
    assert guest.await_event("auth_url", url="https://login.example/second?state=2")
    guest.request("POST", "/input", body={"text": "end", "enter": True})
    guest.await_event("tool_exited")
    told = list(itertools.takewhile(lambda event: event["type"] != "tool_exited", guest.events()))
    assert [event["data"]["url"][22:28] for event in told if event["type"] == "auth_url"] == [
        "first?",
        "second",
    ]


def test_an_address_longer_than_any_is_left_out(guest: Guest) -> None:
    script = "xdg-open 'https://login.example/'$(head -c 9000 /dev/zero | tr '\\0' a); echo 'https://login.example/b'"
    guest.request("POST", "/login", body=login_spec(f"{script}; read hold"))
    assert guest.await_event("auth_url")["url"] == "https://login.example/b"


def test_a_question_that_nobody_foresees_is_told_with_the_screen(guest: Guest) -> None:
    script = "echo 'See https://elsewhere.example/terms'; echo 'Sell your soul? [y/N]'; read hold"
    guest.request("POST", "/login", body=login_spec(script))
    assert guest.await_event("other_url") == {"url": "https://elsewhere.example/terms", "source": "screen"}
    assert "Sell your soul" in guest.await_event("tool_waits")["screen"]


@pytest.mark.parametrize(("code", "verdict"), [(0, "credential_valid"), (1, "credential_invalid")])
def test_the_tool_itself_is_asked_for_its_login(guest: Guest, code: int, verdict: str) -> None:
    ask = f"grep -q fake ~/.fake/credential.json && echo $OWN >&2; exit {code}"
    verify = {"command": ["sh", "-c", ask], "expect": "^from the login$"}
    script = """mkdir -p ~/.fake; echo '{"token": "fake"}' > ~/.fake/credential.json; read hold"""
    spec = login_spec(
        script,
        environment={"OWN": "from the login"},
        credential={"files": [CREDENTIAL_FILE], "verify": verify},
    )
    guest.request("POST", "/login", body=spec)
    told = guest.await_event(verdict)
    assert told.get("unverified") is None
    assert "says that it is no login" in told.get("cause", "says that it is no login")


def test_a_verification_that_is_not_there_gives_no_answer(guest: Guest) -> None:
    script = """mkdir -p ~/.fake; echo '{"token": "fake"}' > ~/.fake/credential.json; read hold"""
    credential = {"files": [CREDENTIAL_FILE], "verify": {"command": ["nonesuch-tool"]}}
    guest.request("POST", "/login", body=login_spec(script, credential=credential))
    assert "nonesuch-tool could not be started" in guest.await_event("credential_valid")["unverified"]
