"""What one call adds to the figures, read from its receipt or from what was recorded of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ossicle.messages import CallOutcome, Receipt, Usage
from ossicle.telemetry.receipt_facts import has_unknown_cost, received_audio_s, sent_audio_s


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMetrics:
    """What one call adds.

    Attributes:
        outcome: How it ended.
        error: `OssicleError.code`, or `None`.
        findings: Of the validators by code.
        attempts: Tries at the provider by outcome.
        usage: What the vendor told; `None`: nothing.
        cost: Amount and currency; `None`: it names none.
        is_unpriced: Whether it may have cost something which nobody knows.
        cache_hit: Whether it was answered from the cache.
        audio_in_s: Seconds of audio that were sent.
        audio_out_s: Seconds of audio that came back.
        saved_s: Seconds of audio that were not sent because they held nothing.
        latency_s: From its beginning to its end; `None`: not measured.
        first_audio_s: From sending to the first audio of the answer; `None`: there was none.
    """

    outcome: CallOutcome
    error: str | None = None
    findings: Mapping[str, int] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    usage: Usage | None = None
    cost: tuple[Decimal, str] | None = None
    is_unpriced: bool = False
    cache_hit: bool = False
    audio_in_s: float = 0.0
    audio_out_s: float = 0.0
    saved_s: float = 0.0
    latency_s: float | None = None
    first_audio_s: float | None = None


def figures_of(outcome: CallOutcome, receipt: Receipt | None, error: str | None) -> CallMetrics:
    """What a call that has ended adds.

    Args:
        outcome: How it ended.
        receipt: As far as it came; `None`: nowhere. A refused call adds its findings alone.
        error: `OssicleError.code`, or `None`.
    """
    if receipt is None:
        return CallMetrics(outcome=outcome, error=error)
    findings = _findings(receipt)
    if outcome == "refused":
        return CallMetrics(outcome=outcome, error=error, findings=findings)
    cost = receipt.cost
    return CallMetrics(
        outcome=outcome,
        error=error,
        findings=findings,
        attempts=Counter(attempt.outcome for attempt in receipt.attempts),
        usage=receipt.usage,
        cost=None if cost is None else (cost.amount, cost.currency),
        is_unpriced=has_unknown_cost(receipt),
        cache_hit=receipt.cache_hit,
        audio_in_s=sent_audio_s(receipt),
        audio_out_s=received_audio_s(receipt),
        saved_s=receipt.saved_s,
        latency_s=receipt.timings.get("total"),
        first_audio_s=receipt.timings.get("first_audio"),
    )


def _findings(receipt: Receipt) -> Mapping[str, int]:
    records = (*receipt.inputs, receipt.output)
    return Counter(
        finding.code for record in records if record is not None for finding in record.findings
    )
