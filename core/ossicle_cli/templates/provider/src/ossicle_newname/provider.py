"""From a request to events: the only thing that a provider does."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from anyio import to_thread
from ossicle.abc import AudioProvider, Capabilities
from ossicle.audio import AudioFormat
from ossicle.errors import ConfigurationError, UnknownModelError
from ossicle.messages import AudioDelta, AudioPart, Event, Finished, Request, TextDelta

from .models import MODELS, NAME, SAMPLE_RATE
from .tones import hear_tones, text_to_tones

PIECE_BYTES = 32
"""Bytes of text that become one piece of audio."""


class NewnameProvider(AudioProvider):
    """Speaks in touch tones and hears them."""

    def capabilities(self, model: str) -> Capabilities:
        """What this model can do.

        Raises:
            UnknownModelError: There is no such model.
        """
        try:
            return MODELS[model]
        except KeyError:
            raise UnknownModelError(
                f"{NAME} has no model {model!r}", fix=f"Use one of {', '.join(MODELS)}."
            ) from None

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        """Speak the newest message, or write down what is heard in it.

        Raises:
            UnknownModelError: There is no such model.
            ConfigurationError: There are options, and it has none.
        """
        self.capabilities(request.model)
        if request.provider_options:
            raise ConfigurationError(
                f"{NAME} has no option {next(iter(request.provider_options))!r}",
                fix="Leave provider_options out.",
            )
        message = request.messages[-1]
        if request.task == "speak":
            data = message.text.encode()
            form = AudioFormat.pcm(sample_rate=SAMPLE_RATE)
            for start in range(0, len(data), PIECE_BYTES):
                # What costs time runs beside the event loop.
                piece = data[start : start + PIECE_BYTES]
                tones = await to_thread.run_sync(text_to_tones, piece, abandon_on_cancel=True)
                yield AudioDelta(data=tones, format=form)
        else:
            for part in message.parts:
                if isinstance(part, AudioPart):
                    pcm = part.clip.read_bytes()
                    data = await to_thread.run_sync(hear_tones, pcm, abandon_on_cancel=True)
                    yield TextDelta(text=data.decode(errors="replace"))
        yield Finished()

    async def aclose(self) -> None:
        """Free what the provider holds: nothing here, a client of HTTP elsewhere."""
