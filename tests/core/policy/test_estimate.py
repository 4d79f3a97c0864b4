from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.abc import Capabilities, Prices
from ossicle.audio import AudioClip, AudioFacts, AudioFormat
from ossicle.messages import (
    AudioPart,
    AudioReference,
    Message,
    Part,
    Request,
    TextPart,
    Tool,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
)
from ossicle.policy import audio_tokens, estimate_request

PRICES = Prices(
    text_in=Decimal("2.50"), text_out=Decimal(10), audio_in=Decimal(32), audio_out=Decimal(64)
)


def capabilities(**facts: Any) -> Capabilities:
    known: dict[str, Any] = {
        "provider": "vendor",
        "model": "m",
        "rows": {},
        "audio_tokens_per_s_in": 10.0,
        "audio_tokens_per_s_out": 20.0,
        "prices": PRICES,
        "source": "test",
        "as_of": datetime.date(2026, 11, 23),
    }
    return Capabilities(**{**known, **facts})


def clip(duration_s: float | None) -> AudioClip:
    form = AudioFormat(container="wav", encoding="pcm_s16le", sample_rate=16_000, channels=1)
    facts = AudioFacts(format=form, n_bytes=4, duration_s=duration_s)
    return AudioClip(b"RIFF", facts=facts)


def ask(*parts: Part, **fields: Any) -> Request:
    return Request(
        **{
            "task": "respond",
            "model": "m",
            "messages": (Message(role="user", parts=parts),),
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("duration_s", "rate", "tokens"),
    [(0.0, 10, 0), (1.1, 10, 11), (2.3, 10, 23), (5.85, 10, 59), (7.3, 20, 146), (2.25, 20, 45)],
)
def test_audio_tokens_by_hand(duration_s: float, rate: float, tokens: int) -> None:
    assert audio_tokens(duration_s, rate) == tokens


@given(st.integers(0, 10**7), st.sampled_from([10, 12.5, 20, 25]))
def test_audio_tokens_are_the_exact_product_rounded_up(ms: int, rate: float) -> None:
    exact = Fraction(ms, 1000) * Fraction(rate)
    assert audio_tokens(ms / 1000, rate) == -(-exact.numerator // exact.denominator)


def test_the_cookbooks_conversation_within_a_fifth() -> None:
    # 124 tokens as counted by the API for gpt-4o, with 12 for names that we do not send
    texts = [
        "New synergies will help drive top-line growth.",
        "Things working well together will increase revenue.",
        "Let's circle back when we have more bandwidth to touch base on opportunities for "
        "increased leverage.",
        "Let's talk later when we're less busy about how to do better.",
        "This late pivot means we don't have time to boil the ocean for the client deliverable.",
    ]
    request = Request(
        task="respond",
        model="m",
        instructions="You are a helpful, pattern-following assistant that translates corporate "
        "jargon into plain English.",
        messages=tuple(Message(role="user", parts=(TextPart(text=text),)) for text in texts),
    )
    estimate = estimate_request(request, capabilities=capabilities())
    assert estimate.input_tokens is not None
    assert 1.0 <= estimate.input_tokens / 112 <= 1.2


def test_the_cookbooks_tool_within_a_third() -> None:
    # 101 tokens as counted by the API for gpt-4o
    tool = Tool(
        name="get_current_weather",
        description="Get the current weather in a given location",
        parameters={
            "type": "object",
            "properties": {
                "location": {
                    "type": "string",
                    "description": "The city and state, e.g. San Francisco, CA",
                },
                "unit": {
                    "type": "string",
                    "description": "The unit of temperature to return",
                    "enum": ["celsius", "fahrenheit"],
                },
            },
            "required": ["location"],
        },
    )
    request = ask(
        TextPart(text="What's the weather like in San Francisco?"),
        instructions="You are a helpful assistant that can answer to questions about the weather.",
        tools=(tool,),
    )
    estimate = estimate_request(request, capabilities=capabilities())
    assert estimate.input_tokens is not None
    assert 1.0 <= estimate.input_tokens / 101 <= 1.5


def test_audio_counts_its_seconds_and_is_rounded_up_once() -> None:
    request = ask(
        AudioPart(clip=clip(5.85), transcript="never sent"),
        AudioPart(clip=clip(None)),
        max_output_tokens=100,
        output=frozenset({"text", "audio"}),
    )
    estimate = estimate_request(request, capabilities=capabilities(), durations_s=[None, 0.31])
    assert estimate.input_audio_tokens == 62  # 5.85 s and 0.31 s at 10 a second are 61.6
    assert estimate.input_tokens == 62 + 4 + 3
    assert estimate.output_tokens == 100
    assert estimate.cost is not None
    # 62 × 32 + 7 × 2.5 + 100 × 64 = 8401.5
    assert estimate.cost.amount == Decimal("0.0084015")
    assert estimate.cost.basis == "estimate"


def test_given_durations_win_over_headers() -> None:
    request = ask(AudioPart(clip=clip(5.0)))
    estimate = estimate_request(request, capabilities=capabilities(), durations_s=[2.0])
    assert estimate.input_audio_tokens == 20


@pytest.mark.parametrize("duration_s", [None, float("inf"), float("nan"), -1.0])
def test_unknown_durations_stay_unknown(duration_s: float | None) -> None:
    request = ask(TextPart(text="hi"), AudioPart(clip=clip(duration_s)), max_output_tokens=5)
    estimate = estimate_request(request, capabilities=capabilities())
    assert estimate.input_tokens is None
    assert estimate.input_audio_tokens is None
    assert estimate.cost is None


def test_unknown_rates_stay_unknown() -> None:
    request = ask(AudioPart(clip=clip(3.0)))
    unknown = capabilities(audio_tokens_per_s_in=None)
    estimate = estimate_request(request, capabilities=unknown)
    assert (estimate.input_tokens, estimate.cost) == (None, None)


def test_unknown_prices_leave_tokens_known() -> None:
    estimate = estimate_request(ask(TextPart(text="hi")), capabilities=capabilities(prices=None))
    assert estimate.input_tokens == 1 + 4 + 3
    assert estimate.cost is None


def test_references_are_billed_at_the_higher_rate() -> None:
    said = AudioReference(provider="vendor", id="audio_1", transcript="Five words are said here.")
    silent = AudioReference(provider="vendor", id="audio_2")
    history = (Message(role="assistant", parts=(said,)), *ask(TextPart(text="hi")).messages)
    request = ask(TextPart(text="hi"), messages=history)
    known = estimate_request(request, capabilities=capabilities(), durations_s=[3.0])
    assert known.input_audio_tokens == 60
    guessed = estimate_request(request, capabilities=capabilities())
    assert guessed.input_audio_tokens == 48  # 6 tokens of text at 2.5 per second, 20 tokens each
    unknown = request.model_copy(
        update={"messages": (Message(role="assistant", parts=(silent,)), *request.messages[1:])}
    )
    assert estimate_request(unknown, capabilities=capabilities()).input_tokens is None


def test_the_bound_of_the_answer() -> None:
    bounded = capabilities(max_output_tokens=16_384)
    request = ask(TextPart(text="hi"))
    assert estimate_request(request, capabilities=capabilities()).output_tokens is None
    assert estimate_request(request, capabilities=bounded).output_tokens == 16_384
    ours = estimate_request(request, capabilities=bounded, max_output_tokens=500)
    assert ours.output_tokens == 500
    theirs = ask(TextPart(text="hi"), max_output_tokens=7)
    estimate = estimate_request(theirs, capabilities=bounded, max_output_tokens=500)
    assert estimate.output_tokens == 7


def test_tool_calls_and_results_are_text() -> None:
    call = ToolCallPart(call=ToolCall(id="1", name="look", arguments='{"at":"sky"}'))
    result = ToolResultPart(call_id="1", content="clear and blue")
    plain = estimate_request(ask(TextPart(text="hi")), capabilities=capabilities())
    more = estimate_request(ask(TextPart(text="hi"), call, result), capabilities=capabilities())
    assert plain.input_tokens is not None
    assert more.input_tokens is not None
    assert more.input_tokens >= plain.input_tokens + 6


def test_speak_by_characters_and_by_tokens() -> None:
    request = ask(TextPart(text="Hello, world! " * 10), task="speak", output=frozenset({"audio"}))
    by_length = capabilities(
        audio_tokens_per_s_out=None, prices=Prices(million_characters=Decimal(15))
    )
    estimate = estimate_request(request, capabilities=by_length)
    assert estimate.cost is not None
    assert estimate.cost.amount == Decimal("0.0021")
    by_tokens = estimate_request(request, capabilities=capabilities())
    assert by_tokens.input_tokens == 40
    assert by_tokens.output_tokens == 320  # 40 tokens at 2.5 per second, 20 tokens each


def test_transcribe_by_the_second() -> None:
    request = ask(AudioPart(clip=clip(90.0)), task="transcribe")
    by_second = capabilities(audio_tokens_per_s_in=None, prices=Prices(second_in=Decimal("0.0001")))
    estimate = estimate_request(request, capabilities=by_second)
    assert estimate.input_tokens is None
    assert estimate.cost is not None
    assert estimate.cost.amount == Decimal("0.009")


def test_audio_of_unknown_tokens_is_not_priced_as_its_text_alone() -> None:
    request = ask(AudioPart(clip=clip(90.0)), task="transcribe", instructions="Names: Ossicle.")
    both = Prices(second_in=Decimal("0.0001"), text_in=Decimal("2.50"))
    estimate = estimate_request(
        request, capabilities=capabilities(audio_tokens_per_s_in=None, prices=both)
    )
    assert estimate.cost is not None
    assert estimate.cost.amount == Decimal("0.009")
