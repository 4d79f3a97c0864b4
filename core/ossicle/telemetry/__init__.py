"""Figures over calls: in memory, and as OpenTelemetry spans and metrics."""

from ossicle.telemetry.durations import DurationSummary
from ossicle.telemetry.otel import OpenTelemetryListener
from ossicle.telemetry.snapshot import CallStats, Dimension, StatsSnapshot
from ossicle.telemetry.stats import Stats

__all__ = [
    "CallStats",
    "Dimension",
    "DurationSummary",
    "OpenTelemetryListener",
    "Stats",
    "StatsSnapshot",
]
