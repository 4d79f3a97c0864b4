"""The receipt: what was changed, why, what it cost, what it saved."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from pydantic import Field

from ossicle.messages.parts import Task
from ossicle.messages.usage import Cost, Usage
from ossicle.messages.value import Value

CallOutcome = Literal["finished", "failed", "refused", "abandoned"]
"""How a call ended: answered, by an error, never sent, or left before its end."""

Severity = Literal["info", "warning", "error"]
"""How bad a finding is; `error` refuses the audio."""


CacheOrigin = Literal["made", "shared", "stored"]
"""Where an answer of a cache came from: `made` by this call, `shared` with one that ran at the same
time, or `stored` by an earlier one."""


class Finding(Value):
    """What a validator found.

    Attributes:
        code: Stable short name, such as `clipping` or `no_speech`.
        severity: How bad it is.
        message: What was found, in words, with the value.
        measured: The value found, in `unit`.
        allowed: The value allowed, in `unit`.
        unit: Such as `s`, `dBFS`, `%`.
        fix: What to do about it, in words.
        marks: Where in time, as pairs of seconds; at most a few hundred.
    """

    code: str
    severity: Severity
    message: str
    measured: float | None = None
    allowed: float | None = None
    unit: str = ""
    fix: str | None = None
    marks: tuple[tuple[float, float], ...] = ()


class Step(Value):
    """One thing that is done to audio on its way, or was done.

    Attributes:
        action: `pass_through`, `decode`, `encode`, the name of a preprocessor, `refused` (a
            converter that announced the format did not know this variant of it), or `cached` (an
            earlier call did what follows).
        reason: Why, in words.
        detail: With what: formats, rates, plugin.
        effect: What it measurably did: gain in dB, seconds trimmed. Empty before it ran.
    """

    action: str
    reason: str
    detail: str = ""
    effect: dict[str, float] = Field(default_factory=dict)


class AudioRecord(Value):
    """What happened to one clip.

    Attributes:
        source: The format that came in, in words.
        result: The format that went on, in words.
        duration_s: Seconds that came in, or `None` when never decoded and not in the header.
        result_duration_s: Seconds that went on.
        n_bytes: Encoded size that came in.
        result_n_bytes: Encoded size that went on.
        digest: `sha256:…` of the bytes that came in.
        steps: In order.
        measurements: Level, loudness and so on, by name with unit, of what went on.
        findings: Of the validators.
    """

    source: str
    result: str
    duration_s: float | None = None
    result_duration_s: float | None = None
    n_bytes: int
    result_n_bytes: int | None = None
    digest: str | None = None
    steps: tuple[Step, ...] = ()
    measurements: dict[str, float] = Field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


class Estimate(Value):
    """What a call is expected to use, before it is sent.

    Attributes:
        input_tokens: Of text and audio together; `None` when the model's rates are unknown.
        input_audio_tokens: Part of `input_tokens`.
        output_tokens: What is reserved for the answer.
        cost: Of the input, and of the reserved answer where a bound was given.
    """

    input_tokens: int | None = None
    input_audio_tokens: int | None = None
    output_tokens: int | None = None
    cost: Cost | None = None


class Attempt(Value):
    """One try at the provider.

    Attributes:
        outcome: `settled` (answered to its end), `clean` (surely not executed) or `ambiguous`.
        error: `OssicleError.code` of what went wrong, or `None`.
        duration_s: How long it took.
        waited_s: How long was waited before it.
        request_id: The vendor's id, if known.
    """

    outcome: Literal["settled", "clean", "ambiguous"]
    error: str | None = None
    duration_s: float = 0.0
    waited_s: float = 0.0
    request_id: str | None = None


class Line(NamedTuple):
    """One line of a receipt.

    Attributes:
        label: What it is about; indented by two spaces where it belongs to the line above.
        text: What, in words and figures.
        reason: Why, or empty.
    """

    label: str
    text: str
    reason: str = ""


_Row = tuple[str, str] | tuple[str, str, str]
"""What a `Line` is made of."""


class Receipt(Value):
    """What happened to a call from end to end; numbers, ids and words, never content.

    Attributes:
        turn_id: Our own id of the call.
        tenant: On whose behalf.
        provider: Who answered.
        model: Which model was asked.
        task: What kind of call.
        response_model: The model that answered, as the vendor names it; `None` without an answer.
        cache_hit: Whether the answer is another call's, so that nobody was asked for this one.
        cache: Where the answer came from; `None`: no cache was asked for it.
        inputs: What happened to each clip that was sent.
        output: What happened to the answer's audio; `None` without audio.
        estimate: Before sending.
        usage: As the vendor told; `None` when it did not.
        cost: By our prices from `usage`; `None` when unknown.
        attempts: At the provider.
        timings: Seconds by stage: `prepare`, `provider`, `first_audio`, `total`.
        saved_s: Seconds of audio that were not sent because they held nothing.
        notes: What else the caller should know: dropped options, chosen defaults, model ends.
    """

    turn_id: str
    tenant: str = "default"
    provider: str
    model: str
    task: Task
    response_model: str | None = None
    cache_hit: bool = False
    cache: CacheOrigin | None = None
    inputs: tuple[AudioRecord, ...] = ()
    output: AudioRecord | None = None
    estimate: Estimate | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    attempts: tuple[Attempt, ...] = ()
    timings: dict[str, float] = Field(default_factory=dict)
    saved_s: float = 0.0
    notes: tuple[str, ...] = ()

    def lines(self) -> list[Line]:
        """What happened, in reading order, each with its reason."""
        return [Line(*row) for row in _receipt_rows(self)]

    def rows(self) -> list[tuple[str, str]]:
        """The receipt as pairs of label and text, for tables."""
        return [
            (line.label, " - ".join(filter(None, (line.text, line.reason))))
            for line in self.lines()
        ]

    def __str__(self) -> str:
        """The receipt as plain aligned lines."""
        rows = self.rows()
        width = max(len(label) for label, _ in rows)
        return "\n".join(f"{label:<{width}}  {text}" for label, text in rows)

    def _repr_html_(self) -> str:
        """For notebooks: a table of what was done, and why."""
        from ossicle.messages.html import receipt_html

        return receipt_html(self)

    def summary(self) -> dict[str, Any]:
        """The receipt as plain JSON data."""
        return self.model_dump(mode="json", exclude_none=True)


def _receipt_rows(receipt: Receipt) -> list[_Row]:
    """Label, text and where there is one a reason, in reading order."""
    rows: list[_Row] = [("call", f"{receipt.task} by {receipt.provider}:{receipt.model}")]
    for number, record in enumerate(receipt.inputs, start=1):
        label = "audio in" if len(receipt.inputs) == 1 else f"audio in {number}"
        rows += _audio_rows(record, label)
    if receipt.output is not None:
        rows += _audio_rows(receipt.output, "audio out")
    if receipt.cache is not None:
        rows.append(("cache", receipt.cache))
    rows += _money_rows(receipt)
    if receipt.attempts:
        failed = [attempt.error for attempt in receipt.attempts if attempt.error]
        tries = f"{len(receipt.attempts)}" + (f" ({', '.join(failed)})" if failed else "")
        rows.append(("attempts", tries))
    if receipt.timings:
        times = ", ".join(f"{name} {value:.3f} s" for name, value in receipt.timings.items())
        rows.append(("time", times))
    rows += [("note", note) for note in receipt.notes]
    return rows


def _audio_rows(record: AudioRecord, label: str) -> list[_Row]:
    """What happened to one clip."""
    size = f"{record.source}, {_length(record.duration_s)}{record.n_bytes} bytes"
    rows: list[_Row] = [(label, size)]
    for step in record.steps:
        effect = ", ".join(f"{name} {value:+.3g}" for name, value in step.effect.items())
        detail = " ".join(filter(None, (step.detail, f"({effect})" if effect else "")))
        rows.append((f"  {step.action}", detail, step.reason))
    if record.result_n_bytes is not None:
        length = _length(record.result_duration_s)
        rows.append(("  result", f"{record.result}, {length}{record.result_n_bytes} bytes"))
    if record.measurements:
        wanted = ("loudness_lufs", "peak_dbfs", "snr_db", "speech_share", "silence_share")
        figures = ", ".join(
            f"{name} {record.measurements[name]:.2f}"
            for name in wanted
            if name in record.measurements
        )
        if figures:
            rows.append(("  measured", figures))
    rows += [(f"  {found.severity}", found.message) for found in record.findings]
    return rows


def _length(duration_s: float | None) -> str:
    return "" if duration_s is None else f"{duration_s:.2f} s, "


def _money_rows(receipt: Receipt) -> list[_Row]:
    rows: list[_Row] = []
    estimate, usage = receipt.estimate, receipt.usage
    if estimate is not None and estimate.input_tokens is not None:
        audio = estimate.input_audio_tokens or 0
        rows.append(("estimated", f"{estimate.input_tokens} tokens in, {audio} of them audio"))
    if usage is not None and usage.total_tokens is not None:
        text = f"{usage.input_tokens or 0} tokens in, {usage.output_tokens or 0} out"
        rows.append(("used", text))
    if receipt.cost is not None:
        cost = receipt.cost
        rows.append(("cost", f"{cost.amount:.6f} {cost.currency} (by {cost.basis})"))
    if receipt.saved_s > 0:
        rows.append(("saved", f"{receipt.saved_s:.2f} s of silence not sent"))
    return rows
