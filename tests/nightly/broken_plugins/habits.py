"""Providers with bad habits: state, leaks, blocking, secrets, errors of the wrong kind."""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any, ClassVar

import anyio
import anyio.lowlevel
from tests.nightly.broken_plugins.broken_plugin import BrokenPlugin, with_spec
from tests.nightly.broken_plugins.parrot.dialect import line_to_events
from tests.nightly.broken_plugins.parrot.provider import SPEC, ParrotProvider
from tests.nightly.broken_plugins.parrot.suite import ParrotSuite
from tests.nightly.broken_plugins.parrot.wire import Exchange

from ossicle.abc import ProviderSettings
from ossicle.errors import (
    AudioReferenceNotFoundError,
    OssicleError,
    ProviderConnectionError,
    ProviderError,
    RateLimitedError,
    RequestRefusedError,
    UnknownVoiceError,
)
from ossicle.messages import (
    AudioReference,
    Event,
    Finished,
    Message,
    Request,
    TextPart,
    Usage,
    UsageReported,
)

BROKEN_PLUGINS: list[BrokenPlugin] = []

Kind = type[ParrotProvider]


def house(broken_plugins: list[BrokenPlugin]) -> Callable[[str, str], Callable[[Kind], Kind]]:
    """A decorator by check and reason that puts kinds of providers into a house."""

    def broken(check: str, because: str) -> Callable[[Kind], Kind]:
        def put(kind: Kind) -> Kind:
            spec = replace(SPEC, factory=kind)
            words = "".join(f" {c.lower()}" if c.isupper() else c for c in kind.__name__).strip()
            suite = with_spec(ParrotSuite, spec)
            broken_plugins.append(
                BrokenPlugin(name=words, suite=suite, check=check, because=because)
            )
            return kind

        return put

    return broken


broken = house(BROKEN_PLUGINS)


class Asking(ParrotProvider):
    """Something happens before each answer, or to each request."""

    async def before(self, request: Request) -> Request:
        return request

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        request = await self.before(request)
        async for event in super().respond(request):
            yield event


class Translating(ParrotProvider):
    """Errors come out as something else."""

    def translate(self, error: OssicleError, request: Request) -> BaseException:
        return error

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        try:
            async for event in super().respond(request):
                yield event
        except OssicleError as error:
            changed = self.translate(error, request)
            if changed is error:
                raise
            raise changed from changed.__cause__


@broken("test_the_loop_keeps_beating", "0\\.\\d")
class BlocksTheLoop(Asking):
    async def before(self, request: Request) -> Request:
        time.sleep(0.4)  # noqa: ASYNC251 - the defect
        return request


@broken("test_nothing_is_left_behind", "tasks are still running")
class LeavesTasks(Asking):
    async def before(self, request: Request) -> Request:
        self.task = asyncio.create_task(asyncio.sleep(9))
        return request


@broken("test_nothing_is_left_behind", "threads")
class LeavesThreads(Asking):
    async def before(self, request: Request) -> Request:
        threading.Thread(target=time.sleep, args=(4,), daemon=True).start()
        return request


@broken("test_nothing_is_left_behind", "handles")
class LeavesHandles(Asking):
    kept: ClassVar[list[Any]] = []

    async def before(self, request: Request) -> Request:
        self.kept.append(tempfile.TemporaryFile())  # noqa: SIM115 - the defect
        return request


@broken("test_calls_do_not_meet", "differs|is no|another length")
class MixesCallsUp(Asking):
    async def before(self, request: Request) -> Request:
        self.request = request
        await anyio.sleep(0.01)
        return self.request


@broken("test_closing_twice_is_harmless", "closed")
class ClosesForAll(Asking):
    is_closed: ClassVar[bool] = False

    async def before(self, request: Request) -> Request:
        if type(self).is_closed:
            raise RuntimeError("the pool is closed")
        return request

    async def aclose(self) -> None:
        type(self).is_closed = True


@broken("test_closing_twice_is_harmless", "KeyError|pop")
class ClosesOnce(ParrotProvider):
    def __init__(self, settings: ProviderSettings) -> None:
        super().__init__(settings)
        self.held = {"connection": 1}

    async def aclose(self) -> None:
        del self.held["connection"]


@broken("test_threads_do_not_meet", "another thread")
class BelongsToOneThread(Asking):
    owners: ClassVar[dict[str, int]] = {}

    async def before(self, request: Request) -> Request:
        key = str(self._settings.base_url)
        if self.owners.setdefault(key, threading.get_ident()) != threading.get_ident():
            raise RuntimeError("used from another thread")
        return request


