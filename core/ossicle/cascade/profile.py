"""What a cascade of given stages can do."""

from __future__ import annotations

import datetime
from decimal import Decimal

from ossicle.abc import AudioOutput, Capabilities, FormatRule, Prices
from ossicle.audio import AudioFormat
from ossicle.cascade.stages import Hearer, Speaker, Thinker
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
    hearer: Hearer | None,
    thinker: Thinker | None,
    speaker: Speaker | None,
    source: str = "put together from the stages by ossicle.cascade",
    as_of: datetime.date = datetime.date(2026, 11, 23),
) -> Capabilities:
    """The record that follows from which stages there are and what each declares.

    Raises:
        ConfigurationError: There is no stage at all, or the speaker's format is not raw 16-bit
            PCM with its rate and channels.
    """
    rows = _rows(hearer=hearer, thinker=thinker, speaker=speaker)
    if not any(rows.values()):
        raise ConfigurationError(
            "a cascade without any stage", fix="Give a hearer, a thinker or a speaker."
        )
    return Capabilities(
        provider=provider,
        model=model,
        rows=rows,
        audio_input=None if hearer is None else hearer.audio_input,
        audio_output=None if speaker is None else _audio_output(speaker.format),
        voices=None if speaker is None else speaker.voices,
        default_voice=None if speaker is None else speaker.default_voice,
        languages=_common_languages(hearer, speaker),
        streaming=True,
        tools=thinker is not None and thinker.supports_tools,
        instructions=thinker is not None and thinker.supports_instructions,
        audio_tokens_per_s_in=None if hearer is None else AUDIO_TOKENS_PER_S_IN,
        audio_tokens_per_s_out=None if speaker is None else AUDIO_TOKENS_PER_S_OUT,
        source=source,
        as_of=as_of,
    )


def _rows(
    *, hearer: Hearer | None, thinker: Thinker | None, speaker: Speaker | None
) -> dict[Task, tuple[ModalityRow, ...]]:
    def can(row: ModalityRow) -> bool:
        audio: Modality = "audio"
        hears = audio not in row.inputs or hearer is not None
        return hears and (audio not in row.outputs or speaker is not None)

    respond = tuple(row for row in (*CHAT_AUDIO_ROWS, TEXT_TO_TEXT) if can(row))
    return {
        "respond": respond if thinker is not None else (),
        "speak": (SPEAK,) if speaker is not None else (),
        "transcribe": (TRANSCRIBE,) if hearer is not None else (),
    }


def _audio_output(form: AudioFormat) -> AudioOutput:
    if (
        form.container != "raw"
        or form.encoding != "pcm_s16le"
        or form.sample_rate is None
        or form.channels is None
    ):
        raise ConfigurationError(
            f"a speaker that yields {form}",
            fix="A speaker yields raw pcm_s16le and names its sample rate and channels.",
        )
    rule = FormatRule(
        container="raw",
        encodings=("pcm_s16le",),
        sample_rates=(form.sample_rate,),
        channels=(form.channels,),
    )
    return AudioOutput(whole=(rule,), streamed=(rule,))


def _common_languages(hearer: Hearer | None, speaker: Speaker | None) -> tuple[str, ...] | None:
    heard = None if hearer is None else hearer.languages
    spoken = None if speaker is None else speaker.languages
    if heard is None or spoken is None:
        return heard if spoken is None else spoken
    return tuple(language for language in heard if language in spoken)
