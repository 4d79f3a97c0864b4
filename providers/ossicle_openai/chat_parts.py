"""One choice's message or delta, as events; what whole answers and streams have in common. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ossicle.messages import (
    Event,
    ReferenceIssued,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    TranscriptDelta,
)
from ossicle.messages.events import FinishReason
from ossicle.rest import mapping_of, number_of, text_of
from ossicle_openai.errors import FAILURES

_MILLISECONDS = 10.0**11
"""A moment beyond this (the year 5138) is in milliseconds."""

_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


def choices_of(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The choices of a chunk or completion; most chunks of an audio stream carry none.

    Raises:
        InvalidReplyError: They are no list of objects.
    """
    choices = body.get("choices")
    if choices is None:
        return []
    if not isinstance(choices, list) or not all(isinstance(one, Mapping) for one in choices):
        raise FAILURES.invalid_reply("the reply's choices are no list of objects")
    return choices


def audio_of(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message's audio; empty when there is none."""
    return mapping_of(message.get("audio"))


def finish_reason_of(choice: Mapping[str, Any]) -> FinishReason | None:
    """Why a choice ended; `None` while it has not. Reasons we do not know count as `stop`."""
    reason = choice.get("finish_reason")
    return _REASONS.get(reason, "stop") if isinstance(reason, str) and reason else None


def said_events(message: Mapping[str, Any], *, text_is_transcript: bool) -> Iterator[Event]:
    """What a message or delta says in words: text, transcript, refusal, tool calls."""
    text = _text_of(message.get("content"))
    if text:
        yield TranscriptDelta(text=text) if text_is_transcript else TextDelta(text=text)
    transcript = audio_of(message).get("transcript")
    if isinstance(transcript, str) and transcript:
        yield TranscriptDelta(text=transcript)
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        yield RefusalDelta(text=refusal)
    calls = message.get("tool_calls")
    if isinstance(calls, Sequence) and not isinstance(calls, str):
        yield from _call_events(calls)


def reference_of(message: Mapping[str, Any]) -> ReferenceIssued | None:
    """The id and expiry of a message's audio, as far as reported."""
    audio = audio_of(message)
    reference, expires_at = audio.get("id"), moment_of(audio.get("expires_at"))
    reference = text_of(reference)
    if reference is None and expires_at is None:
        return None
    return ReferenceIssued(id=reference, expires_at=expires_at)


def moment_of(value: object) -> float | None:
    """Unix seconds; milliseconds are recognised, anything that is no moment is `None`."""
    moment = number_of(value)
    if moment is None or not 0 < moment < _MILLISECONDS * 1000:
        return None
    return moment / 1000 if moment >= _MILLISECONDS else moment


def _text_of(content: object) -> str:
    """A message's text; some servers send it as a list of parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, Mapping))
    return "".join(text for text in texts if isinstance(text, str))


def _call_events(calls: Sequence[object]) -> Iterator[ToolCallDelta]:
    for position, call in enumerate(calls):
        if not isinstance(call, Mapping):
            raise FAILURES.invalid_reply("a tool call in the reply is no object")
        function = mapping_of(call.get("function"))
        index, arguments = call.get("index"), function.get("arguments")
        if isinstance(arguments, Mapping):
            arguments = json.dumps(arguments)
        yield ToolCallDelta(
            index=index if isinstance(index, int) and not isinstance(index, bool) else position,
            id=text_of(call.get("id")),
            name=text_of(function.get("name")),
            arguments=arguments if isinstance(arguments, str) else "",
        )
