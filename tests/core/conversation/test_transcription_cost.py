"""When writing audio down costs less than sending it again."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.conversation.made import model

from ossicle.abc import Prices
from ossicle.conversation.transcription_cost import expected_sends, is_worth_transcribing

# gpt-audio-1.5 and gpt-transcribe, US dollars per million tokens and per second, 2026-11-22.
CHAT = Prices(text_in=Decimal("2.50"), audio_in=Decimal(32))
BY_SECOND = Prices(second_in=Decimal("0.000075"))
ASKED = model().model_copy(update={"prices": CHAT})
SCRIBE = model().model_copy(update={"prices": BY_SECOND})
amounts = st.decimals(0, 100, places=4)


def test_six_seconds_pay_at_once_where_hearing_is_dear() -> None:
    # Sent again: 60 tokens at 32 = 1,920; as words: 24 at 2.5 = 60; written down: 450 millionths.
    assert is_worth_transcribing([6.0], asked=ASKED, transcriber=SCRIBE, n_sends=1)


@pytest.mark.parametrize(("n_sends", "expected"), [(2, False), (3, True)])
def test_where_writing_costs_as_much_as_hearing_it_takes_some_turns(
    n_sends: int, expected: bool
) -> None:
    # Sent again: 60 at 0.75 = 45; as words: 24 at 0.75 = 18; so 27 saved each time.
    # Written down: 60 at 0.30 = 18, and 24 words at 1.75 = 42: 60 in all.
    hears = Prices(text_in=Decimal("0.75"), audio_in=Decimal("0.75"))
    writes = Prices(text_in=Decimal("0.30"), audio_in=Decimal("0.30"), text_out=Decimal("1.75"))
    asked = ASKED.model_copy(update={"prices": hears})
    transcriber = SCRIBE.model_copy(update={"prices": writes})
    assert (
        is_worth_transcribing([4.0, 2.0], asked=asked, transcriber=transcriber, n_sends=n_sends)
        is expected
    )


@pytest.mark.parametrize("missing", ["length", "nan", "prices", "scribe", "currency"])
def test_what_is_not_known_never_pays(missing: str) -> None:
    asked, transcriber, seconds = ASKED, SCRIBE, 6.0
    if missing == "prices":
        asked = model()
    if missing == "scribe":
        transcriber = model()
    if missing == "currency":
        foreign = BY_SECOND.model_copy(update={"currency": "EUR"})
        transcriber = transcriber.model_copy(update={"prices": foreign})
    lengths: dict[str, list[float | None]] = {"length": [seconds, None], "nan": [math.nan]}
    assert not is_worth_transcribing(
        lengths.get(missing, [seconds]), asked=asked, transcriber=transcriber, n_sends=1000
    )
    assert not is_worth_transcribing([], asked=asked, transcriber=transcriber, n_sends=1000)


def test_the_price_of_cached_audio_counts_where_there_is_one() -> None:
    cheap = CHAT.model_copy(update={"cached_audio_in": Decimal("0.40")})
    # Sent again from the cache: 60 at 0.4 = 24, which is less than the words at 2.5.
    asked = ASKED.model_copy(update={"prices": cheap})
    assert not is_worth_transcribing([6.0], asked=asked, transcriber=SCRIBE, n_sends=1000)


@given(seconds=st.floats(0.1, 600), price=amounts, n_sends=st.integers(1, 50))
def test_what_pays_pays_all_the_more_the_longer_it_goes_on(
    seconds: float, price: Decimal, n_sends: int
) -> None:
    transcriber = SCRIBE.model_copy(update={"prices": Prices(second_in=price / 1000)})
    once = is_worth_transcribing([seconds], asked=ASKED, transcriber=transcriber, n_sends=n_sends)
    assert (
        is_worth_transcribing([seconds], asked=ASKED, transcriber=transcriber, n_sends=n_sends + 1)
        >= once
    )


def test_a_conversation_is_expected_to_last_as_long_again() -> None:
    assert [expected_sends(n) for n in (0, 1, 7)] == [1, 1, 7]
