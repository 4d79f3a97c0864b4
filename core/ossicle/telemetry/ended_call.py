"""A call that has ended, as OpenTelemetry is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ossicle.abc import CallInfo
from ossicle.messages import CallOutcome, Receipt, Task
from ossicle.telemetry.metrics import (
    code_name,
    model_name,
    n_retries,
    received_audio_s,
    sent_audio_s,
)

Attributes = Mapping[str, str | int | float | bool | tuple[str, ...]]
"""Names and values as OpenTelemetry takes them."""

_OPERATIONS: dict[Task, str] = {
    "respond": "chat",
    "speak": "generate_content",
    "transcribe": "generate_content",
}
"""The conventions know no operation of speech; this is theirs for content of any kind."""

_OUTPUT_TYPES: dict[Task, str] = {"speak": "speech", "transcribe": "text"}

_USAGE = {
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "input_text_tokens": "gen_ai.usage.text.input_tokens",
    "output_text_tokens": "gen_ai.usage.text.output_tokens",
    "input_audio_tokens": "gen_ai.usage.audio.input_tokens",
    "output_audio_tokens": "gen_ai.usage.audio.output_tokens",
    "cached_tokens": "gen_ai.usage.cache_read.input_tokens",
}
"""Field of `Usage` → attribute. Source: open-telemetry/semantic-conventions-genai, pull request
440 and the registry of gen_ai attributes, read 2026-11."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCall:
    """A call that has ended.

    Attributes:
        call: Which.
        outcome: How it ended.
        receipt: As far as it came, or `None` when it came nowhere.
        error: `OssicleError.code`, or `None`.
    """

    call: CallInfo
    outcome: CallOutcome
    receipt: Receipt | None = None
    error: str | None = None

    @property
    def operation(self) -> str:
        """`gen_ai.operation.name`."""
        return _OPERATIONS[self.call.task]

    @property
    def duration_s(self) -> float:
        """Seconds from its beginning to its end; 0 when it came nowhere."""
        return 0.0 if self.receipt is None else self.receipt.timings.get("total", 0.0)

    def labels(self) -> dict[str, str]:
        """What every metric of this call is told apart by."""
        return {
            "gen_ai.operation.name": self.operation,
            "gen_ai.provider.name": self.call.provider,
            "gen_ai.request.model": self.call.model,
            "ossicle.task": self.call.task,
            "ossicle.tenant": self.call.tenant,
        }

    def error_labels(self) -> dict[str, str]:
        """`error.type` where there is an error."""
        return {} if self.error is None else {"error.type": code_name(self.error)}

    def answer_labels(self) -> dict[str, str]:
        """`gen_ai.response.model` where the vendor told it."""
        name = None if self.receipt is None else model_name(self.receipt.response_model)
        return {} if name is None else {"gen_ai.response.model": name}

    def attributes(self) -> Attributes:
        """What the span of this call says."""
        found: dict[str, str | int | float | bool | tuple[str, ...]] = {
            **self.labels(),
            **self.answer_labels(),
            **self.error_labels(),
            # The name before 2025-08, which many backends still read.
            "gen_ai.system": self.call.provider,
            "ossicle.outcome": self.outcome,
            "ossicle.turn_id": self.call.turn_id,
        }
        if self.call.task in _OUTPUT_TYPES:
            found["gen_ai.output.type"] = _OUTPUT_TYPES[self.call.task]
        if self.receipt is not None:
            found.update(_receipt_attributes(self.receipt))
        return found


def _receipt_attributes(receipt: Receipt) -> Attributes:
    codes = [
        code_name(finding.code)
        for record in (*receipt.inputs, receipt.output)
        if record is not None
        for finding in record.findings
    ]
    found: dict[str, str | int | float | bool | tuple[str, ...]] = {
        "ossicle.attempts": len(receipt.attempts),
        "ossicle.retries": n_retries(receipt),
        "ossicle.cache_hit": receipt.cache_hit,
        "ossicle.audio.input_s": sent_audio_s(receipt),
        "ossicle.audio.output_s": received_audio_s(receipt),
        "ossicle.audio.saved_s": receipt.saved_s,
    }
    if codes:
        found["ossicle.findings"] = tuple(dict.fromkeys(codes))
    if "first_audio" in receipt.timings:
        found["ossicle.time_to_first_audio_s"] = receipt.timings["first_audio"]
    for field, name in _USAGE.items():
        used = getattr(receipt.usage, field, None)
        if used is not None:
            found[name] = used
    if receipt.cost is not None:
        found["ossicle.cost.amount"] = float(receipt.cost.amount)
        found["ossicle.cost.currency"] = receipt.cost.currency
    return found
