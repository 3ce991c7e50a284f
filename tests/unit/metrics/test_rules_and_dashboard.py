"""Alert rules and dashboard name metrics that there are, and the reference lists every one that is exported.

promtool is not among what the tests need: rules are read by a YAML library, and their expressions' names,
labels and parentheses are compared with the catalogue.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab import Lab
from prometheus_client.parser import text_string_to_metric_families

from vestibule.core.metrics import METRICS, PROCESS, Kind, Metric
from vestibule.drivers.metrics import table
from vestibule.services.ready_checks import ReadyChecks

ROOT = Path(__file__).parents[3]
RULES, DASHBOARD = ROOT / "deploy/prometheus/alerts.yml", ROOT / "deploy/grafana/vestibule.json"
NAME = re.compile(r"\b(?:vestibule|process)_[a-z_]+")
SELECTOR = re.compile(r"\b((?:vestibule|process)_[a-z_]+)\{([^}]*)\}")
TARGET_LABELS = {"instance", "job"}
"""What a scrape adds."""
READ_YAML = """
const text = require("fs").readFileSync(process.argv[1], "utf8");
console.log(JSON.stringify(require("js-yaml").load(text)));
"""


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    done = subprocess.run(
        [ROOT / "scripts/node", "-e", READ_YAML, RULES],
        cwd=ROOT / "web", capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (group,) = json.loads(done.stdout)["groups"]
    return list(group["rules"])


def targets() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


def exported(metric: Metric) -> set[str]:
    """Names of its series."""
    if metric.kind is Kind.HISTOGRAM:
        return {f"{metric.name}_{part}" for part in ("bucket", "sum", "count")}
    return {metric.name}


KNOWN = {name for metric in METRICS for name in exported(metric)} | set(PROCESS)
LABELS = {name: {*metric.labels, "le"} for metric in METRICS for name in exported(metric)}


def test_every_rule_says_what_is_wrong_and_what_to_do(rules: list[dict[str, Any]]) -> None:
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 12
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert set(rule["annotations"]) == {"summary", "remedy"}
        assert re.fullmatch(r"\d+[smhd]", rule.get("for", "1m"))


def expressions(rules: list[dict[str, Any]]) -> Iterator[str]:
    yield from (rule["expr"] for rule in rules)
    yield from targets()


def test_every_metric_that_is_named_is_exported(rules: list[dict[str, Any]]) -> None:
    named = {name for text in expressions(rules) for name in NAME.findall(text)}
    assert named - KNOWN == set()
    assert len(named) > 25


def test_every_label_that_is_selected_or_grouped_by_exists(rules: list[dict[str, Any]]) -> None:
    wrong = []
    for text in expressions(rules):
        for name, inside in SELECTOR.findall(text):
            selected = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside))
            wrong.append((text, selected - LABELS.get(name, set()) - TARGET_LABELS))
        known = set().union(*(LABELS.get(name, set()) for name in NAME.findall(text)))
        groups = re.findall(r"\b(?:by|without|on)\s*\(([^)]*)\)", text)
        wrong += [(text, set(re.split(r"\s*,\s*", each)) - known - TARGET_LABELS) for each in groups]
    wrong = [(text, labels) for text, labels in wrong if labels]
    assert wrong == []


def test_what_grows_is_there_from_the_start(rules: list[dict[str, Any]]) -> None:
    by_name = {name: metric for metric in METRICS for name in exported(metric)}
    grown = {name for rule in rules for name in re.findall(r"\bincrease\((\w+)", rule["expr"])}
    assert len(grown) >= 4
    assert [name for name in grown if not by_name[name].from_start] == []


def test_expressions_are_balanced(rules: list[dict[str, Any]]) -> None:
    for text in expressions(rules):
        for opening, closing in ("()", "[]", "{}"):
            assert text.count(opening) == text.count(closing), text
        assert text.count('"') % 2 == 0, text


def test_the_dashboard_shows_every_metric_but_the_version() -> None:
    shown = {name for text in targets() for name in NAME.findall(text)}
    missing = [metric.name for metric in METRICS if not exported(metric) & shown]
    assert missing == ["vestibule_build_info"]
    assert "vestibule_build_info" in DASHBOARD.read_text(), "the list of controllers is made of it"


def test_the_dashboard_s_panels_do_not_overlap() -> None:
    places: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        assert not cells & places, panel["title"]
        assert at["x"] + at["w"] <= 24
        places |= cells


def test_the_reference_is_current_and_whole() -> None:
    page = (ROOT / "docs/reference/metrics.md").read_text()
    assert page == table.table(), "make reference"
    assert [metric.name for metric in METRICS if f"`{metric.name}`" not in page] == []


@pytest.mark.anyio
async def test_every_metric_that_is_exported_is_in_the_reference(lab: Lab) -> None:
    assert isinstance(lab.context.monitor.ready, ReadyChecks)
    text = (await lab.context.monitor.exposition()).decode()
    families = list(text_string_to_metric_families(text))
    documented = {metric.name.removesuffix("_total") for metric in METRICS}
    documented |= {name.removesuffix("_total") for name in PROCESS}
    assert {family.name for family in families} - documented == set()
    kinds = {metric.name.removesuffix("_total"): metric.kind.value for metric in METRICS}
    assert [family.name for family in families if family.type != kinds.get(family.name, family.type)] == []
    assert all(family.documentation for family in families)
