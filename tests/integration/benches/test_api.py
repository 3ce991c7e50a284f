"""A small run of the API's bench: every request is answered, without and with streams, none of them wrong."""

from __future__ import annotations

import resource

import pytest

from vestibule.benches.api.measure import EVENTS, READS, STARTS, Ask, measure_api
from vestibule.benches.descriptors import allow_descriptors
from vestibule.core.errors import HostUnfit

SMALL = Ask(connections=2, seconds=2, events=3, streams=20, rounds=1)


def test_every_request_is_answered_without_and_with_streams() -> None:
    notes: list[str] = []
    result = measure_api(SMALL, notes.append)
    assert [(row.request, row.streams) for row in result.rows] == [
        (request, streams) for streams in (0, 20) for request in (*READS, STARTS, EVENTS)
    ]
    assert [row for row in result.rows if row.wrong] == []
    answered = [row for row in result.rows if row.per_s.median > 0]
    assert {row.request for row in answered} == {
        *READS,
        STARTS,
        EVENTS,
    }  # a busy host may need more than once
    for row in answered:
        assert 0 < row.p50_ms.median <= row.p99_ms.median, row
    assert set(result.resident_mb) == {0, 20}
    assert notes[0] == "20 sign-ins wait"


def test_without_wrk_it_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(HostUnfit) as refused:
        measure_api(SMALL, print)
    assert refused.value.remedy == "apt-get install wrk"


def test_more_open_files_than_the_host_allows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 512))
    with pytest.raises(HostUnfit, match="no more than 512"):
        allow_descriptors(513)


def test_the_soft_limit_is_raised_as_far_as_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    allow_descriptors(200)
    allow_descriptors(1500)
    assert asked == [(1500, 4096)]
