"""Spans and metrics by the OpenTelemetry API; imported only where that is installed."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable

from opentelemetry import metrics, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from ossicle.messages import Receipt
from ossicle.telemetry.ended_call import EndedCall
from ossicle.telemetry.metrics import code_name, received_audio_s, sent_audio_s

_SCOPE = "ossicle"
_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Source: open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-metrics.md,
`gen_ai.client.operation.duration`, read 2026-11."""
_TOKENS = tuple(4**power for power in range(14))
"""Source: the same page, `gen_ai.client.token.usage`."""


class OtelExporter:
    """Writes one span and the metrics of each ended call.

    The span is made when the call has ended, with the time it began at: a call needs no state
    here while it runs, so one that is never ended leaves nothing open. Its parent is the span that
    is current where the answer is read.

    Args:
        tracer_provider: Where spans go; `None`: the global one.
        meter_provider: Where metrics go; `None`: the global one.
        now_ns: Unix time in nanoseconds.
    """

    def __init__(
        self,
        tracer_provider: trace.TracerProvider | None,
        meter_provider: metrics.MeterProvider | None,
        *,
        now_ns: Callable[[], int],
    ) -> None:
        self._now_ns = now_ns
        version = _version()
        self._tracer = trace.get_tracer(_SCOPE, version, tracer_provider)
        meter = metrics.get_meter(_SCOPE, version or "", meter_provider)
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="From the beginning of a call that was sent to its end.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._token_usage = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Input and output tokens of a call.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._first_audio = meter.create_histogram(
            "ossicle.client.time_to_first_audio",
            unit="s",
            description="From sending to the first audio of the answer.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        counter = meter.create_counter
        self._calls = counter("ossicle.client.calls", "{call}", "Calls by how they ended.")
        self._attempts = counter("ossicle.client.attempts", "{attempt}", "Tries at the provider.")
        self._tokens = counter("ossicle.client.tokens", "{token}", "Tokens by modality.")
        self._cost = counter("ossicle.client.cost", "{currency}", "Money, by the prices we know.")
        self._audio = counter("ossicle.client.audio", "s", "Audio that was sent and that came.")
        self._saved = counter("ossicle.client.audio.saved", "s", "Audio that was not sent.")
        self._findings = counter("ossicle.client.findings", "{finding}", "What validators found.")
        self._cache_hits = counter("ossicle.client.cache_hits", "{call}", "Answers from the cache.")

    def export(self, ended: EndedCall) -> None:
        """Tell of a call that has just ended."""
        self._trace(ended)
        labels = ended.labels()
        outcome = {"ossicle.outcome": ended.outcome}
        self._calls.add(1, {**labels, **outcome, **ended.error_labels()})
        if ended.receipt is None:
            return
        self._count_findings(ended.receipt, labels)
        if ended.outcome == "refused":
            return
        self._count_sent(ended.receipt, labels)
        if ended.outcome != "abandoned":
            about = {**labels, **ended.answer_labels(), **ended.error_labels()}
            self._duration.record(ended.duration_s, about)

    def _trace(self, ended: EndedCall) -> None:
        end_ns = self._now_ns()
        span = self._tracer.start_span(
            f"{ended.operation} {ended.call.model}",
            kind=SpanKind.CLIENT,
            attributes=ended.attributes(),
            start_time=end_ns - round(ended.duration_s * 1e9),
        )
        if ended.error is not None:
            span.set_status(Status(StatusCode.ERROR, code_name(ended.error)))
        span.end(end_ns)

    def _count_findings(self, receipt: Receipt, labels: dict[str, str]) -> None:
        for record in (*receipt.inputs, receipt.output):
            for finding in () if record is None else record.findings:
                about = {
                    "ossicle.finding.code": code_name(finding.code),
                    "ossicle.finding.severity": finding.severity,
                }
                self._findings.add(1, {**labels, **about})

    def _count_sent(self, receipt: Receipt, labels: dict[str, str]) -> None:
        for attempt in receipt.attempts:
            about: dict[str, str] = {"ossicle.attempt.outcome": attempt.outcome}
            if attempt.error is not None:
                about["error.type"] = code_name(attempt.error)
            self._attempts.add(1, {**labels, **about})
        self._count_tokens(receipt, labels)
        for direction, seconds in (
            ("input", sent_audio_s(receipt)),
            ("output", received_audio_s(receipt)),
        ):
            if seconds > 0:
                self._audio.add(seconds, {**labels, "ossicle.direction": direction})
        if receipt.saved_s > 0:
            self._saved.add(receipt.saved_s, labels)
        if receipt.cost is not None and receipt.cost.amount > 0:
            in_currency = {**labels, "ossicle.currency": receipt.cost.currency}
            self._cost.add(float(receipt.cost.amount), in_currency)
        if receipt.cache_hit:
            self._cache_hits.add(1, labels)
        if "first_audio" in receipt.timings:
            self._first_audio.record(receipt.timings["first_audio"], labels)

    def _count_tokens(self, receipt: Receipt, labels: dict[str, str]) -> None:
        usage = receipt.usage
        if usage is None:
            return
        for direction, total, text, audio in (
            ("input", usage.input_tokens, usage.input_text_tokens, usage.input_audio_tokens),
            ("output", usage.output_tokens, usage.output_text_tokens, usage.output_audio_tokens),
        ):
            about = {**labels, "gen_ai.token.type": direction}
            if total is not None:
                self._token_usage.record(total, about)
            for modality, used in (("text", text), ("audio", audio)):
                if used:
                    self._tokens.add(used, {**about, "ossicle.modality": modality})


def _version() -> str:
    """Ours; empty where only the source is on the path."""
    try:
        return importlib.metadata.version(_SCOPE)
    except importlib.metadata.PackageNotFoundError:
        return ""
