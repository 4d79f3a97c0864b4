"""What the fake Gemini knows between requests: keys, voices, signatures."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from ossicle.testing.vendors.clock import Clock
from ossicle.testing.vendors.sound import Ear, Voice
from ossicle.testing.vendors.tones import Samples

Brain = Callable[[Sequence[tuple[str, str]]], str]
"""Answers a conversation, given as (role, text) pairs with audio as its words."""

WITHOUT_SIGNATURE = "skip_thought_signature_validator"
"""What stands for a signature that nobody has.
Source: https://ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11-23."""


def repeating_brain(turns: Sequence[tuple[str, str]]) -> str:
    """Says what it was told last, so that a test can tell that it was heard."""
    role, text = turns[-1]
    return f"The tool said: {text}" if role == "tool" else f"You said: {text}"


@dataclass(kw_only=True)
class State:
    """Everything that routes share; safe to use from several threads.

    Attributes:
        clock: Tells Unix seconds.
        voice: Says texts; never called twice at once.
        ear: Hears audio; never called twice at once.
        brain: Answers.
        keys: The keys that are let in; `None` lets in every key.
        blocks: Reason for which a prompt with this word in it is blocked.
        endings: Reason for which the answer to a prompt with this word ends, empty.
        thoughts: Tokens that a chat model thinks before it answers.
        whole_wav: Whether speech in one piece comes as a WAV file, as the Enterprise interface
            gives it, instead of raw samples.
        names_calls: Whether tool calls have ids.
        seed: Makes ids and pieces repeatable.
    """

    clock: Clock
    voice: Voice
    ear: Ear
    brain: Brain
    keys: frozenset[str] | None
    blocks: Mapping[str, str]
    endings: Mapping[str, str]
    thoughts: int
    whole_wav: bool
    names_calls: bool
    seed: int
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _model_lock: threading.Lock = field(default_factory=threading.Lock)
    _signatures: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._spoken = lru_cache(maxsize=64)(self.voice)

    def say(self, text: str) -> Samples:
        """`text` in the voice, mono at 24 kHz."""
        with self._model_lock:
            samples: Samples = self._spoken(text).ravel()
            return samples

    def hear(self, samples: Samples, sample_rate: int) -> str:
        """The words in mono samples."""
        with self._model_lock:
            return self.ear(samples, sample_rate)

    def new_id(self, *, digits: int = 22) -> str:
        """An id of random hexadecimal digits."""
        with self._lock:
            return f"{self._random.getrandbits(digits * 4):0{digits}x}"

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
