"""From a whole chat completion to events: a stream of one chunk. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ossicle.audio import AudioFormat
from ossicle.messages import Event
from ossicle.rest import CallErrors, mapping_of
from ossicle_openai.chat_events import ChatStream
from ossicle_openai.chat_parts import choices_of
from ossicle_openai.errors import FAILURES
from ossicle_openai.profiles import EndpointProfile


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
    errors.check(body, request_id=request_id)
    messages = [one.get("message") for one in choices_of(mapping_of(body))]
    if isinstance(body, Mapping) and not any(map(mapping_of, messages)):
        raise FAILURES.invalid_reply("the reply holds no answer", request_id=request_id)
    reader = ChatStream(
        errors=errors,
        profile=profile,
        asked=asked,
        request_id=request_id,
        max_audio_bytes=max_audio_bytes,
        is_whole=True,
    )
    yield from reader.feed(body)
    reader.done()
    yield from reader.finish()
