"""Speaking with SVOX Pico (py-nanotts), where hibari cannot be installed."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import numpy as np
from anyio import to_thread

from ossicle.audio import AudioFormat
from ossicle.errors import UnknownVoiceError
from ossicle_local.lazy import Lazy
from ossicle_local.models import LANGUAGES, PICO_RATE, PICO_VOICES
from ossicle_local.packages import load_package, package_folder
from ossicle_local.samples import levelled_pcm


class PicoModel:
    """Text to samples at 16 kHz, by one thread at a time.

    Raises:
        DependencyMissingError: py-nanotts is not installed or does not load here.
    """

    def __init__(self) -> None:
        self._engine: Any = load_package("py_nanotts", extra="tiny").NanoTTS()
        self._lock = threading.Lock()

    def speak(self, text: str, *, voice: str, speed: float) -> bytes:
        """16-bit samples at about -20 dBFS RMS; nothing for text without any letter it knows."""
        with self._lock:  # several threads at once got mixed-up sound (py-nanotts 0.1.1)
            data = self._engine.speak(text, voice=voice, speed=speed)
        samples = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
        return levelled_pcm(samples)


class PicoSpeaker:
    """Speaks English with the voices inside the `py-nanotts` wheel.

    Raises:
        DependencyMissingError: py-nanotts is not installed.
    """

    format = AudioFormat.pcm(sample_rate=PICO_RATE)
    voices = tuple(PICO_VOICES)
    default_voice = "pico"
    languages = LANGUAGES

    def __init__(self) -> None:
        package_folder("py_nanotts", extra="tiny")
        self._model = Lazy(PicoModel)

    async def speak(self, text: str, *, voice: str | None, speed: float) -> AsyncIterator[bytes]:
        """The text as 16-bit samples; see `Synthesizer.speak`.

        Raises:
            UnknownVoiceError: There is no such voice.
        """
        name = voice or self.default_voice
        if name not in PICO_VOICES:
            raise UnknownVoiceError(
                f"no voice {name!r} is installed, and none is ever fetched",
                feature="voice",
                fix=f"Use one of {', '.join(PICO_VOICES)}.",
            )
        model = await self._model.get()
        speak = partial(model.speak, text, voice=PICO_VOICES[name], speed=speed)
        data = await to_thread.run_sync(speak)
        if data:
            yield data

    async def aclose(self) -> None:
        """Free the engine."""
        self._model.free()
