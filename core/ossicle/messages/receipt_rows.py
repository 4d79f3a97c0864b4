"""A receipt in words, row by row; the one place that decides how it reads."""

from __future__ import annotations

from ossicle.messages.receipt import AudioRecord, Receipt


def receipt_rows(receipt: Receipt) -> list[tuple[str, str]]:
    """Pairs of label and text, in reading order."""
    rows = [("call", f"{receipt.task} by {receipt.provider}:{receipt.model}")]
    for number, record in enumerate(receipt.inputs, start=1):
        label = "audio in" if len(receipt.inputs) == 1 else f"audio in {number}"
        rows += audio_rows(record, label)
    if receipt.output is not None:
        rows += audio_rows(receipt.output, "audio out")
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


def audio_rows(record: AudioRecord, label: str) -> list[tuple[str, str]]:
    """What happened to one clip."""
    size = f"{record.source}, {_length(record.duration_s)}{record.n_bytes} bytes"
    rows = [(label, size)]
    for step in record.steps:
        effect = ", ".join(f"{name} {value:+.3g}" for name, value in step.effect.items())
        detail = " ".join(filter(None, (step.detail, f"({effect})" if effect else "")))
        rows.append((f"  {step.action}", f"{detail} - {step.reason}" if detail else step.reason))
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


def _money_rows(receipt: Receipt) -> list[tuple[str, str]]:
    rows = []
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
