from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ossicle.abc import Prices, cost_of, untold_as_estimated
from ossicle.messages import Cost, Estimate, Usage, sum_costs

# per million tokens; gpt-audio-1.5 as of 2026-11
CHAT = Prices(
    text_in=Decimal("2.50"),
    text_out=Decimal("10"),
    audio_in=Decimal("32"),
    audio_out=Decimal("64"),
)


def cost(usage: Usage, prices: Prices = CHAT) -> tuple[Decimal, str] | None:
    found = cost_of(usage, prices)
    return None if found is None else (found.amount, found.basis)


def test_a_minute_in_and_a_minute_out_by_hand() -> None:
    usage = Usage(
        input_tokens=600,
        input_audio_tokens=600,
        input_text_tokens=0,
        output_tokens=1200,
        output_audio_tokens=1200,
    )
    assert cost(usage) == (Decimal("0.0192") + Decimal("0.0768"), "details")


def test_a_captured_reply_by_hand() -> None:
    usage = Usage(
        input_tokens=8,
        input_text_tokens=8,
        input_audio_tokens=0,
        cached_tokens=0,
        output_tokens=54,
        output_audio_tokens=37,
        output_text_tokens=17,
    )
    # 8 × 2.5 + 37 × 64 + 17 × 10 = 2558 millionths
    assert cost(usage) == (Decimal("0.002558"), "details")


def test_totals_alone_are_priced_as_the_dearest() -> None:
    assert cost(Usage(input_tokens=100, output_tokens=10)) == (Decimal("0.00384"), "totals")
    text_only = Prices(text_in=Decimal(1), text_out=Decimal(2))
    assert cost(Usage(input_tokens=100, output_tokens=10), text_only) == (
        Decimal("0.00012"),
        "totals",
    )


def test_the_weaker_basis_is_named() -> None:
    usage = Usage(input_text_tokens=8, output_tokens=10)
    assert cost(usage) == (Decimal("0.00066"), "totals")


def test_zero_details_under_a_total_count_as_not_told() -> None:
    usage = Usage(input_tokens=100, input_text_tokens=0, input_audio_tokens=0)
    assert cost(usage) == (Decimal("0.0032"), "totals")


def test_details_win_over_a_total_in_other_units() -> None:
    usage = Usage(output_tokens=5838, output_audio_tokens=33, output_text_tokens=14)
    assert cost(usage) == (Decimal("0.002252"), "details")


def test_a_missing_part_is_the_rest_and_never_negative() -> None:
    assert cost(Usage(input_tokens=100, input_audio_tokens=60)) == (Decimal("0.00202"), "details")
    assert cost(Usage(input_tokens=10, input_audio_tokens=60)) == (Decimal("0.00192"), "details")
    assert cost(Usage(input_audio_tokens=60)) == (Decimal("0.00192"), "details")


def test_cached_tokens_are_cheaper_where_that_is_known() -> None:
    usage = Usage(input_tokens=100, input_text_tokens=60, input_audio_tokens=40, cached_tokens=80)
    assert cost(usage) == (Decimal("0.00143"), "details"), "no discount is presumed"
    cached = CHAT.model_copy(
        update={"cached_text_in": Decimal("1.25"), "cached_audio_in": Decimal("0.40")}
    )
    # 60 × 1.25 + 20 × 0.40 + 20 × 32 = 723
    assert cost(usage, cached) == (Decimal("0.000723"), "details")
    hostile = usage.model_copy(update={"cached_tokens": 10**9})
    # 60 × 1.25 + 40 × 0.40 = 91
    assert cost(hostile, cached) == (Decimal("0.000091"), "details")


def test_seconds_and_characters() -> None:
    whisper = Prices(second_in=Decimal("0.0001"))
    assert cost(Usage(input_audio_s=10.1), whisper) == (Decimal("0.00101"), "seconds")
    assert cost(Usage(input_audio_s=10.1, output_tokens=50), whisper) == (
        Decimal("0.00101"),
        "seconds",
    )
    assert cost(Usage(input_audio_s=10.1, input_tokens=5, input_text_tokens=5), whisper) == (
        Decimal("0.00101"),
        "seconds",
    )
    tts = Prices(million_characters=Decimal(15))
    assert cost(Usage(characters=4096), tts) == (Decimal("0.06144"), "characters")
    assert cost(Usage(characters=4096, output_audio_s=300.0), tts) == (
        Decimal("0.06144"),
        "characters",
    )
    assert cost(Usage(input_text_tokens=9, output_audio_s=2.0), Prices(second_out=Decimal(1))) == (
        Decimal(2),
        "seconds",
    )


def test_tokens_are_not_counted_twice_where_seconds_are_told_too() -> None:
    both = Prices(audio_in=Decimal(32), second_in=Decimal(1))
    assert cost(Usage(input_audio_tokens=100, input_audio_s=10.0), both) == (
        Decimal("0.0032"),
        "details",
    )


