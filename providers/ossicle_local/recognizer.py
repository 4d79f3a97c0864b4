"""Hearing with Moonshine: gated, cut at pauses, off the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from anyio import to_thread

from ossicle.audio import AudioClip
from ossicle.cascade import Heard
from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import Segment
from ossicle_local.activity import Stretch, holds_speech, speech_probabilities, stretches
from ossicle_local.lazy import Lazy
from ossicle_local.models import HEARS, LANGUAGES
from ossicle_local.moonshine import MoonshineModel, moonshine_folder
from ossicle_local.samples import HEARING_RATE, mono_samples

if TYPE_CHECKING:
    from ossicle_local.samples import Mono

_FAINTEST = 1e-3
"""Peak below which there is nothing to hear, -60 dBFS."""

_LOUDEST = 0.9
"""Peak to which everything is brought; the model's word errors grow away from it."""

_WHOLE_S = 18.0
"""Up to here a clip is heard in one piece: cutting short clips adds word errors, and two minutes
in one piece take 2.5 GB and come out as nonsense (measured 2026-11)."""

_MARGIN_FRAMES = int(0.15 * HEARING_RATE)


class MoonshineHearer:
    """Hears English with the model inside the `moonshine-voice` wheel.

    Raises:
        DependencyMissingError: A package is missing, or the wheel holds no model.
    """

    audio_input = HEARS
    languages = LANGUAGES

    def __init__(self) -> None:
        folder = moonshine_folder()
        self._model = Lazy(lambda: MoonshineModel(folder))

    async def hear(self, clip: AudioClip, *, language: str | None) -> Heard:
        """What is said in a clip, empty where nobody speaks; see `Recognizer.hear`.

        Raises:
            UnsupportedFeatureError: Another language than English is asked for.
            UnsupportedFormatError: The clip is not 16-bit PCM.
        """
        refuse_other_languages(language)
        samples, parts = await to_thread.run_sync(_prepare, clip)
        if not parts:
            return Heard(text="")
        model = await self._model.get()
        segments: list[Segment] = []
        for start, end in parts:
            # A thread per stretch: cancellation waits for one stretch, not for ten minutes.
            text = await to_thread.run_sync(model.transcribe, _cut(samples, start, end))
            # Of music the model writes notes, of nothing at all sometimes a lone mark.
            if any(letter.isalnum() for letter in text):
                found = Segment(text=text, start_s=_seconds(start), end_s=_seconds(end))
                segments.append(found)
        text = " ".join(segment.text for segment in segments)
        return Heard(text=text, language="en" if text else None, segments=tuple(segments))

    async def aclose(self) -> None:
        """Free the model."""
        self._model.free()


def refuse_other_languages(language: str | None) -> None:
    """Refuse any language but English.

    Raises:
        UnsupportedFeatureError: Another language.
    """
    if language is not None and language.partition("-")[0].lower() != "en":
        raise UnsupportedFeatureError(
            f"the local recogniser does not know the language {language!r}",
            feature="language",
            fix="It hears English only; use another provider for other languages.",
        )


def _prepare(clip: AudioClip) -> tuple[Mono, list[Stretch]]:
    """Normalised samples and the stretches to hear; none where nobody speaks.

    The gate is needed because the model answers noise and tones with words.
    """
    samples = mono_samples(clip)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < _FAINTEST:
        return samples, []
    samples = samples * np.float32(_LOUDEST / peak)
    probabilities = speech_probabilities(samples)
    if not holds_speech(samples, probabilities):
        return samples, []
    if len(samples) <= _WHOLE_S * HEARING_RATE:
        return samples, [(0, len(samples))]
    return samples, stretches(probabilities)


def _cut(samples: Mono, start: int, end: int) -> Mono:
    return samples[max(0, start - _MARGIN_FRAMES) : end + _MARGIN_FRAMES]


def _seconds(frame: int) -> float:
    return frame / HEARING_RATE
