"""What telemetry reads from a receipt: numbers and short names, never content."""

from __future__ import annotations

import re

from ossicle.messages import Receipt

OTHER = "(other)"
"""Stands for names that are no names, and for those that are too many."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MODEL = re.compile(r"[A-Za-z0-9_.:/@+-]{1,128}")


def code_name(code: str) -> str:
    """A stable code as it is; `(other)` for anything that reads like free text."""
    return code if _CODE.fullmatch(code) else OTHER


def model_name(name: str | None) -> str | None:
    """A model as the vendor names it; `None` for anything that reads like free text."""
    return name if name is not None and _MODEL.fullmatch(name) else None


def sent_audio_s(receipt: Receipt) -> float:
    """Seconds of audio that went to the provider; 0 when nothing was sent."""
    if not receipt.attempts:
        return 0.0
    return sum((record.result_duration_s or 0.0 for record in receipt.inputs), 0.0)


def received_audio_s(receipt: Receipt) -> float:
    """Seconds of audio that came back."""
    return 0.0 if receipt.output is None else receipt.output.duration_s or 0.0


def n_retries(receipt: Receipt) -> int:
    """Attempts after the first."""
    return max(len(receipt.attempts) - 1, 0)


def has_unknown_cost(receipt: Receipt) -> bool:
    """Whether the call was, or may have been, executed at a cost that nobody knows.

    A cost that is known is that of the answer; what ambiguous attempts cost before it is not.
    """
    outcomes = {attempt.outcome for attempt in receipt.attempts}
    return "ambiguous" in outcomes or (receipt.cost is None and "settled" in outcomes)
