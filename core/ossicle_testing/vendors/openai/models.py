"""The models that the fake OpenAI serves: kind, price and last day, by a table of its own.

Source: the vendor's model and deprecation pages and the price lists of litellm and genai-prices,
all read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

ModelKind = Literal["audio_chat", "text_chat", "speech", "transcription"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in US dollars; zero where the vendor does not bill that way.

    Attributes:
        text_in: For a million text tokens read.
        text_out: For a million text tokens written.
        audio_in: For a million audio tokens heard.
        audio_out: For a million audio tokens spoken.
        minute: For a minute of audio heard.
        characters: For a million characters spoken.
    """

    text_in: Decimal = Decimal(0)
    text_out: Decimal = Decimal(0)
    audio_in: Decimal = Decimal(0)
    audio_out: Decimal = Decimal(0)
    minute: Decimal = Decimal(0)
    characters: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorModel:
    """One model.

    Attributes:
        id: Its name in requests.
        kind: Which endpoint serves it.
        prices: What it costs.
        shutdown: The day from which it is gone, or `None` while none is announced.
    """

    id: str
    kind: ModelKind
    prices: Prices
    shutdown: date | None = None

    def is_gone(self, now_s: float) -> bool:
        """Whether it is shut down at `now_s` Unix seconds (days change at 00:00 UTC)."""
        return self.shutdown is not None and datetime.fromtimestamp(now_s, UTC).date() >= (
            self.shutdown
        )


def _prices(text_in: str, text_out: str, audio_in: str = "0", audio_out: str = "0") -> Prices:
    return Prices(
        text_in=Decimal(text_in),
        text_out=Decimal(text_out),
        audio_in=Decimal(audio_in),
        audio_out=Decimal(audio_out),
    )


def _table() -> dict[str, VendorModel]:
    full, mini = _prices("2.50", "10", "32", "64"), _prices("0.60", "2.40", "10", "20")
    preview = _prices("2.50", "10", "40", "80")
    mini_preview = _prices("0.15", "0.60", "10", "20")
    speech_end, hearing_end = date(2027, 1, 6), date(2027, 2, 26)
    chat_end, preview_end = date(2027, 1, 20), date(2026, 5, 7)
    rows: list[tuple[str, ModelKind, Prices, date | None]] = [
        ("gpt-audio-1.5", "audio_chat", full, None),
        ("gpt-audio", "audio_chat", full, chat_end),
        ("gpt-audio-2025-08-28", "audio_chat", full, chat_end),
        ("gpt-audio-mini", "audio_chat", mini, chat_end),
        ("gpt-audio-mini-2025-10-06", "audio_chat", mini, date(2026, 7, 23)),
        ("gpt-audio-mini-2025-12-15", "audio_chat", mini, chat_end),
        ("gpt-4o-audio-preview", "audio_chat", preview, preview_end),
        ("gpt-4o-audio-preview-2024-10-01", "audio_chat", preview, date(2025, 10, 10)),
        ("gpt-4o-audio-preview-2024-12-17", "audio_chat", preview, preview_end),
        ("gpt-4o-audio-preview-2025-06-03", "audio_chat", preview, preview_end),
        ("gpt-4o-mini-audio-preview", "audio_chat", mini_preview, preview_end),
        ("gpt-4o-mini", "text_chat", _prices("0.15", "0.60"), None),
        ("tts-1", "speech", Prices(characters=Decimal(15)), speech_end),
        ("tts-1-hd", "speech", Prices(characters=Decimal(30)), speech_end),
        ("gpt-4o-mini-tts", "speech", _prices("0.60", "0", "0", "12"), speech_end),
        ("gpt-4o-mini-tts-2025-12-15", "speech", _prices("0.60", "0", "0", "12"), speech_end),
    ]
    minutes = (
        ("gpt-transcribe", "0.0045", None),
        ("gpt-4o-transcribe", "0.006", hearing_end),
        ("gpt-4o-mini-transcribe", "0.003", hearing_end),
        ("gpt-4o-mini-transcribe-2025-12-15", "0.003", hearing_end),
        ("gpt-4o-transcribe-diarize", "0.006", hearing_end),
        ("whisper-1", "0.006", hearing_end),
    )
    billed_by_time = {
        name: VendorModel(id=name, kind="transcription", shutdown=end,
                          prices=Prices(minute=Decimal(price)))
        for name, price, end in minutes
    }  # fmt: skip
    billed_otherwise = {
        name: VendorModel(id=name, kind=kind, prices=prices, shutdown=end)
        for name, kind, prices, end in rows
    }
    return billed_otherwise | billed_by_time


MODELS: Mapping[str, VendorModel] = MappingProxyType(_table())
"""Every model by name."""

CHAT_VOICES = (
    "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer",
    "verse", "marin", "cedar",
)  # fmt: skip
"""Built-in voices: the type's list and the page's list together, since the two differ."""
