"""The provider: one request in, a stream of events out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ossicle.abc import Capabilities, ProviderSettings
from ossicle.messages import Event, Finished, Request, Usage, UsageReported
from ossicle.rest import (
    JSON,
    EndpointRules,
    Outgoing,
    RestProvider,
    audio_events,
    call_options,
    clip_of,
    form_body,
    json_body,
    json_events,
    spoken_text,
    started,
)
from ossicle_elevenlabs.catalogue import CATALOGUE
from ossicle_elevenlabs.errors import LADDER
from ossicle_elevenlabs.options import PROVIDER, CallOptions, EndpointOptions
from ossicle_elevenlabs.speech import (
    asked_format,
    billed_characters,
    speech_path,
    speech_payload,
)
from ossicle_elevenlabs.transcription import PATH, transcription_events, transcription_fields

RULES = EndpointRules(
    provider=PROVIDER,
    # Source: https://elevenlabs.io/docs/api-reference, read 2026-11-26.
    base_url="https://api.elevenlabs.io/v1",
    options=EndpointOptions,
    key_variables=("ELEVENLABS_API_KEY",),
    url_variable="ELEVENLABS_BASE_URL",
    key_header="xi-api-key",
    key_prefix="",
)


class ElevenLabsProvider(RestProvider[EndpointOptions]):
    """The ElevenLabs API: text to speech and speech to text.

    Args:
        settings: Key, base URL and the options of `EndpointOptions`. What is left out comes from
            the environment: `ELEVENLABS_API_KEY`, `ELEVENLABS_BASE_URL`.

    Raises:
        ConfigurationError: A setting is wrong.
    """

    name = PROVIDER

    def __init__(self, settings: ProviderSettings) -> None:
        super().__init__(settings, rules=RULES, ladder=LADDER)

    def capabilities(self, model: str) -> Capabilities:
        """What this model can do; an assumption where it is not described.

        Raises:
            UnknownModelError: The name cannot be one.
        """
        return CATALOGUE.record(model).capabilities

    async def speak(self, request: Request) -> AsyncGenerator[Event, None]:
        """The audio of a text, and the characters that it cost."""
        options = call_options(CallOptions, request.provider_options, provider=PROVIDER)
        record, errors = CATALOGUE.record(request.model), self.errors_of(request)
        outgoing = Outgoing(
            path=speech_path(request, record=record, options=self.options),
            accept="*/*",
            body=json_body(speech_payload(request, record=record, options=options)),
            deadline=request.deadline,
        )
        async with await self.send(outgoing, errors) as answer:
            yield started(answer)
            source = audio_events(answer, asked_format(request, record), errors)
            async with aclosing(source) as events:
                async for event in events:
                    yield event
        characters = billed_characters(
            answer.headers.get("character-cost"),
            n_chars=len(spoken_text(request)),
            rate=record.credits_per_character,
        )
        yield UsageReported(usage=Usage(characters=characters))
        yield Finished()

    async def transcribe(self, request: Request) -> AsyncGenerator[Event, None]:
        """The text of a clip, with words, language and what was billed."""
        options = call_options(CallOptions, request.provider_options, provider=PROVIDER)
        errors, clip = self.errors_of(request), clip_of(request)
        outgoing = Outgoing(
            path=PATH + ("?enable_logging=false" if self.options.zero_retention else ""),
            accept=JSON,
            body=form_body(transcription_fields(request, options=options), name="file", clip=clip),
            deadline=request.deadline,
        )
        async with await self.send(outgoing, errors) as answer:
            found = await json_events(
                answer,
                errors,
                lambda data: transcription_events(
                    data, duration_s=clip.duration_s, request_id=answer.request_id
                ),
            )
        for event in found:
            yield event
