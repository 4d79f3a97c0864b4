"""Thinking an answer and, where asked for, speaking it at the same time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from ossicle.cascade.counting import Counter, WordCounter
from ossicle.cascade.relay import closing, relay
from ossicle.cascade.sentences import SentenceSplitter
from ossicle.cascade.spoken_text import SpokenText
from ossicle.cascade.stages import LanguageModel, worst
from ossicle.errors import AudioMissingError
from ossicle.messages import (
    Event,
    Finished,
    Message,
    RefusalDelta,
    Request,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    TranscriptDelta,
    UsageReported,
)
from ossicle.messages.events import FinishReason

SENTENCES_AHEAD = 4
"""How many sentences may be thought before the synthesizer has begun with them."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """One answer in the making; `events` is called once.

    Attributes:
        provider: Name of the provider, for errors.
        language_model: Who thinks.
        messages: What was said so far, as text.
        request: What was asked for.
        counter: Where the answer is counted.
        voicing: How to speak it; `None`: it is only written.
    """

    provider: str
    language_model: LanguageModel
    messages: tuple[Message, ...]
    request: Request
    counter: Counter
    voicing: SpokenText | None = None
    _reason: FinishReason = "stop"
    _spoken_reason: FinishReason = "stop"
    _needs_no_sound: bool = False

    async def events(self) -> AsyncIterator[Event]:
        """The answer's events, `Finished` last."""
        events = self._written() if self.voicing is None else relay(self._think_and_speak)
        async with closing(events):
            async for event in events:
                yield event

    async def _written(self) -> AsyncIterator[Event]:
        thought = self._thought()
        async with closing(thought):
            async for piece in thought:
                yield TextDelta(text=piece) if isinstance(piece, str) else piece
        for event in self._ending():
            yield event

    def _ending(self) -> tuple[Event, ...]:
        reason = worst(self._reason, self._spoken_reason)
        return UsageReported(usage=self.counter.final_usage()), Finished(reason=reason)

    async def _thought(self) -> AsyncIterator[str | ToolCallDelta | RefusalDelta]:
        """The language model's pieces within the limit; why it finished is known afterwards."""
        limit = self.request.max_output_tokens
        words = WordCounter(limit=limit)
        calls = 0
        told: FinishReason = "stop"
        thought = self.language_model.think(
            self.messages,
            instructions=self.request.instructions,
            tools=self.request.tools,
            tool_choice=self.request.tool_choice,
            max_output_tokens=limit,
        )
        pieces = self.counter.charged(thought, stage=self.language_model)
        try:
            async with closing(pieces):
                async for piece in pieces:
                    if isinstance(piece, ToolCall):
                        yield _call_delta(piece, index=calls)
                        calls += 1
                        words.passing(f" {piece.name} {piece.arguments} ")
                    elif isinstance(piece, RefusalDelta):
                        self._needs_no_sound = True
                        yield RefusalDelta(text=words.passing(piece.text))
                    elif isinstance(piece, Finished):
                        told = piece.reason
                    elif text := words.passing(piece):
                        yield text
                    if words.is_cut:
                        break
        finally:
            self.counter.words_out += words.words
        self._needs_no_sound = self._needs_no_sound or bool(calls)
        self._reason = worst(told, "tool_calls" if calls else "length" if words.is_cut else "stop")

    async def _think_and_speak(self, events: MemoryObjectSendStream[Event]) -> None:
        send, receive = anyio.create_memory_object_stream[str](SENTENCES_AHEAD)
        # The receiving end stays open until the group is gone: if the synthesizer fails, the
        # language model is cancelled instead of failing too, and one error comes out.
        with receive:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._speak, receive, events)
                with send:
                    await self._think(send, events)
        is_filtered = "content_filter" in (self._reason, self._spoken_reason)
        if not (self.counter.spoken_s or self._needs_no_sound or is_filtered):
            raise AudioMissingError(
                f"an answer of {self.counter.words_out} words could not be spoken",
                provider=self.provider,
                billed=self.counter.is_billed,
                fix="Ask for text only, or use a voice of the answer's language.",
            )
        for event in self._ending():
            await events.send(event)

    async def _think(
        self, sentences: MemoryObjectSendStream[str], events: MemoryObjectSendStream[Event]
    ) -> None:
        assert self.voicing is not None
        splitter = SentenceSplitter(max_chars=self.voicing.max_chars)
        thought = self._thought()
        async with closing(thought):
            async for piece in thought:
                if not isinstance(piece, str):
                    await events.send(piece)
                    continue
                await events.send(TranscriptDelta(text=piece))
                for sentence in splitter.feed(piece):
                    await sentences.send(sentence)
        for sentence in splitter.finish():
            await sentences.send(sentence)

    async def _speak(
        self,
        sentences: MemoryObjectReceiveStream[str],
        events: MemoryObjectSendStream[Event],
    ) -> None:
        assert self.voicing is not None
        async for sentence in sentences:
            if self._spoken_reason != "stop":
                continue  # the sound ends here, without a hole in it; the words go on
            speech = self.voicing.events(sentence, counter=self.counter)
            async with closing(speech):
                async for event in speech:
                    if isinstance(event, Finished):
                        self._spoken_reason = event.reason
                    else:
                        await events.send(event)


def _call_delta(call: ToolCall, *, index: int) -> ToolCallDelta:
    return ToolCallDelta(index=index, id=call.id, name=call.name, arguments=call.arguments)
