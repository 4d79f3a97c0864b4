"""What the fake ElevenLabs knows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ossicle_testing.vendors.state import VendorState


@dataclass(kw_only=True)
class State(VendorState):
    """Everything that routes share.

    Attributes:
        voices: Ids of voices.
        voice_factor: What a voice costs, as a multiple of the usual.
        is_pro: Whether the account is on a Pro plan.
        forbidden: Words that the policy forbids, in lower case.
    """

    voices: frozenset[str]
    voice_factor: Decimal
    is_pro: bool
    forbidden: frozenset[str]
