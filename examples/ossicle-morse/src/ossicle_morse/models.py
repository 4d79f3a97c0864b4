"""What the two models can do, as data."""

from __future__ import annotations

import datetime
from decimal import Decimal

from ossicle.abc import AudioInput, AudioOutput, Capabilities, FormatRule, Prices
from ossicle.messages import SPEAK, TRANSCRIBE

NAME = "morse"

SAMPLE_RATE = 8000
"""In Hz, of all audio in and out."""

VOICES = {"middle": 600.0, "low": 400.0, "high": 900.0}
"""Pitch of each voice, in Hz."""

PCM = FormatRule(
    container="raw", encodings=("pcm_s16le",), sample_rates=(SAMPLE_RATE,), channels=(1,)
)

FREE = Prices(second_in=Decimal(0), second_out=Decimal(0))

KEY = Capabilities(
    provider=NAME,
    model="key",
    rows={"speak": (SPEAK,)},
    audio_output=AudioOutput(whole=(PCM,), streamed=(PCM,)),
    voices=tuple(VOICES),
    default_voice="middle",
    streaming=True,
    max_text_chars=1000,
    prices=FREE,
    failed_requests_are_billed=False,
    source="ossicle-morse itself",
    as_of=datetime.date(2026, 11, 26),
)
"""Sends a text."""

EAR = Capabilities(
    provider=NAME,
    model="ear",
    rows={"transcribe": (TRANSCRIBE,)},
    audio_input=AudioInput(formats=(PCM,), max_duration_s=900, min_duration_s=0.1),
    streaming=True,
    prices=FREE,
    failed_requests_are_billed=False,
    source="ossicle-morse itself",
    as_of=datetime.date(2026, 11, 26),
)
"""Writes down what is sent."""

MODELS = {model.model: model for model in (KEY, EAR)}
