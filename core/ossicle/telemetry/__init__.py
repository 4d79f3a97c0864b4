"""Figures over calls: in memory, and as OpenTelemetry spans and metrics."""

from ossicle.telemetry.metrics import (
    CallMetrics,
    DurationSummary,
    code_name,
    figures_of,
    has_unknown_cost,
    received_audio_s,
    sent_audio_s,
)
from ossicle.telemetry.otel import OpenTelemetryListener
from ossicle.telemetry.snapshot import CallStats, Dimension, StatsSnapshot
from ossicle.telemetry.stats import Stats
from ossicle.telemetry.table import stats_notes, stats_rows

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
    "stats_notes",
    "stats_rows",
]
