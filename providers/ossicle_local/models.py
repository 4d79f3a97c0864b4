"""What the local provider can do, and what it needs; plain data, nothing heavy."""

from __future__ import annotations

import datetime

from ossicle.abc import AudioInput, AudioOutput, Capabilities, FormatRule, Requirement
from ossicle.cascade import FREE
from ossicle.messages import CHAT_AUDIO_ROWS, SPEAK, TEXT_TO_TEXT, TRANSCRIBE

NAME = "local"
MODEL = "assistant"
LANGUAGES = ("en",)
AS_OF = datetime.date(2026, 11, 23)

MAX_DURATION_S = 600.0
"""Ours: ten minutes are heard in about twelve seconds of one core."""

MAX_TEXT_CHARS = 20_000
"""Ours: about twenty minutes of speech, made in ten seconds of one core."""

CONTEXT_TOKENS = 128_000
"""Ours: the rules read everything they are given; this bounds what they are given."""

MAX_OUTPUT_TOKENS = 4096
"""Ours."""

_MONO_16K = {"encodings": ("pcm_s16le",), "sample_rates": (16000,), "channels": (1,)}

HEARS = AudioInput(
    formats=(
        FormatRule.model_validate({"container": "wav", **_MONO_16K}),
        FormatRule.model_validate({"container": "raw", **_MONO_16K}),
    ),
    max_duration_s=MAX_DURATION_S,
    max_bytes=int(MAX_DURATION_S * 32000) + 4096,
)
"""What every recogniser here takes."""

HIBARI_RATE = 24000
"""Hz."""

HIBARI_VOICES = {"heart": 1.0, "low": 0.8, "deep": 0.65, "high": 1.2}
"""By how much each voice scales the pitch of the one voice in the wheel. All are understood without
error; beyond 0.65 and 1.2 they sound worse than they are worth (measured 2026-11)."""

PICO_RATE = 16000
"""Hz."""

PICO_VOICES = {"pico": "en-US", "pico-gb": "en-GB"}
"""Our names and the engine's."""

MOONSHINE_NEEDS = (
    Requirement(package="moonshine_voice", extra="local", brings="hears English, offline"),
    Requirement(package="earshot", extra="local", brings="finds speech in audio"),
    Requirement(package="onnxruntime", extra="local", brings="runs the speech models"),
)
HIBARI_NEEDS = (
    Requirement(package="hibari", extra="local", brings="speaks English, offline"),
    Requirement(package="onnxruntime", extra="local", brings="runs the speech models"),
)
SPHINX_NEEDS = (
    Requirement(package="pocketsphinx", extra="tiny", brings="hears English, small and rough"),
)
PICO_NEEDS = (
    Requirement(package="py_nanotts", extra="tiny", brings="speaks English, small and plain"),
)


def assistant_record(
    *,
    sample_rate: int,
    voices: tuple[str, ...],
    default_voice: str,
    engines: str,
) -> Capabilities:
    """The record of the only model.

    Args:
        sample_rate: Of what the voice gives, in Hz.
        voices: Names of the voices.
        default_voice: One of them.
        engines: What hears and what speaks, in words.
    """
    rule = FormatRule(
        container="raw", encodings=("pcm_s16le",), sample_rates=(sample_rate,), channels=(1,)
    )
    return Capabilities(
        provider=NAME,
        model=MODEL,
        rows={
            "respond": (*CHAT_AUDIO_ROWS, TEXT_TO_TEXT),
            "speak": (SPEAK,),
            "transcribe": (TRANSCRIBE,),
        },
        audio_input=HEARS,
        audio_output=AudioOutput(whole=(rule,), streamed=(rule,)),
        voices=voices,
        default_voice=default_voice,
        languages=LANGUAGES,
        streaming=True,
        tools=True,
        instructions=True,
        max_text_chars=MAX_TEXT_CHARS,
        context_tokens=CONTEXT_TOKENS,
        max_output_tokens=MAX_OUTPUT_TOKENS,
        audio_tokens_per_s_in=10,
        audio_tokens_per_s_out=20,
        prices=FREE,
        failed_requests_are_billed=False,
        source=f"runs here: {engines}",
        as_of=AS_OF,
    )
