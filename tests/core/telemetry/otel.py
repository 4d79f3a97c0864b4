"""OpenTelemetry's own SDK, keeping what it is told in memory."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ossicle import OpenTelemetryListener

NOW_NS = 1_700_000_000_000_000_000


class Backend:
    """Spans and metrics as a backend would get them."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracer_provider = TracerProvider(shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self._meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)
        self.listener = OpenTelemetryListener(
            tracer_provider=self.tracer_provider,
            meter_provider=self._meter_provider,
            now_ns=lambda: NOW_NS,
        )

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()

    def points(self) -> dict[str, list[Any]]:
        """Data points by name of metric."""
        data = self._reader.get_metrics_data()
        if data is None:
            return {}
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def text(self) -> str:
        """Everything that was told, as text."""
        data = self._reader.get_metrics_data()
        told = [span.to_json() for span in self.spans]
        return "\n".join([*told, "" if data is None else data.to_json()])
