"""What the fake OpenAI knows between requests: ids, keys, voices and the answers it keeps."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import Literal

from ossicle_testing.vendors.chat_model import ChatModel
from ossicle_testing.vendors.openai.models import MODELS, Prices, VendorModel
from ossicle_testing.vendors.openai.quirks import Quirks
from ossicle_testing.vendors.state import VendorState

AUDIO_LIFETIME_S = 3600
"""How long an audio id lives (three captures: `expires_at` is the creation time plus 3600)."""

Abandoned = Literal["whole", "sent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAudio:
    """An answer that can be referred to by its id.

    Attributes:
        account: Whose it is.
        transcript: Its words.
        frames: Its length at 24 kHz.
        expires_at: Unix seconds from which the id is unknown.
    """

    account: str
    transcript: str
    frames: int
    expires_at: int


@dataclass(kw_only=True)
class State(VendorState):
    """Everything that routes share; each key is an account of its own.

    Attributes:
        quirks: Which server is played.
        chat_model: Answers.
        custom_voices: Ids that `voice: {"id": ...}` may name.
        tool_talk: What the model says along with a tool call when audio is asked; `None` means
            that it says nothing.
        abandoned: Whether a client that leaves a stream early pays for all of it, or for the part
            that was sent.
        n_expired: How often an id was named after its time.
    """

    quirks: Quirks
    chat_model: ChatModel
    custom_voices: frozenset[str]
    tool_talk: str | None
    abandoned: Abandoned
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: dict[str, StoredAudio] = field(default_factory=dict)
    _expiries: dict[str, int] = field(default_factory=dict)
    n_expired: int = 0

    def keep(self, *, account: str, transcript: str, frames: int) -> tuple[str, int]:
        """Keep an answer; returns its id and when it expires."""
        now = int(self.clock())
        # The first eight digits are the time, as in every captured id.
        audio_id = self.speech_models.new_id(f"audio_{now & 0xFFFFFFFF:08x}")
        kept = StoredAudio(account=account, transcript=transcript, frames=frames,
                         expires_at=now + AUDIO_LIFETIME_S)  # fmt: skip
        with self._lock:
            self._kept[audio_id] = kept
            self._expiries[audio_id] = kept.expires_at
        return audio_id, kept.expires_at

    def kept(self, audio_id: str, *, account: str) -> StoredAudio | None:
        """The answer behind an id; `None` when unknown, expired or of another account."""
        with self._lock:
            kept = self._kept.get(audio_id)
            # Forgotten ones too: a client can know their time.
            self.n_expired += self.clock() >= self._expiries.get(audio_id, math.inf)
        if kept is None or kept.account != account or self.clock() >= kept.expires_at:
            return None
        return kept

    def forget(self, audio_id: str | None = None) -> None:
        """Forget one answer, or all."""
        with self._lock:
            if audio_id is None:
                self._kept.clear()
            else:
                self._kept.pop(audio_id, None)

    def model(self, name: str) -> VendorModel | None:
        """The model of this name; a stand-in where the server takes every name."""
        known = MODELS.get(name)
        if known is not None or not self.quirks.any_model:
            return known
        return VendorModel(id=name, kind="audio_chat", prices=Prices())
