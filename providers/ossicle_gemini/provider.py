"""The provider: one request in, a stream of events out."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from ossicle.abc import AudioProvider, Capabilities, ProviderSettings
from ossicle.errors import AudioMissingError
from ossicle.messages import AudioDelta, Event, Finished, ReplyStarted, Request
from ossicle_gemini.answer import AnswerReader
from ossicle_gemini.catalogue import record_for
from ossicle_gemini.endpoint import find_endpoint
from ossicle_gemini.errors import CallFacts
from ossicle_gemini.exchange import Exchange, read_whole
from ossicle_gemini.generation import payload_of
from ossicle_gemini.options import PROVIDER, call_options
from ossicle_gemini.signatures import Signatures


class GeminiProvider(AudioProvider):
    """Google's Gemini API.

    Nothing is looked up or connected before the first request; a missing key is an error only
    then, so that models can be listed and calls explained without one.

    Args:
        settings: Key, base URL and the options of `EndpointOptions`. What is left out comes from
            the environment: `GEMINI_API_KEY`, else `GOOGLE_API_KEY`; `GOOGLE_GEMINI_BASE_URL`.

    Raises:
        ConfigurationError: A setting is wrong.
    """

    name = PROVIDER

    def __init__(self, settings: ProviderSettings) -> None:
        self._endpoint = find_endpoint(settings)
        self._exchange = Exchange(self._endpoint)
        self._signatures = Signatures()
        self._today = datetime.datetime.now(tz=datetime.UTC).date()

    @property
    def endpoint(self) -> str:
        """Its base URL."""
        return self._endpoint.base_url

    def capabilities(self, model: str) -> Capabilities:
        """What this model can do; an assumption where nobody described it.

        Raises:
            UnknownModelError: The name cannot be one.
        """
        return record_for(model, self._today).capabilities

    def respond(self, request: Request) -> AsyncIterator[Event]:
        """Send the request and yield the answer's events.

        Raises:
            OssicleError: See `AudioProvider.respond`.
        """
        return self._respond(request)

    async def _respond(self, request: Request) -> AsyncGenerator[Event, None]:
        options = call_options(request.provider_options)
        record = record_for(request.model, self._today)
        payload = payload_of(request, options=options, record=record, signatures=self._signatures)
        call = CallFacts(
            model=request.model,
            successor=record.capabilities.successor,
            key=self._endpoint.key,
            said=request.texts,
        )
        answer = await self._exchange.generate(
            request.model, payload, stream=request.stream, call=call, deadline=request.deadline
        )
        has_audio = "audio" in request.output
        reader = AnswerReader(
            call=call,
            new_id=lambda: f"call_{secrets.token_hex(12)}",
            sign=lambda call_id, signature: self._signatures.remember(
                model=request.model, call_id=call_id, signature=signature
            ),
            request_id=answer.request_id,
            has_audio=has_audio,
            max_audio_bytes=self._endpoint.options.max_reply_bytes,
        )
        has_sound = False
        async with answer:
            yield ReplyStarted(request_id=answer.request_id, server_time_s=answer.server_time_s)
            if request.stream:
                async with aclosing(self._exchange.relay(answer, reader, call)) as events:
                    async for event in events:
                        has_sound = has_sound or isinstance(event, AudioDelta)
                        _check_sound(event, request, has_sound, answer.request_id)
                        yield event
                return
            found = await read_whole(answer, reader)
        has_sound = any(isinstance(event, AudioDelta) for event in found)
        for event in found:
            _check_sound(event, request, has_sound, answer.request_id)
            yield event

    async def aclose(self) -> None:
        """Close all connections; closing twice is harmless."""
        await self._exchange.aclose()


def _check_sound(event: Event, request: Request, has_sound: bool, request_id: str | None) -> None:
    """A text that was to be spoken and was not is no answer, however it ended."""
    if request.task == "speak" and isinstance(event, Finished) and not has_sound:
        raise AudioMissingError(
            f"{request.model} gave no audio (it ended with {event.reason!r})",
            provider=PROVIDER,
            request_id=request_id,
            billed=True,
            fix="Ask again, or say in `instructions` how to read the text.",
        )
