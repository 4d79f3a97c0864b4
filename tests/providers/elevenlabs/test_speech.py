from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.elevenlabs.vendor import FLASH, PCM, SPEECH, events_of, fake, speaking

from ossicle.audio import AudioFormat
from ossicle.errors import ConfigurationError, UnsupportedFormatError
from ossicle_elevenlabs.catalogue import CATALOGUE
from ossicle_elevenlabs.options import CallOptions, EndpointOptions, VoiceSettings
from ossicle_elevenlabs.speech import (
    asked_format,
    billed_characters,
    format_name,
    speech_path,
    speech_payload,
)

RATES = st.sampled_from([0.5, 1.0])


@given(st.integers(0, 50_000), RATES, st.sampled_from([math.floor, math.ceil]))
def test_the_rounding_of_credits_is_no_disagreement(
    n_chars: int, rate: float, rounded: type[int]
) -> None:
    cost = rounded(Fraction(n_chars) * Fraction(rate))
    assert billed_characters(str(cost), n_chars=n_chars, rate=rate) == n_chars


@given(st.integers(10, 50_000), RATES, st.integers(2, 10))
def test_a_surcharge_is_what_the_vendor_says(n_chars: int, rate: float, factor: int) -> None:
    cost = math.ceil(Fraction(n_chars * factor) * Fraction(rate))
    billed = billed_characters(str(cost), n_chars=n_chars, rate=rate)
    assert n_chars * factor <= billed <= n_chars * factor + 1


@given(st.text() | st.none(), st.integers(0, 50_000), RATES | st.none())
def test_whatever_the_header_says_there_is_a_count(
    cost: str | None, n_chars: int, rate: float | None
) -> None:
    assert 0 <= billed_characters(cost, n_chars=n_chars, rate=rate) <= 2 * 10**9 + 1


@pytest.mark.parametrize(
    ("form", "name"),
    [(PCM, "pcm_24000"), (AudioFormat.named("mp3"), "mp3_44100_128"),
     (AudioFormat.named("mp3", sample_rate=22_050, bit_rate=32_000), "mp3_22050_32"),
     (AudioFormat.named("opus", sample_rate=48_000, bit_rate=64_000), "opus_48000_64")],
)  # fmt: skip
def test_formats_have_the_vendors_names(form: AudioFormat, name: str) -> None:
    assert format_name(form) == name


def test_a_format_the_vendor_has_no_name_for() -> None:
    with pytest.raises(UnsupportedFormatError, match="flac"):
        format_name(AudioFormat.named("flac"))


def test_the_path_names_voice_way_and_format() -> None:
    record = CATALOGUE.record(SPEECH)
    path = speech_path(speaking(stream=True, voice="a/b"), record=record, options=EndpointOptions())
    assert path == "/text-to-speech/a%2Fb/stream?output_format=pcm_24000"
    zero = EndpointOptions(zero_retention=True)
    path = speech_path(speaking(output_format=None), record=record, options=zero)
    assert path == (
        "/text-to-speech/JBFqnCBsd6RMkjVDRZzb?output_format=pcm_24000&enable_logging=false"
    )
    assert asked_format(speaking(output_format=None), record) == PCM


@pytest.mark.parametrize("voice", [".", "..", "%2e%2E", ".%2e"])
def test_a_voice_of_dots_chooses_no_other_endpoint(voice: str) -> None:
    with fake() as vendor:
        with pytest.raises(ConfigurationError, match="cannot name a voice"):
            events_of(vendor.base_url, speaking(voice=voice, stream=True))
        assert not vendor.ledger.entries


def test_the_body_says_what_was_asked_and_no_more() -> None:
    record = CATALOGUE.record(FLASH)
    assert speech_payload(speaking("Hi", model=FLASH), record=record, options=CallOptions()) == {
        "text": "Hi", "model_id": FLASH,
    }  # fmt: skip
    options = CallOptions(
        voice_settings=VoiceSettings(stability=0.25), next_text="So", extra_body={"seed": 9}
    )
    request = speaking("Hi", model=FLASH, language="pt-BR", seed=3)
    assert speech_payload(request, record=record, options=options) == {
        "text": "Hi", "model_id": FLASH, "language_code": "pt", "seed": 9,
        "voice_settings": {"stability": 0.25}, "next_text": "So",
    }  # fmt: skip
