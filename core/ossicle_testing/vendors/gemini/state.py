"""What the fake Gemini knows between requests: keys, voices, signatures."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from ossicle_testing.vendors.chat_model import ChatModel
from ossicle_testing.vendors.state import VendorState

WITHOUT_SIGNATURE = "skip_thought_signature_validator"
"""What stands for a signature that no client has.
Source: https://ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11-23."""


@dataclass(kw_only=True)
class State(VendorState):
    """Everything that routes share.

    Attributes:
        chat_model: Answers.
        blocks: Reason for which a prompt with this word in it is blocked.
        endings: Reason for which the answer to a prompt with this word ends, empty.
        thoughts: Tokens that a chat model thinks before it answers.
        whole_wav: Whether speech in one piece comes as a WAV file, as the Enterprise interface
            gives it, instead of raw samples.
        names_calls: Whether tool calls have ids.
    """

    chat_model: ChatModel
    blocks: Mapping[str, str]
    endings: Mapping[str, str]
    thoughts: int
    whole_wav: bool
    names_calls: bool
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _signatures: dict[str, str] = field(default_factory=dict)

    def new_id(self, *, digits: int = 22) -> str:
        """An id of random hexadecimal digits."""
        return self.speech_models.new_id(digits=digits)

    def sign(self, model: str) -> str:
        """A new signature of this model."""
        # Bytes in the interface's JSON form, so base64.
        signature = base64.b64encode(self.new_id().encode()).decode()
        with self._lock:
            self._signatures[signature] = model
        return signature

    def is_signed(self, signature: str, model: str) -> bool:
        """Whether this model takes the signature."""
        with self._lock:
            return signature == WITHOUT_SIGNATURE or self._signatures.get(signature) == model
