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
    RestOptions,
    RestProvider,
    audio_body,
    audio_events,
    call_options,
    clip_of,
    json_body,
    json_events,
    spoken_text,
    started,
)
from ossicle_deepgram.catalogue import CATALOGUE
from ossicle_deepgram.mapping import (
    LADDER,
    asked_format,
    listen_path,
    speak_path,
    transcription_events,
)
from ossicle_deepgram.options import PROVIDER, CallOptions

RULES = EndpointRules(
    provider=PROVIDER,
    base_url="https://api.deepgram.com/v1",
    options=RestOptions,
    key_variables=("DEEPGRAM_API_KEY",),
    url_variable="DEEPGRAM_BASE_URL",
    key_prefix="Token ",
)


class DeepgramProvider(RestProvider[RestOptions]):
    """The Deepgram API: speech to text and text to speech.

    Args:
        settings: Key, base URL and `RestOptions`. What is left out comes from the environment:
            `DEEPGRAM_API_KEY`, `DEEPGRAM_BASE_URL`.

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

    async def transcribe(self, request: Request) -> AsyncGenerator[Event, None]:
        """The text of a clip, with utterances, words and what was billed."""
        options = call_options(CallOptions, request.provider_options, provider=PROVIDER)
        errors, clip = self.errors_of(request), clip_of(request)
        outgoing = Outgoing(
            path=listen_path(request, options),
            accept=JSON,
            body=audio_body(clip),
            deadline=request.deadline,
        )
        async with await self.send(outgoing, errors) as answer:
            yield started(answer)
            found = await json_events(
                answer,
                errors,
                lambda data: transcription_events(data, duration_s=clip.duration_s),
            )
        for event in found:
            yield event

    async def speak(self, request: Request) -> AsyncGenerator[Event, None]:
        """The audio of a text, and the characters that it cost."""
        options = call_options(CallOptions, request.provider_options, provider=PROVIDER)
        errors = self.errors_of(request)
        text = spoken_text(request, max_chars=self.capabilities(request.model).max_text_chars)
        outgoing = Outgoing(
            path=speak_path(request, options),
            accept="*/*",
            body=json_body({"text": text}),
            deadline=request.deadline,
        )
        async with await self.send(outgoing, errors) as answer:
            yield started(answer)
            async with aclosing(audio_events(answer, asked_format(request), errors)) as events:
                async for event in events:
                    yield event
        counted = answer.headers.get("dg-char-count", "")
        is_count = counted.isdecimal() and len(counted) < 10
        yield UsageReported(usage=Usage(characters=int(counted) if is_count else len(text)))
        yield Finished()
