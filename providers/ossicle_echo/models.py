"""What the echo's models can do, as data."""

from __future__ import annotations

import datetime
from decimal import Decimal

from ossicle.abc import AudioInput, AudioOutput, Capabilities, FormatRule, Prices
from ossicle.messages import CHAT_AUDIO_ROWS, SPEAK, TRANSCRIBE

NAME = "echo"
"""Name of the provider."""

SAMPLE_RATE = 24000
"""Of everything it speaks, in Hz."""

TOKENS_PER_S_IN = 10
TOKENS_PER_S_OUT = 20

REFERENCE_LIFETIME_S = 3600.0

VOICES = {"plain": 0.0, "bright": 6.0, "warm": -6.0}
"""Name of each voice and by how many dB its highest tones are louder than its lowest."""

_INPUT = AudioInput(
    formats=(
        FormatRule(
            container="wav", encodings=("pcm_s16le",), max_sample_rate=48000, channels=(1, 2)
        ),
    ),
    max_bytes=25 << 20,
    max_duration_s=1500.0,
    min_duration_s=0.1,
    max_clips=64,
)
_OUTPUT = AudioOutput(
    whole=(
        FormatRule(
            container="wav", encodings=("pcm_s16le",), sample_rates=(SAMPLE_RATE,), channels=(1,)
        ),
    ),
    streamed=(
        FormatRule(
            container="raw", encodings=("pcm_s16le",), sample_rates=(SAMPLE_RATE,), channels=(1,)
        ),
    ),
)
_FREE = Prices(text_in=Decimal(0), text_out=Decimal(0), audio_in=Decimal(0), audio_out=Decimal(0))
_SOURCE = "ossicle_echo itself"
_AS_OF = datetime.date(2026, 11, 23)

CHAT = Capabilities(
    provider=NAME,
    model="chat",
    rows={"respond": CHAT_AUDIO_ROWS},
    audio_input=_INPUT,
    audio_output=_OUTPUT,
    voices=tuple(VOICES),
    default_voice="plain",
    streaming=True,
    tools=True,
    instructions=True,
    audio_references=True,
    reference_lifetime_s=REFERENCE_LIFETIME_S,
    context_tokens=128_000,
    max_output_tokens=16_384,
    audio_tokens_per_s_in=TOKENS_PER_S_IN,
    audio_tokens_per_s_out=TOKENS_PER_S_OUT,
    prices=_FREE,
    failed_requests_are_billed=False,
    source=_SOURCE,
    as_of=_AS_OF,
)
"""Hears and answers, with tools, turns and audio references."""

SPEAKER = Capabilities(
    provider=NAME,
    model="speak",
    rows={"speak": (SPEAK,)},
    audio_output=_OUTPUT,
    voices=tuple(VOICES),
    default_voice="plain",
    streaming=True,
    instructions=True,
    max_text_chars=100_000,
    audio_tokens_per_s_out=TOKENS_PER_S_OUT,
    prices=_FREE,
    failed_requests_are_billed=False,
    source=_SOURCE,
    as_of=_AS_OF,
)
"""Says a text, verbatim."""

TRANSCRIBER = Capabilities(
    provider=NAME,
    model="transcribe",
    rows={"transcribe": (TRANSCRIBE,)},
    audio_input=_INPUT,
    streaming=True,
    instructions=True,
    audio_tokens_per_s_in=TOKENS_PER_S_IN,
    prices=_FREE,
    failed_requests_are_billed=False,
    source=_SOURCE,
    as_of=_AS_OF,
)
"""Writes down what it hears."""

MODELS = {model.model: model for model in (CHAT, SPEAKER, TRANSCRIBER)}
