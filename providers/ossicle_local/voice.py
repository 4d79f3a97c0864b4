"""Speaking with hibari, whose voice "heart" ships inside its wheel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import numpy as np
from anyio import to_thread

from ossicle.audio import AudioFormat
from ossicle.errors import DependencyMissingError, UnknownVoiceError
from ossicle_local.inference import load_onnxruntime
from ossicle_local.lazy import Lazy
from ossicle_local.models import HIBARI_RATE, HIBARI_VOICES, LANGUAGES
from ossicle_local.packages import load_package, package_folder
from ossicle_local.samples import levelled_pcm

if TYPE_CHECKING:
    from ossicle_local.samples import Mono

_SEED = 0
"""Of the noise in the voice: the same text gives the same bytes."""


class HibariModel:
    """Text to samples at 24 kHz.

    Raises:
        DependencyMissingError: A package is missing or does not load here.
    """

    def __init__(self) -> None:
        load_onnxruntime()
        hibari = load_package("hibari", extra="local")
        self._synthesize = load_package("hibari.dsp", extra="local").synth
        self._voice = hibari.Hibari(voice="heart", threads=1)
        # Loads the dictionaries, which the package would do on first use, not thread-safely.
        self._voice.phonemize("Ready. Zyxqu.")

    def phonemes(self, text: str) -> list[str]:
        """What to pronounce, in pieces of at most a few hundred sounds; none for mere signs."""
        pieces: list[str] = self._voice.phonemize(text)
        return [piece for piece in pieces if any(sound.isalpha() for sound in piece)]

    def speak(self, phonemes: str, *, pitch: float, speed: float) -> Mono:
        """One piece as mono samples, full scale ±1.0.

        Args:
            phonemes: One of the pieces from `phonemes`.
            pitch: Factor on the voice's own pitch.
            speed: 2.0 is twice as fast.
        """
        ids = self._voice.ids(phonemes)
        if len(ids) < 3:
            return np.zeros(0, np.float32)
        inputs = {
            "ids": np.asarray([ids], np.int64),
            "speed": np.asarray([speed], np.float32),
        }
        *spectrum, pitches = (output[0] for output in self._voice.sess.run(None, inputs))
        noise = np.random.default_rng(_SEED)
        samples: Any = self._synthesize(*spectrum, pitches * np.float32(pitch), noise)
        return np.asarray(samples, np.float32)


class HibariSpeaker:
    """Speaks English with the voice inside the `hibari-tts` wheel; fetches none of the others.

    Raises:
        DependencyMissingError: A package is missing, or the wheel holds no voice.
    """

    format = AudioFormat.pcm(sample_rate=HIBARI_RATE)
    voices = tuple(HIBARI_VOICES)
    default_voice = "heart"
    languages = LANGUAGES

    def __init__(self) -> None:
        require_hibari()
        self._model = Lazy(HibariModel)

    async def speak(self, text: str, *, voice: str | None, speed: float) -> AsyncIterator[bytes]:
        """The text as 16-bit samples at about -20 dBFS RMS; see `Synthesizer.speak`.

        Raises:
            UnknownVoiceError: There is no such voice inside the wheel.
        """
        pitch = _pitch(voice or self.default_voice)
        model = await self._model.get()

        def samples_of(phonemes: str) -> bytes:
            return levelled_pcm(model.speak(phonemes, pitch=pitch, speed=speed))

        for phonemes in await to_thread.run_sync(model.phonemes, text):
            yield await to_thread.run_sync(samples_of, phonemes)

    async def aclose(self) -> None:
        """Free the model."""
        self._model.free()


def require_hibari() -> None:
    """Check that the voice is there, without loading anything.

    Raises:
        DependencyMissingError: It is not.
    """
    package_folder("onnxruntime", extra="local")
    if not (package_folder("hibari", extra="local") / "assets" / "hibari.onnx").is_file():
        raise DependencyMissingError(
            "the installed hibari-tts does not hold the voice (hibari.onnx is missing)",
            package="hibari",
            extra="local",
            fix='Install the version that does: pip install "hibari-tts==0.2.1"',
        )


def _pitch(voice: str) -> float:
    try:
        return HIBARI_VOICES[voice]
    except KeyError:
        raise UnknownVoiceError(
            f"no voice {voice!r} is installed, and none is ever fetched",
            feature="voice",
            fix=f"Use one of {', '.join(HIBARI_VOICES)}.",
        ) from None
