"""What the parrot can do, as data."""

from __future__ import annotations

import datetime

from ossicle.abc import AudioInput, AudioOutput, Capabilities, FormatRule
from ossicle.messages import CHAT_AUDIO_ROWS, SPEAK, TEXT_TO_TEXT, TRANSCRIBE

NAME = "parrot"
RATE = 8000
VOICES = ("polly", "jack")
LIFETIME_S = 600.0
TOKENS_PER_S = 10.0

_HEARS = AudioInput(
    formats=(
        FormatRule(
            container="wav", encodings=("pcm_s16le",), sample_rates=(16000, 8000), channels=(1, 2)
        ),
    ),
    max_bytes=200_000,
    max_duration_s=5.0,
    min_duration_s=0.1,
    max_clips=4,
)
_SHAPE = {"encodings": ("pcm_s16le",), "sample_rates": (RATE,), "channels": (1,)}
_SPEAKS = AudioOutput(
    whole=(FormatRule.model_validate({"container": "wav", **_SHAPE}),),
    streamed=(FormatRule.model_validate({"container": "raw", **_SHAPE}),),
)

RECORD = Capabilities(
    provider=NAME,
    model="grey",
    rows={
        "respond": (*CHAT_AUDIO_ROWS, TEXT_TO_TEXT),
        "speak": (SPEAK,),
        "transcribe": (TRANSCRIBE,),
    },
    audio_input=_HEARS,
    audio_output=_SPEAKS,
    voices=VOICES,
    default_voice="polly",
    streaming=True,
    tools=True,
    instructions=True,
    audio_references=True,
    reference_lifetime_s=LIFETIME_S,
    max_text_chars=400,
    max_output_tokens=60,
    audio_tokens_per_s_in=TOKENS_PER_S,
    audio_tokens_per_s_out=TOKENS_PER_S,
    source="the parrot itself",
    as_of=datetime.date(2026, 11, 26),
)
