"""The models and voices that the fake ElevenLabs has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorModel:
    """What the vendor knows of a model.

    Attributes:
        id: Its name.
        kind: What it does.
        max_characters: Of one text to speak.
        credits_per_character: What the cost header counts.
        takes_language: Whether it takes the language.
        takes_context: Whether it takes the text before and after.
        price: Per million characters, or per hour heard, in US dollars.
    """

    id: str
    kind: Literal["speech", "hearing"]
    max_characters: int = 0
    credits_per_character: Decimal = Decimal(1)
    takes_language: bool = True
    takes_context: bool = True
    price: Decimal = Decimal(100)


_HALF, _FIFTY = Decimal("0.5"), Decimal(50)

_MODELS = (
    VendorModel(
        id="eleven_multilingual_v2", kind="speech", max_characters=10_000, takes_language=False
    ),
    VendorModel(id="eleven_flash_v2_5", kind="speech", max_characters=40_000,
                credits_per_character=_HALF, price=_FIFTY),
    VendorModel(id="eleven_flash_v2", kind="speech", max_characters=30_000,
                credits_per_character=_HALF, price=_FIFTY),
    VendorModel(id="eleven_turbo_v2_5", kind="speech", max_characters=40_000,
                credits_per_character=_HALF, price=_FIFTY),
    VendorModel(id="eleven_v3", kind="speech", max_characters=5_000, takes_context=False),
    VendorModel(id="eleven_v4", kind="speech", max_characters=10_000),
    VendorModel(id="eleven_v4_turbo", kind="speech", max_characters=10_000),
    VendorModel(id="scribe_v2", kind="hearing", price=Decimal("0.22")),
    VendorModel(id="scribe_v1", kind="hearing", price=Decimal("0.22")),
)  # fmt: skip

MODELS: Mapping[str, VendorModel] = MappingProxyType({model.id: model for model in _MODELS})
"""The fake's models by name."""

VOICES = frozenset({"JBFqnCBsd6RMkjVDRZzb", "21m00Tcm4TlvDq8ikWAM", "EXAVITQu4vr4xnSDxMaL"})
"""Ids of voices that every account has.
Source: examples in https://elevenlabs.io/docs, read 2026-11-26."""

_RATES = {"pcm": ("8000", "16000", "22050", "24000", "44100", "48000"),
          "mp3": ("22050_32", "44100_32", "44100_64", "44100_96", "44100_128", "44100_192"),
          "opus": ("48000_32", "48000_64", "48000_96", "48000_128", "48000_192")}  # fmt: skip

OUTPUT_FORMATS: frozenset[str] = frozenset(
    f"{codec}_{rate}" for codec, rates in _RATES.items() for rate in rates
)
"""Formats of speech; the vendor's telephone formats are left out.
Source: `output_format` in the types of elevenlabs-python 2, read 2026-11-26."""

PRO_FORMATS = frozenset({"pcm_44100", "pcm_48000"})
"""What only accounts on a Pro plan get. Source: the same, its description of `output_format`."""
