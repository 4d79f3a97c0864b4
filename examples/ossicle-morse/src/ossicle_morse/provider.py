"""From a request to events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

from anyio import to_thread
from ossicle.abc import AudioProvider, Capabilities
from ossicle.audio import AudioFormat
from ossicle.errors import UnknownModelError, UnknownVoiceError
from ossicle.messages import (
    AudioDelta,
    AudioPart,
    Event,
    Finished,
    Request,
    TextDelta,
    Usage,
    UsageReported,
)

from .code import sendable
from .hearing import hear
from .models import MODELS, NAME, SAMPLE_RATE, VOICES
from .options import MorseOptions
from .sending import word_to_pcm

_FORMAT = AudioFormat.pcm(sample_rate=SAMPLE_RATE)


class MorseProvider(AudioProvider):
    """Sends and hears Morse code.

    Args:
        options: For calls that do not say otherwise in `provider_options`.
    """

    def __init__(self, options: MorseOptions) -> None:
        self._options = options

    def capabilities(self, model: str) -> Capabilities:
        """What this model can do.

        Raises:
            UnknownModelError: It is neither `key` nor `ear`.
        """
        try:
            return MODELS[model]
        except KeyError:
            raise UnknownModelError(
                f"{NAME} has no model {model!r}", fix=f"Use one of {', '.join(MODELS)}."
            ) from None

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        """Send the newest message, or write down what is sent in it.

        Raises:
            UnknownModelError: There is no such model.
            UnknownVoiceError: There is no such voice.
            ConfigurationError: An option is wrong.
        """
        self.capabilities(request.model)
        options = self._options.changed(request.provider_options)
        if request.task == "speak":
            pitch_hz = _pitch_of(request.voice)
            n_bytes = 0
            for word in sendable(request.messages[-1].text).split():
                send = partial(word_to_pcm, word, unit_s=options.unit_s, pitch_hz=pitch_hz)
                pcm = await to_thread.run_sync(send, abandon_on_cancel=True)
                n_bytes += len(pcm)
                yield AudioDelta(data=pcm, format=_FORMAT)
            seconds = n_bytes / (2 * SAMPLE_RATE)
            yield UsageReported(usage=Usage(output_audio_s=seconds))
        else:
            clips = [
                part.clip for part in request.messages[-1].parts if isinstance(part, AudioPart)
            ]
            for clip in clips:
                listen = partial(hear, clip.read_bytes(), unit_s=options.unit_s)
                text = await to_thread.run_sync(listen, abandon_on_cancel=True)
                for number, word in enumerate(text.split()):
                    yield TextDelta(text=f" {word}" if number else word)
            seconds = sum(clip.duration_s or 0.0 for clip in clips)
            yield UsageReported(usage=Usage(input_audio_s=seconds))
        yield Finished()

    async def aclose(self) -> None:
        """Nothing is held."""


def _pitch_of(voice: str | None) -> float:
    try:
        return VOICES[voice or "middle"]
    except KeyError:
        raise UnknownVoiceError(
            f"{NAME} has no voice {voice!r}",
            feature="voice",
            fix=f"Use one of {', '.join(VOICES)}.",
        ) from None
