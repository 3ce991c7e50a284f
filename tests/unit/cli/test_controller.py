"""The client: every way a controller can answer is a value or a named failure."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from vestibule.cli.controller import connect, default_url, patience_s
from vestibule.client import Controller, ControllerUnreachable
from vestibule.core.errors import BadInput, Conflict, NotSignedIn, VestibuleError
from vestibule.settings import Settings

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


def test_a_token_that_no_header_can_carry_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_TOKEN", "visibly-fäke")
    with pytest.raises(NotSignedIn, match="VESTIBULE_TOKEN"):
        connect(None)


@pytest.mark.parametrize("path", ["/api/credentials/", "/api/vms//view-ticket"])
def test_an_empty_id_is_refused_here(path: str) -> None:
    with pytest.raises(BadInput, match="empty"):
        controller(lambda _: httpx.Response(200, json={})).get(path)


def test_an_answer_that_waits_for_a_machine_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(vm_confirm_timeout_s=90, container_confirm_timeout_s=20)
    assert patience_s(settings) > 90
    monkeypatch.setenv("VESTIBULE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("VESTIBULE_TOKEN", "fake-token")
    monkeypatch.setenv("VESTIBULE_VM_CONFIRM_TIMEOUT_S", "90")
    with connect(None) as client:
        assert client._http.timeout.read == patience_s(settings)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:4000"),
        ("::1", "http://[::1]:4000"),
        ("0.0.0.0", "http://127.0.0.1:4000"),  # noqa: S104 (told apart, not bound)
        ("::", "http://[::1]:4000"),
        ("vestibule.test", "http://vestibule.test:4000"),
    ],
)
def test_the_address_can_be_called_from_this_host(host: str, url: str) -> None:
    assert default_url(Settings(host=host, port=4000)) == url
    assert str(httpx.URL(url).port) == "4000"
