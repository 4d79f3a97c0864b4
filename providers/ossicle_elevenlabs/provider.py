"""The provider: one request in, a stream of events out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from ossicle.abc import AudioProvider, Capabilities, ProviderSettings
from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioMissingError,
    UnsupportedModalityError,
)
from ossicle.messages import (
    Event,
    Finished,
    ReplyStarted,
    Request,
    Usage,
    UsageReported,
)
from ossicle.rest import (
    EndpointClient,
    Outgoing,
    SoundReader,
    call_options,
    form_body,
    json_body,
    json_of,
    off_loop,
)
from ossicle_elevenlabs.catalogue import ModelRecord, record_for
from ossicle_elevenlabs.endpoint import find_endpoint
from ossicle_elevenlabs.error_body import envelope_of_bytes
from ossicle_elevenlabs.errors import CallFacts
from ossicle_elevenlabs.hearing import PATH, heard_clip, hearing_fields, transcription_events
from ossicle_elevenlabs.options import FAILURES, PROVIDER, CallOptions
from ossicle_elevenlabs.speech import (
    asked_format,
    billed_characters,
    speech_path,
    speech_payload,
    spoken_text,
)

if TYPE_CHECKING:
    from ossicle.rest.answer import Answer

_JSON = "application/json"


class ElevenLabsProvider(AudioProvider):
    """The ElevenLabs API: text to speech and speech to text.

    Nothing is looked up or connected before the first request; a missing key is an error only
    then, so that models can be listed and calls explained without one.

    Args:
        settings: Key, base URL and the options of `EndpointOptions`. What is left out comes from
            the environment: `ELEVENLABS_API_KEY`, `ELEVENLABS_BASE_URL`.

    Raises:
        ConfigurationError: A setting is wrong.
    """

    name = PROVIDER

    def __init__(self, settings: ProviderSettings) -> None:
        self._endpoint = find_endpoint(settings)
        self._link = EndpointClient(
            base_url=self._endpoint.base_url,
            headers=self._endpoint.headers,
            options=self._endpoint.options,
            failures=FAILURES,
            extra=PROVIDER,
        )

    @property
    def endpoint(self) -> str:
        """Its base URL."""
        return self._endpoint.base_url

    def capabilities(self, model: str) -> Capabilities:
        """What this model can do; an assumption where nobody described it.

        Raises:
            UnknownModelError: The name cannot be one.
        """
        return record_for(model).capabilities

    def respond(self, request: Request) -> AsyncIterator[Event]:
        """Send the request and yield the answer's events.

        Raises:
            UnsupportedModalityError: The vendor's models do not answer.
            OssicleError: See `AudioProvider.respond`.
        """
        if request.task == "speak":
            return self._speak(request)
        if request.task == "transcribe":
            return self._transcribe(request)
        raise UnsupportedModalityError(
            f"{PROVIDER} speaks and transcribes; its models answer nobody",
            feature=request.task,
            fix="Let another provider answer, or put both together with a cascade.",
        )

    async def aclose(self) -> None:
        """Close all connections; closing twice is harmless."""
        await self._link.aclose()

    async def _speak(self, request: Request) -> AsyncGenerator[Event, None]:
        options = call_options(CallOptions, request.provider_options, provider=PROVIDER)
        record = record_for(request.model)
        call = self._call(request, record)
        answer = await self._link.send(
            Outgoing(
                path=speech_path(request, record=record, options=self._endpoint.options),
                accept="*/*",
                body=json_body(speech_payload(request, record=record, options=options)),
                deadline=request.deadline,
            ),
            call.explain,
        )
        async with answer:
            yield ReplyStarted(request_id=answer.request_id, server_time_s=answer.server_time_s)
            await _check_media_type(answer, call)
            sound = SoundReader(
                asked_format(request, record), failures=FAILURES, request_id=answer.request_id
            )
            while chunk := await _next_sound(answer):
                piece = sound.push(chunk)
                if piece is not None:
                    yield piece
        rest = sound.finish()
        if rest is not None:
            yield rest
        if not sound.n_bytes:
            raise AudioMissingError(
                f"{request.model} gave no audio",
                provider=PROVIDER,
                request_id=answer.request_id,
                billed=True,
                fix="Ask again; give a text with words in it.",
            )
        yield UsageReported(usage=_speech_usage(request, answer, record))
        yield Finished()

    async def _transcribe(self, request: Request) -> AsyncGenerator[Event, None]:
        options = call_options(CallOptions, request.provider_options, provider=PROVIDER)
        record = record_for(request.model)
        call, clip = self._call(request, record), heard_clip(request)
        fields = hearing_fields(request, options=options)
        logging = "?enable_logging=false" if self._endpoint.options.zero_retention else ""
        answer = await self._link.send(
            Outgoing(
                path=PATH + logging,
                accept=_JSON,
                body=form_body(fields, name="file", clip=clip),
                deadline=request.deadline,
            ),
            call.explain,
        )
        async with answer:
            body = await answer.read()

        def events() -> list[Event]:
            parsed = json_of(body, answer, FAILURES)
            return list(
                transcription_events(
                    parsed, call=call, duration_s=clip.duration_s, request_id=answer.request_id
                )
            )

        for event in await off_loop(len(body), events):
            yield event

    def _call(self, request: Request, record: ModelRecord) -> CallFacts:
        return CallFacts(
            model=request.model,
            successor=record.capabilities.successor,
            key=self._endpoint.key,
            said=request.texts,
        )


def _speech_usage(request: Request, answer: Answer, record: ModelRecord) -> Usage:
    characters = billed_characters(
        answer.headers.get("character-cost"),
        n_chars=len(spoken_text(request)),
        rate=record.credits_per_character,
    )
    return Usage(characters=characters)


async def _check_media_type(answer: Answer, call: CallFacts) -> None:
    """Refuse an answer that says itself that it is no sound."""
    kind = answer.content_type
    if kind != _JSON and not kind.startswith("text/"):
        return
    if kind == _JSON:
        said = envelope_of_bytes(await answer.read())
        if said.is_own:
            raise call.in_answer(said, request_id=answer.request_id)
    raise FAILURES.invalid_reply(
        f"{kind} came where audio was asked for",
        status=answer.status,
        request_id=answer.request_id,
        fix="Check base_url; something other than the vendor's server may be answering.",
    )


async def _next_sound(answer: Answer) -> bytes:
    """The next bytes; a body that breaks off is an incomplete stream, its part was delivered."""
    try:
        return await answer.next()
    except AmbiguousOutcomeError as error:
        what = f"the speech broke off: {error.what}"
        raise FAILURES.incomplete(what, request_id=answer.request_id) from error
