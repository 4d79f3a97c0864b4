"""The frame of a provider over HTTP: a vendor's own part is its mapping."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Generic

from ossicle.abc import AudioProvider, ProviderSettings
from ossicle.errors import UnsupportedModalityError
from ossicle.messages import Event, ReplyStarted, Request
from ossicle.rest.endpoint import EndpointRules, OptionsT
from ossicle.rest.endpoint_client import EndpointClient
from ossicle.rest.error_ladder import CallErrors, ErrorLadder
from ossicle.rest.outgoing import Outgoing

if TYPE_CHECKING:
    from ossicle.rest.answer import Answer


class RestProvider(AudioProvider, Generic[OptionsT]):
    """A provider that sends one request for one call.

    What a subclass adds: `capabilities`, and of `answer`, `speak` and `transcribe` those that its
    vendor can do, each from a request to events. Nothing is looked up or connected before the
    first request; a missing key is an error only then, so that models can be listed and calls
    explained without one.

    Args:
        settings: What the application configured.
        rules: What the vendor's endpoint is.
        ladder: What its errors mean.

    Raises:
        ConfigurationError: A setting is wrong.

    Example:
        class AcmeProvider(RestProvider[RestOptions]):
            name = "acme"

            def __init__(self, settings):
                super().__init__(settings, rules=RULES, ladder=LADDER)

            def capabilities(self, model):
                return CATALOGUE.record(model).capabilities

            async def transcribe(self, request):
                errors = self.errors_of(request)
                outgoing = Outgoing(path="/listen", accept=JSON, body=audio_body(clip_of(request)),
                                    deadline=request.deadline)
                async with await self.send(outgoing, errors) as answer:
                    yield started(answer)
                    for event in await json_events(answer, errors, transcription_events):
                        yield event
    """

    def __init__(
        self, settings: ProviderSettings, *, rules: EndpointRules[OptionsT], ladder: ErrorLadder
    ) -> None:
        self._endpoint = rules.find(settings)
        self._ladder = ladder
        self._client = EndpointClient(self._endpoint, failures=ladder.failures)

    @property
    def endpoint(self) -> str:
        """Its base URL."""
        return self._endpoint.base_url

    @property
    def options(self) -> OptionsT:
        """The endpoint's options, checked."""
        return self._endpoint.options

    def respond(self, request: Request) -> AsyncIterator[Event]:
        """Send the request and yield the answer's events.

        Raises:
            UnsupportedModalityError: The vendor has no such task.
            OssicleError: See `AudioProvider.respond`.
        """
        match request.task:
            case "respond":
                return self.answer(request)
            case "speak":
                return self.speak(request)
            case "transcribe":
                return self.transcribe(request)

    def answer(self, request: Request) -> AsyncGenerator[Event, None]:
        """The events of a chat model's answer."""
        raise self._no_task(request)

    def speak(self, request: Request) -> AsyncGenerator[Event, None]:
        """The events of a text that is read aloud."""
        raise self._no_task(request)

    def transcribe(self, request: Request) -> AsyncGenerator[Event, None]:
        """The events of a recording that is written down."""
        raise self._no_task(request)

    def errors_of(self, request: Request) -> CallErrors:
        """What translates the errors of this call; knows what must not be repeated in them."""
        return CallErrors(
            ladder=self._ladder,
            model=request.model,
            successor=self.capabilities(request.model).successor,
            key=self._endpoint.key,
            said=request.texts,
        )

    async def send(self, outgoing: Outgoing, errors: CallErrors) -> Answer:
        """Send one request; the answer is a context manager.

        Raises:
            OssicleError: There is no answer with status 2xx; see `EndpointClient.send`.
        """
        return await self._client.send(outgoing, errors.explain)

    async def aclose(self) -> None:
        """Close the connections of this event loop; closing twice is harmless."""
        await self._client.aclose()

    def _no_task(self, request: Request) -> UnsupportedModalityError:
        return UnsupportedModalityError(
            f"{self._endpoint.provider} has no task {request.task!r}",
            feature=request.task,
            fix="Let another provider do it, or put both together with a cascade.",
        )


def started(answer: Answer) -> ReplyStarted:
    """The event for an answer whose headers are there.

    Args:
        answer: The open answer.

    Example:
        yield started(answer)
    """
    return ReplyStarted(request_id=answer.request_id, server_time_s=answer.server_time_s)
