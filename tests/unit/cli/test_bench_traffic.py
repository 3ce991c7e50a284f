"""How the benches of relay and API are asked for, and what they print."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from vestibule.benches.api import measure as of_api
from vestibule.benches.relay import measure as of_relay
from vestibule.benches.relay.trial import Pace
from vestibule.benches.spread import Spread
from vestibule.cli.app import run
from vestibule.core.percentiles import Percentiles

MEASURED = Spread(median=900.4, least=800.0, most=950.0)
RELAYED = of_relay.Row(
    relay="vestibule",
    streams=50,
    mb_per_s=MEASURED,
    rtt_ms=Percentiles(p50=0.2, p99=0.5),
    added_ms=Percentiles(p50=0.123, p99=0.321),
    cpu_s_per_gb=Spread(median=0.34, least=0.3, most=0.4),
    resident_mb=Spread(median=128.1, least=128.0, most=128.2),
    proportional_mb=Spread(median=112.5, least=112.0, most=113.0),
    busy={"relay": 0.9, "viewers": 0.3, "desktops": 0.4, "others": 0.3},
    held_back_by="processors",
)


@pytest.fixture
def relays(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[int]]:
    """What was asked of the bench, which answers at once."""
    asked: list[Sequence[int]] = []

    def measured(
        streams: Sequence[int], rounds: int, pace: Pace, _note: of_relay.Note
    ) -> of_relay.RelayResult:
        asked.append(streams)
        against = of_relay.Against(streams=50, throughput=1.5, cpu=0.4, memory=None)
        return of_relay.RelayResult(
            rounds=rounds, pace=pace, processors=2, others=0.3, rows=[RELAYED], against_websockify=[against]
        )

    monkeypatch.setattr(of_relay, "measure_relays", measured)
    return asked


def test_the_relay_s_table_has_every_figure(
    relays: list[Sequence[int]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["bench", "relay", "--streams", "1,50,50"]) == 0
    assert relays == [[1, 50]]
    printed = capsys.readouterr()
    assert "vestibule 50 900 (800-950) 0.123 0.321 0.34 128.1 112.5 processors" in " ".join(
        printed.out.split()
    )
    assert "50 1.5 0.4 -" in " ".join(printed.out.split())
    assert "other programs kept 0.3 of 2 processors busy" in printed.err


def test_the_relay_s_json_is_the_whole_result(
    relays: list[Sequence[int]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["bench", "relay", "--rounds", "7", "-o", "json"]) == 0
    assert relays == [[1, 10, 50, 200]]
    result = json.loads(capsys.readouterr().out)
    assert result["rounds"] == 7
    assert result["rows"][0]["busy"]["others"] == 0.3


@pytest.mark.parametrize("streams", ["", "0", "1,", "1,x", "-3", "1001", "1;2"])
def test_what_is_no_list_of_numbers_is_refused(
    streams: str, relays: list[Sequence[int]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["bench", "relay", "--streams", streams]) == 2
    assert relays == []
    assert "--streams 1,10,50" in capsys.readouterr().err


@pytest.mark.parametrize(("wrong", "code"), [(0, 0), (3, 1)])
def test_a_wrong_answer_of_the_api_is_an_error_behind_the_figures(
    wrong: int, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(ask: of_api.Ask, _note: of_api.Note) -> of_api.ApiResult:
        row = of_api.Row(
            request="GET /livez",
            streams=ask.streams,
            per_s=MEASURED,
            p50_ms=Spread(median=1.2, least=1.0, most=1.3),
            p99_ms=Spread(median=4.5, least=4.0, most=5.0),
            wrong=wrong,
        )
        return of_api.ApiResult(ask=ask, rows=[row], resident_mb={ask.streams: MEASURED})

    monkeypatch.setattr(of_api, "measure_api", measured)
    assert run(["bench", "api", "--streams", "77"]) == code
    printed = capsys.readouterr()
    assert f"GET /livez 77 900.4 1.2 4.5 {wrong}" in " ".join(printed.out.split())
    assert "with 77 streams 900.4" in " ".join(printed.out.split())
    assert ("3 requests were answered wrong" in printed.err) == bool(wrong)
