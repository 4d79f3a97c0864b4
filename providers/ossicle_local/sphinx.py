"""Hearing with PocketSphinx, where Moonshine cannot be installed: small, and much less exact."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from anyio import to_thread

from ossicle.audio import AudioClip
from ossicle.cascade import Heard
from ossicle.messages import Segment
from ossicle_local.activity import energy_probabilities, stretches
from ossicle_local.lazy import Lazy
from ossicle_local.models import HEARS, LANGUAGES
from ossicle_local.packages import load_package, package_folder
from ossicle_local.recognizer import refuse_other_languages
from ossicle_local.samples import HEARING_RATE, mono_samples

if TYPE_CHECKING:
    from ossicle_local.activity import Stretch
    from ossicle_local.samples import Mono

_MARGIN_FRAMES = HEARING_RATE // 4


class SphinxModel:
    """One decoder, used by one thread at a time.

    Raises:
        DependencyMissingError: pocketsphinx is not installed or does not load here.
    """

    def __init__(self) -> None:
        package = load_package("pocketsphinx", extra="tiny")
        self._decoder: Any = package.Decoder(samprate=HEARING_RATE, loglevel="FATAL")
        self._fresh_mean = self._decoder.get_cmn(False)
        self._lock = threading.Lock()

    def transcribe(self, samples: Mono) -> str:
        """What is said in mono samples at 16 kHz."""
        data = np.rint(samples * 32767).astype("<i2").tobytes()
        with self._lock:
            # The decoder adapts to what it heard before; the same clip shall give the same words.
            self._decoder.set_cmn(self._fresh_mean)
            self._decoder.start_utt()
            self._decoder.process_raw(data, full_utt=True)
            self._decoder.end_utt()
            best = self._decoder.hyp()
        return "" if best is None else str(best.hypstr)


class SphinxHearer:
    """Hears English with the model inside the `pocketsphinx` wheel.

    Raises:
        DependencyMissingError: pocketsphinx is not installed.
    """

    audio_input = HEARS
    languages = LANGUAGES

    def __init__(self) -> None:
        package_folder("pocketsphinx", extra="tiny")
        self._model = Lazy(SphinxModel)

    async def hear(self, clip: AudioClip, *, language: str | None) -> Heard:
        """What is said in a clip; see `Recognizer.hear`.

        Raises:
            UnsupportedFeatureError: Another language than English is asked for.
            UnsupportedFormatError: The clip is not 16-bit PCM.
        """
        refuse_other_languages(language)
        samples, parts = await to_thread.run_sync(_prepare, clip)
        model = await self._model.get() if parts else None
        segments: list[Segment] = []
        for start, end in parts:
            assert model is not None
            piece = samples[max(0, start - _MARGIN_FRAMES) : end + _MARGIN_FRAMES]
            text = await to_thread.run_sync(model.transcribe, piece)
            if text:
                start_s, end_s = start / HEARING_RATE, end / HEARING_RATE
                segments.append(Segment(text=text, start_s=start_s, end_s=end_s))
        text = " ".join(segment.text for segment in segments)
        return Heard(text=text, language="en" if text else None, segments=tuple(segments))

    async def aclose(self) -> None:
        """Free the model."""
        self._model.free()


def _prepare(clip: AudioClip) -> tuple[Mono, list[Stretch]]:
    samples = mono_samples(clip)
    return samples, stretches(energy_probabilities(samples))
