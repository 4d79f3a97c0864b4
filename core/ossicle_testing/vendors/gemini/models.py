"""The models of the fake Gemini, written apart from the provider's catalogue.

Source: https://ai.google.dev/gemini-api/docs/models, /pricing and /audio, read 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

Kind = Literal["chat", "speech", "transcription"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorModel:
    """One model.

    Attributes:
        id: Its name.
        kind: What it does.
        tokens_per_s: Of audio that it hears.
        signs: Whether tool calls are signed, and wanted back signed.
        takes_style: Whether a style stands beside the text, and voices are plain ids.
        streams: Whether `streamGenerateContent` gives more than one piece of audio.
        prices: Text in, audio in, text out, audio out: US dollars per million tokens.
    """

    id: str
    kind: Kind
    tokens_per_s: int = 25
    signs: bool = False
    takes_style: bool = False
    streams: bool = True
    prices: tuple[Decimal, Decimal, Decimal, Decimal] = (
        Decimal(0), Decimal(0), Decimal(0), Decimal(0),
    )  # fmt: skip


def _priced(*amounts: str) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    text_in, audio_in, text_out, audio_out = map(Decimal, amounts)
    return text_in, audio_in, text_out, audio_out


def _table() -> dict[str, VendorModel]:
    found = (
        VendorModel(
            id="gemini-3.8-flash", kind="chat", signs=True,
            prices=_priced("0.75", "0.75", "3.75", "0"),
        ),
        VendorModel(
            id="gemini-2.5-flash", kind="chat", tokens_per_s=32,
            prices=_priced("0.30", "1.00", "2.50", "0"),
        ),
        VendorModel(
            id="gemini-3.8-flash-tts", kind="speech", takes_style=True,
            prices=_priced("0.50", "0", "0", "9.00"),
        ),
        VendorModel(
            id="gemini-3.8-flash-lite-tts", kind="speech", takes_style=True,
            prices=_priced("0.50", "0", "0", "6.00"),
        ),
        VendorModel(id="gemini-2.5-flash-preview-tts", kind="speech", streams=False),
        VendorModel(id="gemini-3.5-transcribe", kind="transcription"),
    )  # fmt: skip
    return {model.id: model for model in found}


MODELS: Mapping[str, VendorModel] = MappingProxyType(_table())
"""Every model by name."""

VOICES = frozenset({
    "Zephyr", "Puck", "Charon", "Kore", "Fenrir", "Leda", "Orus", "Aoede", "Callirrhoe",
    "Autonoe", "Enceladus", "Iapetus", "Umbriel", "Algieba", "Despina", "Erinome", "Algenib",
    "Rasalgethi", "Laomedeia", "Achernar", "Alnilam", "Schedar", "Gacrux", "Pulcherrima",
    "Achird", "Zubenelgenubi", "Vindemiatrix", "Sadachbia", "Sadaltager", "Sulafat",
})  # fmt: skip
"""The thirty prebuilt voices."""
