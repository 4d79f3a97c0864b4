"""Figures over calls at one moment, as values, as JSON and as a table."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt

from ossicle.messages import Task, Usage, Value
from ossicle.telemetry.metrics import DurationSummary

Dimension = Literal["provider", "model", "tenant", "task"]
"""What calls can be grouped by."""


class CallStats(Value):
    """Figures over the calls of one group.

    Attributes:
        provider: Of all these calls; `None` when they are not grouped by it.
        model: As `provider`.
        tenant: As `provider`.
        task: As `provider`.
        calls: All that reached the pipeline.
        finished: Answered to their end.
        failed: Sent, and ended by an error.
        refused: Not sent: their audio, size, cost or settings stood against it.
        abandoned: Left before their end by the caller, or cancelled.
        errors: Failed and refused calls by `OssicleError.code`, most frequent first.
        attempts: Tries at the provider by outcome: `settled`, `clean`, `ambiguous`.
        retries: Attempts after the first.
        usage: Sums of what the vendor told; `None` where no call told anything.
        costs: Exact sums by currency.
        unpriced_calls: Calls that may have cost something which nobody knows.
        audio_in_s: Seconds of audio that were sent.
        audio_out_s: Seconds of audio that came back.
        saved_s: Seconds of audio that were not sent because they held nothing.
        findings: Of the validators by code, most frequent first.
        cache_hits: Calls that were answered from the cache.
        latency: Seconds from the beginning of a call to its end; refused calls left out.
        first_audio: Seconds from sending to the first audio of the answer.
    """

    provider: str | None = None
    model: str | None = None
    tenant: str | None = None
    task: Task | None = None
    calls: NonNegativeInt = 0
    finished: NonNegativeInt = 0
    failed: NonNegativeInt = 0
    refused: NonNegativeInt = 0
    abandoned: NonNegativeInt = 0
    errors: dict[str, int] = Field(default_factory=dict)
    attempts: dict[str, int] = Field(default_factory=dict)
    retries: NonNegativeInt = 0
    usage: Usage = Usage()
    costs: dict[str, Decimal] = Field(default_factory=dict)
    unpriced_calls: NonNegativeInt = 0
    audio_in_s: NonNegativeFloat = 0.0
    audio_out_s: NonNegativeFloat = 0.0
    saved_s: NonNegativeFloat = 0.0
    findings: dict[str, int] = Field(default_factory=dict)
    cache_hits: NonNegativeInt = 0
    latency: DurationSummary | None = None
    first_audio: DurationSummary | None = None

    @property
    def error_rate(self) -> float | None:
        """Share of failed calls among those that were answered or failed; `None` without any."""
        ended = self.finished + self.failed
        return self.failed / ended if ended else None


class StatsSnapshot(Value):
    """Figures over all calls up to one moment.

    Attributes:
        groups: One for each group that had calls, most calls first.
        total: Over all groups.
    """

    groups: tuple[CallStats, ...] = ()
    total: CallStats = CallStats()

    def to_json(self) -> str:
        """The snapshot as JSON; `StatsSnapshot.model_validate_json` reads it back."""
        return self.model_dump_json()

    def __str__(self) -> str:
        """The snapshot as a plain table, one line for each group."""
        from ossicle.telemetry.table import stats_table

        return stats_table(self)
