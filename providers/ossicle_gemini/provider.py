"""The provider: one request in, a stream of events out."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from ossicle.abc import Capabilities, ProviderSettings
from ossicle.errors import AudioMissingError
from ossicle.messages import AudioDelta, Event, Finished, Request
from ossicle.rest import (
    EVENT_STREAM,
    JSON,
    EndpointRules,
    Outgoing,
    RestProvider,
    call_options,
    json_body,
    json_events,
    started,
    stream_events,
)
from ossicle_gemini.answer import AnswerReader
from ossicle_gemini.catalogue import record_for
from ossicle_gemini.errors import LADDER
from ossicle_gemini.generation import payload_of
from ossicle_gemini.options import PROVIDER, CallOptions, EndpointOptions
from ossicle_gemini.signatures import Signatures

RULES = EndpointRules(
    provider=PROVIDER,
    # Source: https://ai.google.dev/api/generate-content, read 2026-11-23.
    base_url="https://generativelanguage.googleapis.com/v1beta",
    options=EndpointOptions,
    key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    url_variable="GOOGLE_GEMINI_BASE_URL",
    key_header="x-goog-api-key",
    key_prefix="",
)


class GeminiProvider(RestProvider[EndpointOptions]):
    """Google's Gemini API.

    Args:
        settings: Key, base URL and the options of `EndpointOptions`. What is left out comes from
            the environment: `GEMINI_API_KEY`, else `GOOGLE_API_KEY`; `GOOGLE_GEMINI_BASE_URL`.

    Raises:
        ConfigurationError: A setting is wrong.
    """

    name = PROVIDER

    def __init__(self, settings: ProviderSettings) -> None:
        super().__init__(settings, rules=RULES, ladder=LADDER)
        self._signatures = Signatures()

    def capabilities(self, model: str) -> Capabilities:
        """What this model can do; an assumption where it is not described.

        Raises:
            UnknownModelError: The name cannot be one.
        """
        return record_for(model).capabilities

    def respond(self, request: Request) -> AsyncIterator[Event]:
        """Send the request and yield the answer's events; every task is the same call.

        Raises:
            OssicleError: See `AudioProvider.respond`.
        """
        return _with_speech(request, self._generate(request))

    async def _generate(self, request: Request) -> AsyncGenerator[Event, None]:
        options = call_options(CallOptions, request.provider_options, provider=PROVIDER)
        record, errors = record_for(request.model), self.errors_of(request)
        payload = payload_of(request, options=options, record=record, signatures=self._signatures)
        method = "streamGenerateContent?alt=sse" if request.stream else "generateContent"
        outgoing = Outgoing(
            path=f"/models/{request.model.removeprefix('models/')}:{method}",
            accept=EVENT_STREAM if request.stream else JSON,
            body=json_body(payload),
            deadline=request.deadline,
        )
        async with await self.send(outgoing, errors) as answer:
            reader = AnswerReader(
                errors=errors,
                new_id=lambda: f"call_{secrets.token_hex(12)}",
                sign=lambda call_id, signature: self._signatures.remember(
                    model=request.model, call_id=call_id, signature=signature
                ),
                request_id=answer.request_id,
                has_audio="audio" in request.output,
                max_audio_bytes=self.options.max_reply_bytes,
            )
            yield started(answer)
            if request.stream:
                source = stream_events(
                    answer, reader, errors, max_event_bytes=self.options.max_event_bytes
                )
                async with aclosing(source) as events:
                    async for event in events:
                        yield event
                return
            found = await json_events(
                answer, errors, lambda data: [*reader.feed(data), *reader.finish()]
            )
        for event in found:
            yield event


async def _with_speech(
    request: Request, source: AsyncGenerator[Event, None]
) -> AsyncGenerator[Event, None]:
    """A text that was to be spoken and was not is no answer, however it ended."""
    has_audio, request_id = False, None
    async with aclosing(source) as events:
        async for event in events:
            has_audio = has_audio or isinstance(event, AudioDelta)
            request_id = getattr(event, "request_id", None) or request_id
            if request.task == "speak" and isinstance(event, Finished) and not has_audio:
                raise AudioMissingError(
                    f"{request.model} gave no audio (it ended with {event.reason!r})",
                    provider=PROVIDER,
                    request_id=request_id,
                    billed=True,
                    fix="Ask again, or say in `instructions` how to read the text.",
                )
            yield event