@broken("test_tools_can_be_forbidden", "tool_calls|ToolCall")
class CallsForbiddenTools(Asking):
    async def before(self, request: Request) -> Request:
        is_forbidden = request.tool_choice == "none"
        return request.model_copy(update={"tool_choice": "required"}) if is_forbidden else request


@broken("test_tools_can_be_required", "no tool was called")
class CallsNoToolThatItMust(Asking):
    async def before(self, request: Request) -> Request:
        is_required = request.tool_choice == "required"
        return request.model_copy(update={"tool_choice": None}) if is_required else request


@broken("test_references_expire", "DID NOT RAISE")
class ForgetsThatIdsExpire(Asking):
    async def before(self, request: Request) -> Request:
        def revived(message: Message) -> Message:
            parts = tuple(
                TextPart(text="Hi.") if isinstance(part, AudioReference) else part
                for part in message.parts
            )
            return message.model_copy(update={"parts": parts})

        return request.model_copy(update={"messages": tuple(map(revived, request.messages))})


@broken("test_unknown_references_are_named", "RequestRefused")
class CallsDeadIdsABadRequest(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        if isinstance(error, AudioReferenceNotFoundError):
            return RequestRefusedError("no", provider="parrot", fix="Change it.")
        return error


@broken("test_usage_is_of_one_call", "")
class CountsAllCallsTogether(ParrotProvider):
    total = Usage()

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        async for event in super().respond(request):
            if isinstance(event, UsageReported):
                self.total = self.total + event.usage
                yield UsageReported(usage=self.total)
            else:
                yield event


@broken("test_usage_is_of_one_call", "shrinks")
class CountsBackwards(ParrotProvider):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        async for event in super().respond(request):
            if isinstance(event, UsageReported):
                more = (event.usage.output_tokens or 0) + 50
                yield UsageReported(usage=event.usage.model_copy(update={"output_tokens": more}))
            yield event


@broken("test_history_is_taken", "one message")
class KnowsNoHistory(Asking):
    async def before(self, request: Request) -> Request:
        if len(request.messages) > 1:
            raise RequestRefusedError("one message only", provider="parrot")
        return request


@broken("test_every_voice_speaks", "sore throat")
class HasOneVoice(Asking):
    async def before(self, request: Request) -> Request:
        if request.voice == "jack":
            raise ProviderError("jack has a sore throat", provider="parrot")
        return request


@broken("test_limits_are_reached", "too long")
class RefusesBeforeItsLimit(Asking):
    async def before(self, request: Request) -> Request:
        if len(request.messages[-1].text) > 390:
            raise RequestRefusedError("the text is too long", provider="parrot")
        return request


@broken("test_one_past_a_limit_is_survived", "IndexError leaked")
class StumblesPastItsLimit(Asking):
    async def before(self, request: Request) -> Request:
        if len(request.messages[-1].text) > 400:
            raise IndexError("list index out of range")
        return request


@broken("test_it_works_in_the_framework", "no deadlines")
class KnowsNoDeadlines(Asking):
    async def before(self, request: Request) -> Request:
        if request.deadline is not None:
            raise RequestRefusedError("there are no deadlines here", provider="parrot")
        return request


@broken("test_refusals_are_ossicles_own", "ValueError leaked")
class RaisesValueErrors(Asking):
    async def before(self, request: Request) -> Request:
        if request.provider_options:
            raise ValueError("bad option")
        return request


@broken("test_refusals_are_ossicles_own", "as if all were well")
class IgnoresUnknownVoices(Asking):
    async def before(self, request: Request) -> Request:
        is_unknown = request.voice == "no-such-voice-0"
        return request.model_copy(update={"voice": "polly"}) if is_unknown else request


@broken("test_refusals_are_ossicles_own", "(?i)pickle|Error")
class RaisesWhatCannotTravel(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        if isinstance(error, UnknownVoiceError):
            error.lock = threading.Lock()  # type: ignore[attr-defined]
        return error


@broken("test_failures_are_translated", "ProviderError")
class KnowsOneKindOfError(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        return ProviderError("it failed", provider="parrot", fix="Try.")


@broken("test_failures_are_translated", "retryable")
class RepeatsRefusedRequests(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        error.retryable = True
        return error


@broken("test_failures_are_translated", "None == 7")
class ForgetsHowLongToWait(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        if isinstance(error, RateLimitedError):
            error.retry_after_s = None
        return error


@broken("test_failures_are_translated", "it asked 2 times")
class RepeatsByItself(ParrotProvider):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        try:
            exchange = await self._open(request)
        except OssicleError:
            exchange = await self._open(request)
        await exchange.close()
        async for event in super().respond(request):
            yield event


@broken("test_failures_are_translated", "leaked")
class LetsParsersSpeak(ParrotProvider):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        exchange = await self._open(request)
        try:
            while (line := await exchange.next_line()) is not None:
                json.loads(line)
                for event in line_to_events(line, is_stream=request.stream):
                    yield event
        finally:
            await exchange.close()


@broken("test_failures_are_translated", "a secret stands in the error")
class TellsTheKey(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        key = self._settings.api_key
        assert key is not None
        error.what += f" with {key.get_secret_value()}"
        return error


@broken("test_nothing_secret_is_told", "a secret stands in the error")
class TellsThePrompt(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        error.what += f" on {request.messages[-1].text}"
        return error


@broken("test_nothing_secret_is_told", "the key stands in the log")
class LogsTheKey(Asking):
    async def before(self, request: Request) -> Request:
        key = self._settings.api_key
        assert key is not None
        logging.getLogger("parrot").debug("asking with %s", key.get_secret_value())
        return request


@broken("test_nothing_secret_is_told", "what was said stands in the log")
class LogsThePrompt(Asking):
    async def before(self, request: Request) -> Request:
        logging.getLogger("parrot").info("asked: %s", request.messages[-1].text)
        return request


@broken("test_nothing_secret_is_told", "the key stands in the representation")
class ShowsItsKey(ParrotProvider):
    def __repr__(self) -> str:
        key = self._settings.api_key
        return f"ParrotProvider({key and key.get_secret_value()})"


@broken("test_unreachable_endpoints_are_retryable", "Ambiguous|ProviderError")
class CannotTellUnreached(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        if isinstance(error, ProviderConnectionError):
            return ProviderError("it failed", provider="parrot", fix="Try.")
        return error


@broken("test_cut_answers_are_incomplete", "was asked|for the whole|nothing came|another length")
class TakesTheEndForTheEnd(ParrotProvider):
    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        is_over = False
        exchange = await self._open(request)
        try:
            while (line := await self._next(exchange)) is not None:
                for event in line_to_events(line, is_stream=request.stream):
                    is_over = isinstance(event, Finished)
                    yield event
        finally:
            await exchange.close()
        if not is_over:
            yield Finished()

    async def _next(self, exchange: Exchange) -> bytes | None:
        from tests.nightly.broken_plugins.parrot.wire import CutShortError

        try:
            return await exchange.next_line()
        except CutShortError:
            return None


@broken("test_cut_answers_are_incomplete", "the vendor had the request")
class CallsCutAnswersUnsent(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        return ProviderConnectionError("the connection broke", provider="parrot", fix="Retry.")


@broken("test_the_network_may_cut_anywhere", "")
class ReadsWhateverComes(ParrotProvider):
    async def _open(self, request: Request) -> Exchange:
        exchange = await super()._open(request)
        whole = exchange._next_piece

        async def next_piece() -> bytes:
            piece = await whole()
            return piece + b"\n" if piece and not piece.endswith(b"\n") else piece

        exchange._next_piece = next_piece  # type: ignore[method-assign]
        return exchange


@broken("test_silence_can_be_left", "to let go")
class CannotBeLeft(ParrotProvider):
    async def _open(self, request: Request) -> Exchange:
        with anyio.move_on_after(3.6, shield=True):
            return await super()._open(request)
        return await super()._open(request)


@broken("test_nothing_is_left_behind", "unclosed|handles")
class NeverHangsUp(ParrotProvider):
    async def _open(self, request: Request) -> Exchange:
        exchange = await super()._open(request)

        async def stay() -> None:
            await anyio.lowlevel.checkpoint()

        exchange.close = stay  # type: ignore[method-assign]
        return exchange


@broken("test_nothing_is_left_behind", "never awaited")
class ForgetsToAwait(Asking):
    async def before(self, request: Request) -> Request:
        self.aclose()  # type: ignore[unused-coroutine]  # the defect
        return request


@broken("test_failures_are_translated", "does not say what to do")
class LeavesYouAlone(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        error.fix = None
        return error


@broken("test_failures_are_translated", "may have been billed")
class CallsEverythingFree(Translating):
    def translate(self, error: OssicleError, request: Request) -> BaseException:
        if isinstance(error, ProviderError):
            error.billed = False
        return error


@broken("test_a_missing_key_is_said", "AttributeError leaked")
class NeedsItsKey(Asking):
    async def before(self, request: Request) -> Request:
        self._settings.api_key.get_secret_value()  # type: ignore[union-attr]
        return request
