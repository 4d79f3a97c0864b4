"""From a whole chat completion to events. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ossicle.audio import AudioFormat
from ossicle.audio.base64 import decode_base64
from ossicle.errors import AudioLimitError, MalformedAudioError
from ossicle.messages import AudioDelta, Event, Finished, ReplyStarted, UsageReported
from ossicle.messages.events import FinishReason
from ossicle_openai.chat_parts import (
    audio_of,
    choices_of,
    finish_reason_of,
    part_of,
    reference_of,
    said_events,
)
from ossicle_openai.error_body import error_in
from ossicle_openai.errors import CallFacts, error_in_answer
from ossicle_openai.options import FAILURES
from ossicle_openai.profiles import EndpointProfile
from ossicle_openai.sound import true_format
from ossicle_openai.usage import chat_usage


def chat_reply_events(
    body: object,
    *,
    call: CallFacts,
    profile: EndpointProfile,
    asked: AudioFormat | None,
    request_id: str | None = None,
    max_audio_bytes: int = 64 << 20,
) -> Iterator[Event]:
    """The events of a whole answer; text and audio may stand in different choices.

    Args:
        body: The completion as JSON data.
        call: What was asked, for errors.
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
    said = error_in(body)
    if said is not None:
        raise error_in_answer(said, status=200, request_id=request_id, call=call, started=False)
    messages = [(choice, part_of(choice, "message")) for choice in choices_of(body)]
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
            yield _audio(data, asked, profile, max_audio_bytes)
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


def _audio(text: str, asked: AudioFormat, profile: EndpointProfile, max_bytes: int) -> AudioDelta:
    try:
        data = decode_base64(text, max_bytes=max_bytes)
    except (MalformedAudioError, AudioLimitError) as error:
        raise FAILURES.invalid_reply(
            f"the audio in the reply cannot be read: {error.what}"
        ) from error
    form = true_format(data, asked=asked, is_pcm_despite_label=profile.is_pcm_despite_label)
    return AudioDelta(data=data, format=form)


def _started(body: Mapping[str, Any], request_id: str | None) -> ReplyStarted:
    reply_id, model = body.get("id"), body.get("model")
    return ReplyStarted(
        request_id=request_id,
        reply_id=reply_id if isinstance(reply_id, str) and reply_id else None,
        model=model if isinstance(model, str) and model else None,
    )


def _kind(value: object) -> str:
    return {list: "list", str: "string", type(None): "null"}.get(type(value), "value")
