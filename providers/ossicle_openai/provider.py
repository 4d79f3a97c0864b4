"""The provider: one request in, a stream of events out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from ossicle.abc import AudioProvider, Capabilities, ProviderSettings
from ossicle.messages import Event, Request
from ossicle.rest import call_options
from ossicle_openai.catalogue import record_for
from ossicle_openai.endpoint import find_endpoint
from ossicle_openai.exchange import Exchange
from ossicle_openai.options import PROVIDER, CallOptions
from ossicle_openai.responding import respond_events
from ossicle_openai.speaking import speak_events
from ossicle_openai.transcribing import transcribe_events


class OpenAIProvider(AudioProvider):
    """OpenAI, or a server that speaks its protocol.

    Nothing is imported, looked up or connected before the first request; a missing key is an error
    only then, so that models can be listed and calls explained without one.

    Args:
        settings: Key, base URL and the options of `EndpointOptions`. What is left out comes from
            the environment: `OPENAI_API_KEY` (or the profile's own variable), `OPENAI_BASE_URL`.

    Raises:
        ConfigurationError: A setting is wrong.
    """

    name = PROVIDER

    def __init__(self, settings: ProviderSettings) -> None:
        self._endpoint = find_endpoint(settings)
        self._exchange = Exchange(self._endpoint)

    @property
    def endpoint(self) -> str:
        """Its base URL."""
        return self._endpoint.base_url

    def capabilities(self, model: str) -> Capabilities:
        """What this model can do at this endpoint; an assumption where it is not described."""
        return record_for(model, self._endpoint.profile).capabilities

    def respond(self, request: Request) -> AsyncIterator[Event]:
        """Send the request and yield the answer's events.

        Raises:
            OssicleError: See `AudioProvider.respond`.
        """
        return self._respond(request)

    async def _respond(self, request: Request) -> AsyncGenerator[Event, None]:
        options = call_options(CallOptions, request.provider_options, provider=PROVIDER)
        record = record_for(request.model, self._endpoint.profile)
        match request.task:
            case "respond":
                task = respond_events
            case "speak":
                task = speak_events
            case "transcribe":
                task = transcribe_events
        source = task(self._exchange, request, options=options, record=record)
        async with aclosing(source) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        """Close all connections; closing twice is harmless."""
        await self._exchange.aclose()
