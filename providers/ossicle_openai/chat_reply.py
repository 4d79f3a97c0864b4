"""From a whole chat completion to events. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ossicle.audio import AudioFormat
from ossicle.messages import Event, Finished, ReplyStarted, UsageReported
from ossicle.messages.events import FinishReason
from ossicle.rest import CallErrors, mapping_of, text_of, whole_audio
from ossicle_openai.chat_parts import (
    audio_of,
    choices_of,
    finish_reason_of,
    reference_of,
    said_events,
)
from ossicle_openai.errors import FAILURES
from ossicle_openai.profiles import EndpointProfile
from ossicle_openai.response_audio import PCM16
from ossicle_openai.usage import chat_usage


def chat_reply_events(
    body: object,
    *,
    errors: CallErrors,
    profile: EndpointProfile,
    asked: AudioFormat | None,
    request_id: str | None = None,
    max_audio_bytes: int = 64 << 20,
) -> Iterator[Event]:
    """The events of a whole answer; text and audio may stand in different choices.

    Args:
        body: The completion as JSON data.
        errors: Translates the vendor's errors.
        profile: What the server does its own way.
        asked: The audio format that was asked for; `None` without audio.
        request_id: The vendor's id of the request.
        max_audio_bytes: Longest audio.

    Raises:
        InvalidReplyError: It is no completion, or its audio is none.
        ProviderError: It is the vendor's error.
    """
    if not isinstance(body, Mapping):
        raise FAILURES.invalid_reply(
            f"the reply is a JSON {_kind(body)}, no object", request_id=request_id
        )
    errors.check(body, request_id=request_id)
    messages = [(choice, mapping_of(choice.get("message"))) for choice in choices_of(body)]
    if not any(message for _, message in messages):
        raise FAILURES.invalid_reply("the reply holds no answer", request_id=request_id)
    yield _started(body, request_id)
    reasons: list[FinishReason] = []
    has_calls = has_said = False
    for choice, message in messages:
        is_spoken = asked is not None and profile.text_is_transcript
        has_said = has_said or isinstance(message.get("content"), str)
        for event in said_events(message, text_is_transcript=is_spoken):
            has_said = True
            yield event
        reference = reference_of(message)
        if reference is not None:
            yield reference
        data = audio_of(message).get("data")
        if asked is not None and isinstance(data, str) and data:
            headless = PCM16 if profile.is_pcm_despite_label else None
            audio = whole_audio(
                data, asked, failures=FAILURES, max_bytes=max_audio_bytes, headless=headless
            )
            if audio is not None:
                yield audio
        has_calls = has_calls or bool(message.get("tool_calls"))
        reasons.append(finish_reason_of(choice) or "stop")
    usage = chat_usage(body.get("usage"))
    if usage is not None:
        yield UsageReported(usage=usage)
    if asked is None and not has_said and set(reasons) == {"stop"}:
        raise FAILURES.invalid_reply("the reply holds an empty answer", request_id=request_id)
    yield Finished(reason=_reason(reasons, has_calls=has_calls))


def _reason(reasons: list[FinishReason], *, has_calls: bool) -> FinishReason:
    """The first of the choices' reasons that tells something."""
    for reason in reasons:
        if reason != "stop":
            return reason
    return "tool_calls" if has_calls else "stop"


def _started(body: Mapping[str, Any], request_id: str | None) -> ReplyStarted:
    return ReplyStarted(
        request_id=request_id, reply_id=text_of(body.get("id")), model=text_of(body.get("model"))
    )


def _kind(value: object) -> str:
    return {list: "list", str: "string", type(None): "null"}.get(type(value), "value")
