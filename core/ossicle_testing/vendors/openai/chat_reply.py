"""One answer of the chat endpoint, before it is put on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ossicle_testing.vendors.ledger import Bill
from ossicle_testing.vendors.openai.billing import priced, spoken_tokens, text_tokens
from ossicle_testing.vendors.openai.chat_history import History
from ossicle_testing.vendors.openai.chat_request import ChatRequest
from ossicle_testing.vendors.openai.state import State
from ossicle_testing.vendors.openai.tool_calls import ToolUse, pick_tools, sample_arguments
from ossicle_testing.vendors.tones import VOICE_SAMPLE_RATE, Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """What the model answers.

    Attributes:
        id: Of the completion.
        created: Unix seconds.
        model: Its name.
        text: The words, spoken or written; empty when there are none.
        samples: The audio, mono at 24 kHz, or `None` for an answer without audio.
        audio_id: Reference to the audio, or `None`.
        expires_at: Unix seconds, or `None`.
        tools: Calls, in order.
        is_cut: Whether the token limit cut it.
        bill: What it costs.
    """

    id: str
    created: int
    model: str
    text: str
    samples: Samples | None = None
    audio_id: str | None = None
    expires_at: int | None = None
    tools: Sequence[ToolUse] = ()
    is_cut: bool = False
    bill: Bill = field(default_factory=Bill)

    @property
    def finish_reason(self) -> str:
        """Why the answer ended."""
        if self.is_cut:
            return "length"
        return "tool_calls" if self.tools else "stop"


def think(state: State, chat: ChatRequest, history: History, *, account: str) -> ChatReply:
    """Answer a conversation."""
    tools = _call_tools(state, chat, history)
    text = (state.tool_talk or "") if tools else state.chat_model(history.turns)
    samples = state.speech_models.say(text) if chat.speaks and text else None
    reply = ChatReply(
        id=state.speech_models.new_id("chatcmpl-", digits=29),
        created=int(state.clock()),
        model=chat.model.id,
        # Words that go with a tool call are spoken or not there at all.
        text="" if tools and samples is None else text,
        samples=samples,
        tools=tools,
    )
    reply = _cut(reply, chat.max_tokens)
    if reply.samples is not None and state.quirks.has_references:
        audio_id, expires_at = state.keep(
            account=account, transcript=reply.text, frames=len(reply.samples)
        )
        reply = replace(reply, audio_id=audio_id, expires_at=expires_at)
    bill = Bill(
        input_text_tokens=history.text_tokens,
        input_audio_tokens=history.audio_tokens,
        output_text_tokens=_output_text_tokens(reply),
        output_audio_tokens=_output_audio_tokens(reply),
    )
    return replace(reply, bill=priced(bill, chat.model.prices))


def _call_tools(state: State, chat: ChatRequest, history: History) -> list[ToolUse]:
    words = next((text for role, text in reversed(history.turns) if role == "user"), "")
    return [
        ToolUse(
            id=state.speech_models.new_id("call_"),
            name=function["name"],
            arguments=sample_arguments(function, words),
        )
        for function in pick_tools(chat, history)
    ]


def _output_text_tokens(reply: ChatReply) -> int:
    calls = sum(text_tokens(tool.name + tool.arguments) for tool in reply.tools)
    return text_tokens(reply.text) + calls


def _output_audio_tokens(reply: ChatReply) -> int:
    return 0 if reply.samples is None else spoken_tokens(len(reply.samples))


def _cut(reply: ChatReply, max_tokens: int | None) -> ChatReply:
    """The part of an answer that the limit allows; words and audio are cut alike."""
    total = _output_text_tokens(reply) + _output_audio_tokens(reply)
    if max_tokens is None or total <= max_tokens or reply.tools:
        return reply
    share = max_tokens / total
    words = reply.text[: int(len(reply.text) * share)]
    while words and text_tokens(words) > max_tokens:
        words = words[:-1]
    if reply.samples is None:
        return replace(reply, text=words, is_cut=True)
    spoken = max_tokens - text_tokens(words)
    frames = min(len(reply.samples), spoken * VOICE_SAMPLE_RATE // 20)
    return replace(reply, text=words, samples=reply.samples[:frames], is_cut=True)
