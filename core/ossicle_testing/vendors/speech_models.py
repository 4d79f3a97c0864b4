"""What a fake vendor speaks and hears with."""

from __future__ import annotations

import threading
from functools import lru_cache
from random import Random

from ossicle_testing.vendors.audio import Ear, Voice
from ossicle_testing.vendors.tones import Samples, tone_ear, tone_voice


class SpeechModels:
    """A voice, an ear and ids; safe to use from several threads.

    Args:
        voice: Says a text: mono float32 at 24 kHz; never called twice at once.
        ear: Hears mono samples at a rate in Hz; never called twice at once.
        seed: Makes ids repeatable.

    Example:
        >>> speech_models = SpeechModels()
        >>> speech_models.hear(speech_models.say("Hello"), 24_000)
        'Hello'
    """

    def __init__(self, *, voice: Voice = tone_voice, ear: Ear = tone_ear, seed: int = 0) -> None:
        self._ear = ear
        self._spoken = lru_cache(maxsize=64)(voice)
        self._random = Random(seed)
        self._model_lock, self._id_lock = threading.Lock(), threading.Lock()

    def say(self, text: str) -> Samples:
        """`text` in the voice, mono at 24 kHz, shape `(frames,)`."""
        with self._model_lock:
            samples: Samples = self._spoken(text).ravel()
            return samples

    def hear(self, samples: Samples, sample_rate: int) -> str:
        """The words in mono samples."""
        with self._model_lock:
            return self._ear(samples, sample_rate)

    def new_id(self, prefix: str = "", *, digits: int = 24) -> str:
        """An id with random hexadecimal digits."""
        with self._id_lock:
            return f"{prefix}{self._random.getrandbits(digits * 4):0{digits}x}"

    def draw(self) -> Random:
        """A new source of randomness, repeatable with the seed."""
        with self._id_lock:
            return Random(self._random.getrandbits(64))
