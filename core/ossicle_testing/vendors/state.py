"""What every fake of a vendor knows between requests."""

from __future__ import annotations

from dataclasses import dataclass

from ossicle_testing.vendors.clock import Clock
from ossicle_testing.vendors.speech_models import SpeechModels


@dataclass(kw_only=True)
class VendorState:
    """What its routes share; safe to use from several threads.

    Attributes:
        clock: Returns Unix seconds.
        speech_models: Speak and hear, and make ids.
        keys: The keys that are let in; `None` lets in every key.
    """

    clock: Clock
    speech_models: SpeechModels
    keys: frozenset[str] | None

    def lets_in(self, key: str) -> bool:
        """Whether the vendor knows the key."""
        return self.keys is None or key in self.keys
