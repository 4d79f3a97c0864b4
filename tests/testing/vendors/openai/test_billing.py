from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle_testing.vendors import Bill
from ossicle_testing.vendors.openai import MODELS, heard_tokens, spoken_tokens, text_tokens
from ossicle_testing.vendors.openai.billing import chat_usage, priced


@pytest.mark.parametrize(
    ("seconds", "heard", "spoken"), [(5.85, 58, 117), (7.30, 73, 146), (2.25, 22, 45), (0, 0, 0)]
)
def test_rates_are_the_measured_ones(seconds: float, heard: int, spoken: int) -> None:
    # Measured by third parties: 5.85 s heard = 58; 7.30 s spoken = 146; 2.25 s spoken = 45.
    frames = round(seconds * 24_000)
    assert (heard_tokens(frames, 24_000), spoken_tokens(frames)) == (heard, spoken)


@given(one=st.text(), two=st.text())
def test_text_counts_by_its_bytes(one: str, two: str) -> None:
    assert text_tokens(one) + text_tokens(two) - 1 <= text_tokens(one + two)
    assert text_tokens(one + two) <= text_tokens(one) + text_tokens(two)
    assert (text_tokens(one) == 0) == (one == "")


def test_a_minute_of_sound_costs_what_the_price_list_says() -> None:
    prices = MODELS["gpt-audio-1.5"].prices
    assert priced(Bill(input_audio_tokens=600), prices).amount == Decimal("0.0192")
    assert priced(Bill(output_audio_tokens=1200), prices).amount == Decimal("0.0768")
    assert priced(Bill(seconds=60), MODELS["whisper-1"].prices).amount == Decimal("0.006")


@given(counts=st.tuples(*[st.integers(0, 10**6)] * 4))
def test_usage_always_adds_up(counts: tuple[int, int, int, int]) -> None:
    bill = Bill(input_text_tokens=counts[0], input_audio_tokens=counts[1],
                output_text_tokens=counts[2], output_audio_tokens=counts[3])  # fmt: skip
    usage = chat_usage(bill)
    assert usage["total_tokens"] == sum(counts)
    assert usage["prompt_tokens"] == counts[0] + counts[1]
