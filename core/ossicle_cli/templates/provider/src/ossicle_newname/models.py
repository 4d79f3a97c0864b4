"""What the models can do: data that decides what is asked of them, and what is converted."""

from __future__ import annotations

import datetime

from ossicle.abc import AudioInput, AudioOutput, Capabilities, FormatRule
from ossicle.messages import SPEAK, TRANSCRIBE

NAME = "newname"
"""What users write before the colon of `provider:model`."""

SAMPLE_RATE = 16000
"""In Hz, of all audio in and out; ossicle converts whatever differs."""

PCM = FormatRule(
    container="raw", encodings=("pcm_s16le",), sample_rates=(SAMPLE_RATE,), channels=(1,)
)

SPEAKER = Capabilities(
    provider=NAME,
    model="speak",
    rows={"speak": (SPEAK,)},
    audio_output=AudioOutput(whole=(PCM,), streamed=(PCM,)),
    streaming=True,
    max_text_chars=1000,
    source="this module",
    as_of=datetime.date(2026, 11, 26),
)
"""Says a text, two tones a byte."""

HEARER = Capabilities(
    provider=NAME,
    model="transcribe",
    rows={"transcribe": (TRANSCRIBE,)},
    audio_input=AudioInput(formats=(PCM,), max_duration_s=600, min_duration_s=0.1),
    source="this module",
    as_of=datetime.date(2026, 11, 26),
)
"""Writes down the tones that it hears."""

MODELS = {model.model: model for model in (SPEAKER, HEARER)}
