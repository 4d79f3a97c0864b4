"""Counting and pricing, by the fake vendor's own arithmetic.

Text: one token for every four bytes of UTF-8, rounded up for each text, and three for every
message. This is a convention, not a tokenizer; a test that needs the count asks this module.
Audio: ten tokens a second heard and twenty a second spoken, rounded down; an earlier answer of the
assistant counts twenty a second again when its id comes back.

Source: https://developers.openai.com/api/docs/guides/realtime-costs (one token for 100 ms of user
audio, for 50 ms of assistant audio), read 2026-11-22, and 5.85 s heard = 58, 7.30 s spoken = 146,
measured by third parties.
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

from ossicle_testing.vendors.ledger import Bill
from ossicle_testing.vendors.openai.models import Prices
from ossicle_testing.vendors.tones import VOICE_SAMPLE_RATE

MESSAGE_TOKENS = 3
INPUT_TOKENS_PER_S = 10
OUTPUT_TOKENS_PER_S = 20
_MILLION = Decimal(1_000_000)


def text_tokens(text: str) -> int:
    """Tokens of a text: a quarter of its bytes in UTF-8, rounded up."""
    return math.ceil(len(text.encode()) / 4)


def heard_tokens(frames: int, sample_rate: int) -> int:
    """Tokens of audio that a user sends."""
    return frames * INPUT_TOKENS_PER_S // sample_rate


def spoken_tokens(frames: int) -> int:
    """Tokens of audio that the model says, given frames at 24 kHz."""
    return frames * OUTPUT_TOKENS_PER_S // VOICE_SAMPLE_RATE


def priced(bill: Bill, prices: Prices) -> Bill:
    """The bill with its amount."""
    tokens = (
        bill.input_text_tokens * prices.text_in
        + bill.output_text_tokens * prices.text_out
        + bill.input_audio_tokens * prices.audio_in
        + bill.output_audio_tokens * prices.audio_out
        + bill.characters * prices.characters
    )
    minutes = Decimal(str(bill.seconds)) / 60 * prices.minute
    return replace(bill, amount=tokens / _MILLION + minutes)


def chat_usage(bill: Bill, *, with_cost: bool = False) -> dict[str, object]:
    """The usage block of a chat completion, as captured from the vendor."""
    usage: dict[str, object] = {
        "prompt_tokens": bill.input_tokens,
        "completion_tokens": bill.output_tokens,
        "total_tokens": bill.input_tokens + bill.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": 0,
            "audio_tokens": bill.input_audio_tokens,
            "text_tokens": bill.input_text_tokens,
            "image_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": bill.output_audio_tokens,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
            "text_tokens": bill.output_text_tokens,
        },
    }
    return {**usage, "cost": float(bill.amount)} if with_cost else usage
