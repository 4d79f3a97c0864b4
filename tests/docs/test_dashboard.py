"""The dashboard asks only for metrics and labels that are really exported, and for all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from tests.core.telemetry.calls import FULL_RECEIPT, call_of

from ossicle import OpenTelemetryListener
from ossicle.errors import QualityRefusedError
from ossicle.messages import Receipt

prometheus = pytest.importorskip("opentelemetry.exporter.prometheus")

DASHBOARD = json.loads(
    (Path(__file__).parents[2] / "docs" / "dashboards" / "ossicle.json").read_text()
)
METRIC = re.compile(r"([a-z_][a-z0-9_]*)\{([^}]*)\}")
GROUPING = re.compile(r"by \(([^)]*)\)")
SUFFIXES = ("_bucket", "_sum", "_count")


@pytest.fixture(scope="module")
def exported() -> Iterator[dict[str, set[str]]]:
    """Names of labels by name of metric, as Prometheus scrapes them."""
    from opentelemetry.sdk.metrics import MeterProvider
    from prometheus_client import REGISTRY

    provider = MeterProvider([prometheus.PrometheusMetricReader()])
    listener = OpenTelemetryListener(meter_provider=provider)
    call = call_of(FULL_RECEIPT)
    error = QualityRefusedError("it is silence", findings=[])
    error.receipt = FULL_RECEIPT
    listener.ossicle_call_finished(call, FULL_RECEIPT)
    listener.ossicle_call_failed(call, error)
    listener.ossicle_call_refused(call, error)
    found: dict[str, set[str]] = {}
    for family in REGISTRY.collect():
        for sample in family.samples:
            if sample.labels.get("otel_scope_name") == "ossicle":
                found.setdefault(sample.name, set()).update(sample.labels)
    yield found
    provider.shutdown()


def expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def variables() -> list[dict[str, Any]]:
    return [one for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]


def test_every_metric_and_label_of_every_query_is_exported(exported: dict[str, set[str]]) -> None:
    for expression in expressions():
        asked = METRIC.findall(expression)
        assert asked, expression
        groups = {
            label.strip() for found in GROUPING.findall(expression) for label in found.split(",")
        }
        for metric, selectors in asked:
            assert metric in exported, metric
            labels = set(re.findall(r"([a-z_]+)\s*(?:=~|!=|!~|=)", selectors))
            assert labels >= {"gen_ai_provider_name", "gen_ai_request_model", "ossicle_tenant"}
            assert labels | groups <= exported[metric], (metric, labels | groups)


def test_every_variable_is_filled_from_an_exported_label(exported: dict[str, set[str]]) -> None:
    for variable in variables():
        found = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])
        assert found is not None
        assert found[2] in exported[found[1]]
    names = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]+)", json.dumps(DASHBOARD["panels"])))
    assert used == names


def test_every_exported_metric_is_shown(exported: dict[str, set[str]]) -> None:
    shown = {
        stem(metric) for expression in expressions() for metric, _ in METRIC.findall(expression)
    }
    assert shown == {stem(metric) for metric in exported if not metric.endswith("_created")}


def stem(metric: str) -> str:
    return next((metric.removesuffix(end) for end in SUFFIXES if metric.endswith(end)), metric)


def test_legends_name_labels_that_the_query_keeps() -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            kept = " ".join(GROUPING.findall(target["expr"]))
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert label in kept, (panel["title"], label)


def test_panels_have_their_own_place_and_number() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) >= 12
    for panel in panels:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y


def test_the_receipt_behind_these_tests_leaves_no_field_empty() -> None:
    empty = {name for name in Receipt.model_fields if not getattr(FULL_RECEIPT, name)}
    assert empty <= {"estimate", "notes"}
