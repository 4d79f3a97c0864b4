"""Figures over calls: in memory, and as OpenTelemetry spans and metrics."""

from ossicle.telemetry.durations import DurationSummary
from ossicle.telemetry.metrics import CallMetrics, figures_of
from ossicle.telemetry.otel import OpenTelemetryListener
from ossicle.telemetry.receipt_facts import (
    code_name,
    has_unknown_cost,
    received_audio_s,
    sent_audio_s,
)
from ossicle.telemetry.snapshot import CallStats, Dimension, StatsSnapshot
from ossicle.telemetry.stats import Stats

__all__ = [
    "CallMetrics",
    "CallStats",
    "Dimension",
    "DurationSummary",
    "OpenTelemetryListener",
    "Stats",
    "StatsSnapshot",
    "code_name",
    "figures_of",
    "has_unknown_cost",
    "received_audio_s",
    "sent_audio_s",
]
