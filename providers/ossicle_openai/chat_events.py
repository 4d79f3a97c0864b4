"""From the raw chunks of a chat stream to events. Pure.

The vendor's own stream helper is not used: it joins ids that repeat, adds expiry times up and
joins base64 that is padded piece by piece, which loses audio without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ossicle.audio import AudioFormat
from ossicle.messages import Event, Finished, ReplyStarted, UsageReported
from ossicle.messages.events import FinishReason
from ossicle.rest import AudioReader, CallErrors, mapping_of, text_of
from ossicle_openai.chat_parts import (
    audio_of,
    choices_of,
    finish_reason_of,
    reference_of,
    said_events,
)
from ossicle_openai.errors import FAILURES
from ossicle_openai.profiles import EndpointProfile
from ossicle_openai.response_audio import PCM16, streamed_format
from ossicle_openai.usage import chat_usage


class ChatStream:
    """Reads the chunks of one chat stream.

    A choice has ended with a `finish_reason`, or with a delta that holds nothing but the audio's
    `expires_at` and that nothing follows: OpenAI's audio streams have no other mark. The stream
    is complete at `[DONE]`, or where the body ends and every choice has ended. Usage may come
    before that mark, chunks may have no choices, ids and expiries may repeat; the last value
    counts.

    Args:
        errors: Translates the vendor's errors.
        profile: What the server does its own way.
        asked: The audio format that was asked for; `None` without audio.
        request_id: The vendor's id of the request.
        max_audio_bytes: Longest audio.
        is_whole: Whether the one chunk is a whole completion, whose audio is in the format asked
            for; in streams it is raw samples.
    """

    def __init__(
        self,
        *,
        errors: CallErrors,
        profile: EndpointProfile,
        asked: AudioFormat | None,
        request_id: str | None = None,
        max_audio_bytes: int = 64 << 20,
        is_whole: bool = False,
    ) -> None:
        self._errors, self._profile, self._request_id = errors, profile, request_id
        self._has_audio = asked is not None
        self._audio: AudioReader | None = None
        if asked is not None:
            self._audio = AudioReader(
                asked if is_whole else streamed_format(asked),
                failures=FAILURES,
                request_id=request_id,
                max_bytes=max_audio_bytes,
                headless=PCM16 if profile.is_pcm_despite_label else None,
            )
        self._ended: dict[int, FinishReason | None] = {}
        self._n_chunks = 0
        self._has_calls = self._has_words = False
        self._is_done = False

    @property
    def is_complete(self) -> bool:
        """Whether every choice that began has ended, or the end of the stream was announced."""
        return self._is_done or (bool(self._ended) and None not in self._ended.values())

    def feed(self, event: object, /) -> Iterator[Event]:
        """The events of one chunk, given as a mapping or as an object of the vendor's SDK.

        Raises:
            InvalidReplyError: It is no chunk.
            ProviderError: It is the vendor's error.
        """
        dump = getattr(event, "model_dump", None)
        body = dump() if dump is not None else event
        if not isinstance(body, Mapping):
            raise FAILURES.invalid_reply("the reply is no JSON object", request_id=self._request_id)
        started = bool(self._ended)
        self._errors.check(body, request_id=self._request_id, started=started)
        self._n_chunks += 1
        if self._n_chunks == 1:
            yield ReplyStarted(
                request_id=self._request_id,
                reply_id=text_of(body.get("id")),
                model=text_of(body.get("model")),
            )
        for position, choice in enumerate(choices_of(body)):
            index = choice.get("index")
            yield from self._choice(choice, index if isinstance(index, int) else position)
        usage = chat_usage(body.get("usage"))
        if usage is not None:
            yield UsageReported(usage=usage)

    def done(self) -> None:
        """Take `[DONE]`."""
        self._is_done = True

    def finish(self) -> Iterator[Event]:
        """The events that the end of the body brings; the last one is `Finished`.

        Raises:
            InvalidReplyError: Nothing came, or the audio is cut inside its base64.
            StreamIncompleteError: The body ended before the stream did.
        """
        if not self.is_complete:
            raise FAILURES.incomplete(
                f"the stream ended after {self._n_chunks} chunks without its end mark",
                request_id=self._request_id,
            )
        if not self._ended:
            raise FAILURES.invalid_reply("the reply holds no answer", request_id=self._request_id)
        reason = self._reason()
        if self._audio is None and not self._has_words and reason == "stop":
            raise FAILURES.invalid_reply(
                "the reply holds an empty answer", request_id=self._request_id
            )
        if self._audio is not None:
            rest = self._audio.finish()
            if rest is not None:
                yield rest
        yield Finished(reason=reason)

    def _choice(self, choice: Mapping[str, Any], index: int) -> Iterator[Event]:
        delta = mapping_of(choice.get("delta")) or mapping_of(choice.get("message"))
        has_said = False
        self._has_words = self._has_words or isinstance(delta.get("content"), str)
        is_spoken = self._has_audio and self._profile.text_is_transcript
        for event in said_events(delta, text_is_transcript=is_spoken):
            has_said = self._has_words = True
            self._has_calls = self._has_calls or bool(delta.get("tool_calls"))
            yield event
        reference = reference_of(delta)
        if reference is not None:
            yield reference
        data = audio_of(delta).get("data")
        if isinstance(data, str) and data:
            has_said = True
            if self._audio is not None:
                audio = self._audio.push_base64(data)
                if audio is not None:
                    yield audio
        reason = finish_reason_of(choice)
        is_last = not has_said and reference is not None and reference.id is None
        if reason is None and is_last and reference and reference.expires_at is not None:
            reason = "stop"
        if reason is not None:
            # A second mark must not turn "length" into "stop".
            self._ended[index] = self._ended.get(index) or reason
        elif has_said or index not in self._ended:
            self._ended[index] = None

    def _reason(self) -> FinishReason:
        for reason in self._ended.values():
            if reason is not None and reason != "stop":
                return reason
        return "tool_calls" if self._has_calls else "stop"
