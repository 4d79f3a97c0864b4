"""A turn under way: as many calls as it takes, seen from outside as one stream of events.

=========  ====================================  =================  ==========================
mode       event                                 next               who pays for the call
=========  ====================================  =================  ==========================
answer     answered, tools called                answer, new round  as reported
any        answered, no tools to run             committed          as reported
any        an audio id is unknown, first time    same, rebuilt      as its attempts say
answer     the audio is missing, words are not   repair             as reported
repair     the same, and some model speaks       speak              as reported
answer     a clean failure, more models          answer, next one   nobody
any        another error, none was ambiguous     failed             as its attempts say
any        another error, one was ambiguous      ambiguous          as estimated
any        left or cancelled                     cancelled          as its attempts say
=========  ====================================  =================  ==========================

An event that the caller has read forbids to rebuild, and to ask another model. Each call settles
its own money (`pipeline/reply_stream`); the turn only collects the receipts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

import anyio

from ossicle.conversation.history_builder import HistoryBuilder
from ossicle.conversation.outcome import is_clean, may_use_another
from ossicle.conversation.persistence import ConversationStore
from ossicle.conversation.prompts import say_aloud
from ossicle.conversation.toolbox import Toolbox
from ossicle.conversation.turn import Turn, TurnState
from ossicle.conversation.turn_record import TurnLock, TurnLog
from ossicle.errors import (
    AudioMissingError,
    AudioReferenceNotFoundError,
    ConfigurationError,
    DeadlineExceededError,
    LimitReachedError,
    OssicleError,
)
from ossicle.messages import (
    Event,
    Finished,
    InputHeard,
    Message,
    Receipt,
    Reply,
    ReplyStarted,
    TextPart,
)
from ossicle.pipeline import AudioSource, CallRequest, ReplyStream
from ossicle.pipeline.checks import match_capability

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

T = TypeVar("T")
_Mode = Literal["answer", "repair", "speak"]

REBUILT = "an audio id was unknown to the vendor: history rebuilt without ids and sent once more"
REPAIRED = "the answer came without its audio: the model was asked to say it aloud"
SPOKEN = "the answer came without its audio twice: another model speaks it"


class ConversationStream:
    """The answer to one turn while it comes; an async context manager and iterator of events.

    The events of tool rounds run on into each other; `Finished` comes once, at the end. An answer
    that came without its audio is followed by the events of the repair. When `Finished` has come
    the turn is committed, and kept where the conversation is kept. Leaving before that cancels it.

    Args:
        history: The conversation, its models and its history.
        wanted: What is asked for; its messages are those of the user in this turn.
        audio: What the user says, loaded when the stream is entered.
        text: What the user writes.
        toolbox: Answers tool calls; `None` where no tools are offered.
        persistence: Where the conversation is kept.
        turn_lock: Lets one turn at a time pass.
        timeout_s: Seconds for the whole turn, the wait for the one before included.
    """

    def __init__(
        self,
        history: HistoryBuilder,
        *,
        wanted: CallRequest,
        text: str | None,
        audio: AudioSource | Sequence[AudioSource] | None,
        toolbox: Toolbox | None,
        persistence: ConversationStore,
        turn_lock: TurnLock,
        timeout_s: float,
    ) -> None:
        self._history, self._state, self._backend = history, history.state, history.backend
        self._wanted, self._text, self._audio = wanted, text, audio
        self._toolbox, self._turn_lock = toolbox, turn_lock
        self._timeout_s = timeout_s
        self._deadline = 0.0
        self._log = TurnLog(history.state, persistence)
        self._call: ReplyStream | None = None
        self._mode: _Mode = "answer"
        self._partial: Reply | None = None
        self._reply: Reply | None = None
        self._model_index = 0
        self._rounds = 0
        self._is_rebuilt = self._has_delivered = self._holds_gate = False

    @property
    def turn(self) -> Turn:
        """The turn as it stands.

        Raises:
            ConfigurationError: The stream was not entered.
        """
        return self._log.turn

    @property
    def reply(self) -> Reply:
        """The whole reply, once the last event was read.

        Raises:
            ConfigurationError: The stream was not read to its end.
        """
        if self._reply is None:
            raise ConfigurationError(
                "the reply is not complete", fix="Read the stream to its end first."
            )
        return self._reply

    async def __aenter__(self) -> Self:
        """Wait for the turn before, load the audio, and note the turn as pending.

        Raises:
            DeadlineExceededError: The turn before took all the time.
            ConfigurationError: The turn before waits for this one: it is of the same task, or this
                one is asked for by a tool of it.
        """
        self._deadline = self._backend.clock.monotonic() + self._timeout_s
        with self._backend.clock.scope_until(self._deadline):
            await self._turn_lock.acquire()
            self._holds_gate = True
        if not self._holds_gate:
            raise self._too_late("waiting for the turn before")
        try:
            user = await self._backend.user_message(self._text, self._audio)
            await self._log.begin(user)
        except BaseException as error:
            # What could not be written just now is not tried again: the next turn does.
            await self._end(None, error, is_kept=not isinstance(error, OssicleError))
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the turn."""
        await self.aclose()

    async def aclose(self) -> None:
        """End the turn; one that is still under way is cancelled. Closing twice is harmless."""
        await self._end("cancelled", None)

    def __aiter__(self) -> Self:
        """Iterate over the events, once."""
        return self

    async def __anext__(self) -> Event:
        """The next event.

        Raises:
            OssicleError: Whatever ended the turn; `turn.state` tells what became of it.
        """
        self._stop_if_over()
        try:
            return await self._next()
        except BaseException as error:
            await self._end(None, error)
            raise

    async def collect(self) -> Reply:
        """Read to the end and return the whole reply."""
        async for _ in self:
            pass
        return self.reply

    async def _next(self) -> Event:
        while True:
            try:
                call = self._call or await self._open()
                event = await anext(call)
            except OssicleError as error:
                await self._close_call(error.receipt)
                if not self._recover(error):
                    raise
                continue
            if isinstance(event, Finished):
                if await self._finish(call):
                    return event
                continue
            if isinstance(event, ReplyStarted) and event.server_time_s is not None:
                self._state.hear_clock(call.info.provider, event.server_time_s, self._backend.clock)
            if not isinstance(event, ReplyStarted | InputHeard):
                self._has_delivered = True
            return event

    # Calls

    async def _open(self) -> ReplyStream:
        reference = self._reference()
        if self._mode == "speak":
            wanted = self._speech(reference)
        else:
            wanted = await self._in_time(self._told, "making the history of the turn")
        left_s = self._deadline - self._backend.clock.monotonic()
        if left_s <= 0:
            raise self._too_late("the turn")
        self._stop_if_over()
        self._call = call = self._backend.call(
            wanted, reference=reference, conversation_id=self._state.id, timeout_s=left_s
        )
        self._log.note(provider=call.info.provider, model=call.info.model)
        await call.__aenter__()
        if self._is_over:
            await call.aclose()
        self._stop_if_over()
        return call

    @property
    def _is_over(self) -> bool:
        return self.turn.state != "pending"

    def _stop_if_over(self) -> None:
        """End the reading of a turn that another task has closed meanwhile."""
        if self._is_over:
            raise StopAsyncIteration

    def _reference(self) -> str | None:
        if self._mode == "speak" and self._state.policy.voice_fallback is not None:
            return self._state.policy.voice_fallback
        if self._mode == "speak":
            return self.turn.provider
        return self._state.references[self._model_index]

    async def _told(self) -> CallRequest:
        """The request with history."""
        capabilities = self._backend.capabilities(self._reference())
        if self._wanted.task not in capabilities.tasks:
            # Refused before old audio is written down for it, which costs.
            match_capability(self._wanted, capabilities)
        settled = await self._history.settle(
            capabilities,
            current=self.turn,
            speaks="audio" in self._wanted.output,
            deadline=self._deadline,
            language=self._wanted.language,
            on_receipt=lambda receipt: self._log.note(receipts=(receipt,)),
        )
        report, messages = settled.plan.report, settled.plan.messages
        self._state.report = report
        self._log.note(notes=(*settled.notes, *report.losses))
        if self._mode == "repair" and self._partial is not None:
            request = TextPart(text=say_aloud(self._partial.text))
            messages = (*messages, Message(role="user", parts=(request,)))
        skew_s = self._state.skew_s(capabilities.provider, self._backend.clock)
        return self._wanted.model_copy(update={"messages": messages, "vendor_skew_s": skew_s})

    def _speech(self, reference: str | None) -> CallRequest:
        """The request of the spoken fallback, in the same voice where the model has it."""
        assert self._partial is not None
        voices = self._backend.capabilities(reference, "speak").voices
        voice = self._wanted.voice
        return CallRequest(
            task="speak",
            messages=(Message(role="user", parts=(TextPart(text=self._partial.text),)),),
            output=frozenset({"audio"}),
            voice=voice if voices is None or voice in voices else None,
            output_format=self._wanted.output_format,
            stream=self._wanted.stream,
        )

    async def _close_call(self, receipt: Receipt | None) -> None:
        call, self._call = self._call, None
        try:
            if call is not None:
                await call.aclose()
        finally:
            if call is not None:
                receipt = receipt or call.abandoned
                self._log.broken = receipt
            if receipt is not None:
                self._log.note(receipts=(receipt,))

    def _recover(self, error: OssicleError) -> bool:
        """Whether another call can save the turn; makes it ready."""
        if isinstance(error, AudioReferenceNotFoundError):
            if self._is_rebuilt or self._has_delivered:
                return False
            self._is_rebuilt = True
            # Whoever was asked, and not whom the error names: that may be who stands behind it.
            asked = self.turn.provider or error.provider
            self._state.forget_references(asked)
            self._log.put(self.turn.without_references(asked))
            self._log.note(notes=(REBUILT,))
            return True
        if isinstance(error, AudioMissingError):
            return self._speak_up(error)
        has_more = self._model_index + 1 < len(self._state.references)
        if self._mode != "answer" or self._has_delivered or not has_more:
            return False
        if not (may_use_another(error) and is_clean(error)):
            return False
        self._model_index += 1
        self._is_rebuilt = False
        self._log.note(
            notes=(f"{self.turn.provider} failed ({error.code}): the next model is asked",)
        )
        return True

    def _speak_up(self, error: AudioMissingError) -> bool:
        if not isinstance(error.partial, Reply) or not error.partial.text:
            return False
        if self._mode == "answer":
            self._mode, self._partial = "repair", error.partial
            self._log.note(notes=(REPAIRED,))
            return True
        if self._mode == "repair" and self._has_speaker():
            self._mode = "speak"
            self._log.note(notes=(SPOKEN,))
            return True
        return False

    def _has_speaker(self) -> bool:
        reference = self._state.policy.voice_fallback or self.turn.provider
        try:
            return "speak" in self._backend.capabilities(reference, "speak").tasks
        except OssicleError:
            return False

    # Ends

    async def _finish(self, call: ReplyStream) -> bool:
        """Take the answer of a call; whether it ends the turn."""
        reply = call.reply
        await self._close_call(reply.receipt)
        self._log.broken = None
        if self._mode == "speak" and self._partial is not None:
            words = self._partial.text
            reply = self._partial.model_copy(
                update={"audio": reply.audio, "transcript": words, "content": None}
                | {"reference": None, "receipt": reply.receipt}
            )
        self._log.put(self.turn.with_heard(reply.heard))
        messages = self.turn.messages
        if reply.message.parts:
            messages = (*messages, reply.message)
        if reply.tool_calls and self._toolbox is not None:
            self._rounds += 1
            if self._rounds > self._state.policy.max_tool_rounds:
                raise LimitReachedError(
                    f"the model called tools in more than {self._rounds - 1} rounds",
                    measured=self._rounds,
                    allowed=self._rounds - 1,
                    fix="Raise max_tool_rounds, or tell the model when to stop.",
                )
            toolbox, calls = self._toolbox, reply.tool_calls
            results = await self._in_time(lambda: toolbox.answer(calls), "the tools of the turn")
            self._log.put(self.turn.model_copy(update={"messages": (*messages, results)}))
            # A call that was demanded has been made; demanding it again would never end.
            if self._wanted.tool_choice not in ("auto", "none"):
                self._wanted = self._wanted.model_copy(update={"tool_choice": None})
            self._mode, self._partial, self._has_delivered = "answer", None, False
            return False
        self._log.put(self.turn.model_copy(update={"messages": messages}))
        receipt = reply.receipt
        if receipt is not None:
            notes = dict.fromkeys((*receipt.notes, *self.turn.notes))
            receipt = receipt.model_copy(update={"notes": tuple(notes)})
        self._reply = reply.model_copy(update={"receipt": receipt})
        await self._end("committed", None)
        return True

    async def _in_time(self, make: Callable[[], Awaitable[T]], what: str) -> T:
        """What is made as a part of the turn, while it has time."""
        with self._backend.clock.scope_until(self._deadline), self._turn_lock.lent():
            return await make()
        raise self._too_late(what)

    def _too_late(self, what: str) -> DeadlineExceededError:
        return DeadlineExceededError(
            f"{what} took longer than the {self._timeout_s:g} s allowed",
            timeout_s=self._timeout_s,
            fix="Allow more time with timeout_s.",
        )

    async def _end(
        self, state: TurnState | None, error: BaseException | None, *, is_kept: bool = True
    ) -> None:
        """Give the turn its last state, keep it, and let the next one pass; once."""
        if not self._holds_gate:
            return
        self._holds_gate = False
        try:
            try:
                with anyio.CancelScope(shield=True):
                    await self._close_call(None)
            finally:
                answered = None if self._reply is None else self._reply.receipt
                await self._log.end(state, error, answered=answered, is_kept=is_kept)
        finally:
            self._turn_lock.release()
