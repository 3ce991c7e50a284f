"""The client: every way a controller can answer is a value or a named failure."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from vestibule.cli.controller import Controller, connect
from vestibule.cli.exit_codes import ControllerUnreachable
from vestibule.core.errors import Conflict, NotSignedIn, VestibuleError

Answer = Callable[[httpx.Request], httpx.Response]


def controller(answer: Answer) -> Controller:
    return Controller("http://controller.test", "fake-token", httpx.MockTransport(answer))


def test_the_token_goes_with_every_request() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"seen": request.headers["authorization"]})

    assert controller(answer).get("/api/me") == {"seen": "Bearer fake-token"}


def test_a_problem_becomes_its_failure() -> None:
    body = {"code": "session_open", "cause": "One is open.", "remedy": "Cancel it."}
    with pytest.raises(Conflict) as caught:
        controller(lambda _: httpx.Response(409, json=body)).post("/api/vm/auth", {"provider": "demo"})
    assert (caught.value.failure_code, caught.value.remedy) == ("session_open", "Cancel it.")


@pytest.mark.parametrize("text", ["<html>", "[]", "{}"])
def test_an_answer_of_another_program_is_named(text: str) -> None:
    with pytest.raises(VestibuleError) as caught:
        controller(lambda _: httpx.Response(500, text=text)).get("/api/me")
    assert caught.value.failure_code == "not_a_controller"


def test_silence_is_named_with_the_next_step() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    with pytest.raises(ControllerUnreachable) as caught:
        controller(refuse).get("/api/me")
    assert "vestibule up" in caught.value.remedy


def test_an_answer_without_a_body_is_an_empty_object() -> None:
    assert controller(lambda _: httpx.Response(204)).post("/api/sign-out") == {}


def test_events_are_read_until_the_stream_ends() -> None:
    stream = "".join(
        f"id: {seq}\nevent: session\ndata: {json.dumps({'seq': seq})}\n\n: still here\n\n" for seq in (1, 2)
    )
    events = controller(lambda _: httpx.Response(200, text=stream)).events("/events")
    assert list(events) == [{"seq": 1}, {"seq": 2}]


def test_a_refused_stream_is_a_failure() -> None:
    body = {"code": "not_signed_in", "cause": "No token.", "remedy": "Send one."}
    with pytest.raises(NotSignedIn):
        list(controller(lambda _: httpx.Response(401, json=body)).events("/events"))


def test_the_token_is_read_from_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("VESTIBULE_TOKEN", raising=False)
    with pytest.raises(NotSignedIn) as caught:
        connect(None)
    assert str(tmp_path / "cli-token") in caught.value.cause
    (tmp_path / "cli-token").write_text("fake-token\n")
    with connect(None):
        pass