def test_unknown_stays_unknown() -> None:
    assert cost_of(Usage(input_tokens=5), None) is None
    assert cost(Usage()) is None
    assert cost(Usage(input_tokens=0, output_tokens=0)) is None
    assert cost(Usage(input_tokens=5), Prices()) is None
    assert cost(Usage(input_tokens=5, output_tokens=5), Prices(text_in=Decimal(1))) is None
    assert (
        cost(Usage(input_audio_tokens=5), Prices(text_in=Decimal(1), text_out=Decimal(1))) is None
    )
    by_second = Prices(second_in=Decimal(1), text_out=Decimal(1))
    assert cost(Usage(input_audio_s=1.0, output_audio_tokens=5), by_second) is None
    assert cost(Usage(input_tokens=5), Prices(text_in=Decimal(-1))) is None
    assert cost(Usage(input_audio_s=float("inf")), Prices(second_in=Decimal(1))) is None


def test_a_side_of_which_nothing_is_told_counts_as_estimated() -> None:
    estimate = Estimate(input_tokens=300, input_audio_tokens=100, output_tokens=50)
    told = Usage(output_tokens=5, output_text_tokens=5)
    filled = untold_as_estimated(told, estimate)
    assert filled == Usage(
        input_tokens=300,
        input_text_tokens=200,
        input_audio_tokens=100,
        output_tokens=5,
        output_text_tokens=5,
    )
    by_time = Usage(input_audio_s=3.0)
    assert untold_as_estimated(by_time, estimate) == Usage(input_audio_s=3.0, output_tokens=50)
    whole = Usage(input_tokens=1, output_tokens=0)
    assert untold_as_estimated(whole, estimate) == whole
    assert untold_as_estimated(told, Estimate()) == told
    assert untold_as_estimated(Usage(), Estimate(input_tokens=-5)).input_tokens == 0


def test_currency_is_the_price_lists() -> None:
    found = cost_of(Usage(input_tokens=5), Prices(text_in=Decimal(1), currency="EUR"))
    assert found is not None
    assert found.currency == "EUR"


COUNTS = st.none() | st.integers(0, 10**6) | st.integers(0, 10**40)
PRICES = st.none() | st.decimals(0, 1000, places=6, allow_nan=False)
USAGES = st.builds(
    Usage,
    input_tokens=COUNTS,
    output_tokens=COUNTS,
    input_text_tokens=COUNTS,
    input_audio_tokens=COUNTS,
    cached_tokens=COUNTS,
    output_text_tokens=COUNTS,
    output_audio_tokens=COUNTS,
    input_audio_s=st.none() | st.floats(0, allow_nan=False),
    output_audio_s=st.none() | st.floats(0, allow_nan=False),
    characters=COUNTS,
)
LISTS = st.builds(
    Prices,
    **{name: PRICES for name in Prices.model_fields if name != "currency"},
)


@given(USAGES, LISTS)
def test_any_usage_costs_something_finite_and_not_negative(usage: Usage, prices: Prices) -> None:
    found = cost_of(usage, prices)
    if found is not None:
        assert found.amount.is_finite()
        assert found.amount >= 0


@given(
    st.integers(0, 10**30),
    st.integers(0, 10**30),
    st.integers(1, 10**30),
    st.decimals(0, 10**6, places=9, allow_nan=False),
    st.decimals(0, 10**6, places=9, allow_nan=False),
    st.decimals(0, 10**6, places=9, allow_nan=False),
)
def test_details_are_exact(
    text: int, audio: int, out: int, text_in: Decimal, audio_in: Decimal, audio_out: Decimal
) -> None:
    found = cost_of(
        Usage(input_text_tokens=text, input_audio_tokens=audio, output_audio_tokens=out),
        Prices(text_in=text_in, audio_in=audio_in, audio_out=audio_out),
    )
    assert found is not None
    exact = text * Fraction(text_in) + audio * Fraction(audio_in) + out * Fraction(audio_out)
    assert Fraction(found.amount) == exact / 1_000_000
    assert found.basis == "details"


def test_what_the_provider_says_it_costs_counts_before_its_prices() -> None:
    told = Cost(amount=Decimal("0.5"), currency="EUR", basis="vendor")
    usage = Usage(input_text_tokens=1_000_000, cost=told)
    assert cost_of(usage, CHAT) == cost_of(usage, None) == told
    negative = usage.model_copy(update={"cost": Cost(amount=Decimal(-1), basis="vendor")})
    assert cost_of(negative, CHAT) == cost_of(usage.model_copy(update={"cost": None}), CHAT)


def test_costs_add_up_exactly_on_their_weakest_basis_or_are_not_known() -> None:
    seconds = Cost(amount=Decimal("0.1"), basis="seconds")
    details = Cost(amount=Decimal("1E-30"), basis="details")
    both = Cost(amount=Decimal("0.100000000000000000000000000001"), basis="seconds")
    assert sum_costs([seconds, details]) == sum_costs([details, seconds]) == both
    assert sum_costs([seconds]) == seconds
    assert sum_costs([]) is None
    assert sum_costs([seconds, None]) is None
    assert sum_costs([seconds, Cost(amount=Decimal(1), currency="EUR", basis="vendor")]) is None


def test_the_cost_of_one_call_is_not_that_of_two() -> None:
    one = Usage(input_tokens=1, cost=Cost(amount=Decimal(1), basis="vendor"))
    assert one + Usage(input_tokens=2) == Usage(input_tokens=3)
