"""A small, complete, well-behaved provider: broken plugins and mutants are made of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from anyio import to_thread
from tests.nightly.broken_plugins.parrot.dialect import (
    line_to_events,
    refusal_to_error,
    request_to_body,
)
from tests.nightly.broken_plugins.parrot.record import NAME, RECORD, VOICES
from tests.nightly.broken_plugins.parrot.wire import (
    CutShortError,
    Exchange,
    NoAnswerError,
    open_exchange,
)

from ossicle.abc import AudioProvider, Capabilities, ProviderSettings, ProviderSpec
from ossicle.errors import (
    AmbiguousOutcomeError,
    ConfigurationError,
    InvalidReplyError,
    MissingKeyError,
    ProviderConnectionError,
    StreamIncompleteError,
    UnknownModelError,
    UnknownVoiceError,
)
from ossicle.messages import Event, Finished, Request


class ParrotProvider(AudioProvider):
    """Repeats what it is told, through a vendor."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings

    def capabilities(self, model: str) -> Capabilities:
        """The record of the only model."""
        if model != RECORD.model:
            raise UnknownModelError(
                f"the parrot has no model {model!r}", fix=f"Use {RECORD.model}."
            )
        return RECORD

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        """Ask the vendor and hand its answer on."""
        self._check(request)
        exchange = await self._open(request)
        is_over = False
        try:
            while (line := await self._next_line(exchange, request)) is not None:
                if is_over:
                    raise self._invalid("something came after the end")
                for event in line_to_events(line, is_stream=request.stream):
                    is_over = isinstance(event, Finished)
                    yield event
            if not is_over:
                raise self._invalid("the reply has no end")
        finally:
            await exchange.close()

    async def aclose(self) -> None:
        """Nothing is held between calls."""

    def _check(self, request: Request) -> None:
        self.capabilities(request.model)
        if request.provider_options:
            raise ConfigurationError(
                f"the parrot has no option {min(request.provider_options)!r}", fix="Leave it out."
            )
        if request.voice is not None and request.voice not in VOICES:
            raise UnknownVoiceError(
                f"the parrot has no voice {request.voice!r}", feature="voice",
                fix=f"Use one of {', '.join(VOICES)}.",
            )  # fmt: skip

    async def _open(self, request: Request) -> Exchange:
        key = self._settings.api_key
        if key is None:
            raise MissingKeyError("the parrot needs a key", fix="Give api_key.")
        body = await to_thread.run_sync(request_to_body, request)
        headers = {"authorization": f"Bearer {key.get_secret_value()}"}
        url = f"{self._settings.base_url}/ask"
        try:
            exchange = await open_exchange(url, headers=headers, body=body)
        except NoAnswerError as error:
            raise AmbiguousOutcomeError(
                "the connection ended before an answer", provider=NAME, fix="Look at the bill."
            ) from error
        except OSError as error:
            raise ProviderConnectionError(
                "nobody answers at the address", provider=NAME, billed=False, fix="Try again."
            ) from error
        if exchange.status != 200:
            refusal = b""
            try:
                refusal = await exchange.next_line() or b""
            except CutShortError:
                pass
            finally:
                await exchange.close()
            raise refusal_to_error(exchange.status, exchange.headers, refusal)
        return exchange

    async def _next_line(self, exchange: Exchange, request: Request) -> bytes | None:
        try:
            return await exchange.next_line()
        except CutShortError as error:
            raise StreamIncompleteError(
                f"the answer of {request.model!r} broke off",
                provider=NAME,
                fix="Ask again.",
            ) from error

    def _invalid(self, what: str) -> InvalidReplyError:
        return InvalidReplyError(what, provider=NAME, billed=True, fix="Ask again.")


SPEC = ProviderSpec(
    name=NAME,
    summary="Repeats what it is told, through a vendor on the loopback",
    factory=ParrotProvider,
    default_models=dict.fromkeys(("respond", "speak", "transcribe"), RECORD.model),
)
