"""What a cascade of given stages can do."""

from __future__ import annotations

import datetime
from decimal import Decimal

from ossicle.abc import AudioOutput, Capabilities, FormatRule, Prices
from ossicle.audio import AudioFormat
from ossicle.cascade.stages import LanguageModel, Recognizer, Synthesizer
from ossicle.errors import ConfigurationError
from ossicle.messages import (
    CHAT_AUDIO_ROWS,
    SPEAK,
    TEXT_TO_TEXT,
    TRANSCRIBE,
    Modality,
    ModalityRow,
    Task,
)

FREE = Prices(
    text_in=Decimal(0),
    text_out=Decimal(0),
    audio_in=Decimal(0),
    audio_out=Decimal(0),
    cached_text_in=Decimal(0),
    cached_audio_in=Decimal(0),
)
"""Prices of what runs on the user's own machine."""

AUDIO_TOKENS_PER_S_IN = 10.0
AUDIO_TOKENS_PER_S_OUT = 20.0
"""Rates by which audio is counted, so that budgets mean the same as with a paid model.
Source: OpenAI's chat-audio models, measured 2026-11: 10 tokens a second in, 20 out."""


def cascade_capabilities(
    *,
    provider: str,
    model: str,
    recognizer: Recognizer | None,
    language_model: LanguageModel | None,
    synthesizer: Synthesizer | None,
    source: str = "put together from the stages by ossicle.cascade",
    as_of: datetime.date = datetime.date(2026, 11, 23),
) -> Capabilities:
    """The record that follows from which stages there are and what each declares.

    Raises:
        ConfigurationError: There is no stage at all, or the synthesizer's format is not raw 16-bit
            PCM with its rate and channels.
    """
    rows = _rows(recognizer=recognizer, language_model=language_model, synthesizer=synthesizer)
    if not any(rows.values()):
        raise ConfigurationError(
            "a cascade without any stage",
            fix="Give a recognizer, a language model or a synthesizer.",
        )
    return Capabilities(
        provider=provider,
        model=model,
        rows=rows,
        audio_input=None if recognizer is None else recognizer.audio_input,
        audio_output=None if synthesizer is None else _audio_output(synthesizer.format),
        voices=None if synthesizer is None else synthesizer.voices,
        default_voice=None if synthesizer is None else synthesizer.default_voice,
        languages=_common_languages(recognizer, synthesizer),
        streaming=True,
        tools=language_model is not None and language_model.supports_tools,
        instructions=language_model is not None and language_model.supports_instructions,
        audio_tokens_per_s_in=None if recognizer is None else AUDIO_TOKENS_PER_S_IN,
        audio_tokens_per_s_out=None if synthesizer is None else AUDIO_TOKENS_PER_S_OUT,
        source=source,
        as_of=as_of,
    )


def _rows(
    *,
    recognizer: Recognizer | None,
    language_model: LanguageModel | None,
    synthesizer: Synthesizer | None,
) -> dict[Task, tuple[ModalityRow, ...]]:
    def can(row: ModalityRow) -> bool:
        audio: Modality = "audio"
        hears = audio not in row.inputs or recognizer is not None
        return hears and (audio not in row.outputs or synthesizer is not None)

    respond = tuple(row for row in (*CHAT_AUDIO_ROWS, TEXT_TO_TEXT) if can(row))
    return {
        "respond": respond if language_model is not None else (),
        "speak": (SPEAK,) if synthesizer is not None else (),
        "transcribe": (TRANSCRIBE,) if recognizer is not None else (),
    }


def _audio_output(form: AudioFormat) -> AudioOutput:
    if (
        form.container != "raw"
        or form.encoding != "pcm_s16le"
        or form.sample_rate is None
        or form.channels is None
    ):
        raise ConfigurationError(
            f"a synthesizer that yields {form}",
            fix="A synthesizer yields raw pcm_s16le and names its sample rate and channels.",
        )
    rule = FormatRule(
        container="raw",
        encodings=("pcm_s16le",),
        sample_rates=(form.sample_rate,),
        channels=(form.channels,),
    )
    return AudioOutput(whole=(rule,), streamed=(rule,))


def _common_languages(
    recognizer: Recognizer | None, synthesizer: Synthesizer | None
) -> tuple[str, ...] | None:
    heard = None if recognizer is None else recognizer.languages
    spoken = None if synthesizer is None else synthesizer.languages
    if heard is None or spoken is None:
        return heard if spoken is None else spoken
    return tuple(language for language in heard if language in spoken)
