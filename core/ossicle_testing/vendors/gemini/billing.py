"""Counting and pricing, by the fake vendor's own arithmetic.

Text: one token for every four bytes of UTF-8, rounded up for each text. This is a convention, not
a tokenizer. Audio: by the model's tokens per second heard, and 25 a second spoken, rounded down.
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

from ossicle_testing.vendors.gemini.models import VendorModel
from ossicle_testing.vendors.ledger import Bill
from ossicle_testing.vendors.tones import VOICE_SAMPLE_RATE

OUTPUT_TOKENS_PER_S = 25
_MILLION = Decimal(1_000_000)


def text_tokens(text: str) -> int:
    """Tokens of a text: a quarter of its bytes in UTF-8, rounded up."""
    return math.ceil(len(text.encode()) / 4)


def heard_tokens(frames: int, sample_rate: int, model: VendorModel) -> int:
    """Tokens of audio that a user sends."""
    return frames * model.tokens_per_s // sample_rate


def spoken_tokens(frames: int) -> int:
    """Tokens of audio that the model says, given frames at 24 kHz."""
    return frames * OUTPUT_TOKENS_PER_S // VOICE_SAMPLE_RATE


def priced(bill: Bill, model: VendorModel) -> Bill:
    """The bill with its amount."""
    counts = (bill.input_text_tokens, bill.input_audio_tokens, bill.output_text_tokens,
              bill.output_audio_tokens)  # fmt: skip
    total = sum(
        (count * price for count, price in zip(counts, model.prices, strict=True)), Decimal(0)
    )
    return replace(bill, amount=total / _MILLION)


def usage_metadata(bill: Bill, *, thoughts: int) -> dict[str, object]:
    """The usage block of a response; thoughts are part of the bill's text, but counted apart.

    Modalities that were not used are not named.
    """
    written = bill.output_text_tokens - thoughts
    usage: dict[str, object] = {
        "promptTokenCount": bill.input_tokens,
        "candidatesTokenCount": written + bill.output_audio_tokens,
        "totalTokenCount": bill.input_tokens + bill.output_tokens,
        "promptTokensDetails": _details(bill.input_text_tokens, bill.input_audio_tokens),
        "candidatesTokensDetails": _details(written, bill.output_audio_tokens),
    }
    return {**usage, "thoughtsTokenCount": thoughts} if thoughts else usage


def _details(text: int, audio: int) -> list[dict[str, object]]:
    pairs = (("TEXT", text), ("AUDIO", audio))
    return [{"modality": name, "tokenCount": count} for name, count in pairs if count]
