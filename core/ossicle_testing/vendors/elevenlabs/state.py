"""What the fake ElevenLabs knows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ossicle_testing.vendors.speech_models import SpeechModels


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that routes share; safe to use from several threads.

    Attributes:
        speech_models: Speaks and hears.
        keys: The keys that are let in; `None` lets in every key.
        voices: Ids of voices.
        voice_factor: What a voice costs, as a multiple of the usual.
        is_pro: Whether the account is on a Pro plan.
        forbidden: Words that the policy forbids, in lower case.
    """

    speech_models: SpeechModels
    keys: frozenset[str] | None
    voices: frozenset[str]
    voice_factor: Decimal
    is_pro: bool
    forbidden: frozenset[str]
