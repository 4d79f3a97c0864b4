"""From the vendor's responses, one or a stream of them, to events. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ossicle.errors import InvalidReplyError
from ossicle.messages import (
    Event,
    Finished,
    LanguageDetected,
    ReplyStarted,
    Segment,
    SegmentReported,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ossicle.rest import CallErrors, mapping_of, text_of
from ossicle_gemini.endings import REASONS, raise_if_useless
from ossicle_gemini.errors import FAILURES, duration_s, refused_content
from ossicle_gemini.response_audio import BlobReader
from ossicle_gemini.usage import usage_of

Sign = Callable[[str, str], None]
"""Takes the id of a tool call and its signature."""


class AnswerReader:
    """Reads the responses of one call: the only one, or those of a stream.

    The answer is complete once a candidate names why it ended; usage and empty parts may come
    along with that or after it. Thoughts are passed over. There is no other end mark.

    Args:
        errors: Translates the vendor's errors.
        new_id: Makes an id for a tool call that the vendor gave none.
        sign: Takes the signatures of tool calls.
        request_id: The vendor's id of the request.
        has_audio: Whether audio was asked for.
        max_audio_bytes: Longest audio.
    """

    def __init__(
        self,
        *,
        errors: CallErrors,
        new_id: Callable[[], str],
        sign: Sign,
        request_id: str | None = None,
        has_audio: bool = False,
        max_audio_bytes: int = 64 << 20,
    ) -> None:
        self._errors, self._new_id, self._sign = errors, new_id, sign
        self._request_id, self._has_audio = request_id, has_audio
        self._audio = BlobReader(max_bytes=max_audio_bytes)
        self._n_responses = self._n_calls = 0
        self._has_words = False
        self._ending: str | None = None
        self._language: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the reason for the end has come."""
        return self._ending is not None

    @property
    def has_content(self) -> bool:
        """Whether anything has come that a caller would miss."""
        return bool(self._has_words or self._n_calls or self._audio.n_bytes)

    def feed(self, body: object) -> Iterator[Event]:
        """The events of one response.

        Raises:
            InvalidReplyError: It is no response.
            ContentRefusedError: The vendor's policy blocked the prompt.
            ProviderError: It is the vendor's error.
        """
        self._errors.check(body, request_id=self._request_id, started=self.has_content)
        if not isinstance(body, Mapping):
            raise self._invalid("the reply is no JSON object")
        self._n_responses += 1
        if self._n_responses == 1:
            yield ReplyStarted(
                request_id=self._request_id,
                reply_id=text_of(body.get("responseId")),
                model=text_of(body.get("modelVersion")),
            )
        usage = usage_of(body.get("usageMetadata"))
        if usage is not None:
            yield UsageReported(usage=usage)
        self._check_prompt(body.get("promptFeedback"))
        # Only one candidate is ever asked for.
        for candidate in _objects(body.get("candidates"), "candidates")[:1]:
            yield from self._candidate(candidate)

    def done(self) -> None:
        """Take `[DONE]`: no word of Google's, but gateways are known to add it."""

    def finish(self) -> Iterator[Event]:
        """What the end of the body brings; the last event is `Finished`.

        Raises:
            InvalidReplyError: Nothing came, or what came is of no use.
            ContentRefusedError: The vendor's policy blocked the whole answer.
            StreamIncompleteError: The body ended before the answer did.
        """
        if self._ending is None:
            if self._n_responses and not self.has_content:
                raise self._invalid("the reply holds no answer")
            raise FAILURES.incomplete(
                f"the stream ended after {self._n_responses} responses without a reason",
                request_id=self._request_id,
            )
        raise_if_useless(self._ending, has_content=self.has_content, request_id=self._request_id)
        rest = self._audio.finish()
        if rest is not None:
            yield rest
        reason = REASONS.get(self._ending, "stop")
        yield Finished(reason="tool_calls" if reason == "stop" and self._n_calls else reason)

    def _invalid(self, what: str) -> InvalidReplyError:
        return FAILURES.invalid_reply(what, request_id=self._request_id)

    def _check_prompt(self, feedback: object) -> None:
        reason = text_of(mapping_of(feedback).get("blockReason"))
        if reason is not None and reason != "BLOCKED_REASON_UNSPECIFIED":
            what = "the vendor's policy blocked the prompt"
            raise refused_content(what, request_id=self._request_id, reason=reason)

    def _candidate(self, candidate: Mapping[str, Any]) -> Iterator[Event]:
        for part in _objects(mapping_of(candidate.get("content")).get("parts"), "parts"):
            yield from self._part(part)
        reason = text_of(candidate.get("finishReason"))
        if reason is not None and reason != "FINISH_REASON_UNSPECIFIED":
            # A second reason must not turn a bad end into a good one.
            is_worse = self._ending in (None, "STOP")
            self._ending = reason if is_worse else self._ending

    def _part(self, part: Mapping[str, Any]) -> Iterator[Event]:
        if part.get("thought") is True:
            return
        text = text_of(part.get("text"))
        if text is not None:
            self._has_words = True
            yield TextDelta(text=text)
        blob = mapping_of(part.get("inlineData"))
        data = text_of(blob.get("data")) if self._has_audio else None
        if data is not None:
            audio = self._audio.push(data, text_of(blob.get("mimeType")) or "")
            if audio is not None:
                yield audio
        call = part.get("functionCall")
        if isinstance(call, Mapping):
            yield self._tool_call(call, text_of(part.get("thoughtSignature")))
        transcription = part.get("audioTranscription")
        if isinstance(transcription, Mapping):
            yield from self._transcribed(transcription, has_text=text is not None)

    def _tool_call(self, call: Mapping[str, Any], signature: str | None) -> ToolCallDelta:
        name = text_of(call.get("name"))
        arguments = call.get("args", {})
        if name is None or not isinstance(arguments, Mapping):
            raise self._invalid("a tool call has no name or no arguments object")
        call_id = text_of(call.get("id")) or self._new_id()
        if signature is not None:
            self._sign(call_id, signature)
        index, self._n_calls = self._n_calls, self._n_calls + 1
        text = json.dumps(arguments, ensure_ascii=False)
        return ToolCallDelta(index=index, id=call_id, name=name, arguments=text)

    def _transcribed(self, said: Mapping[str, Any], *, has_text: bool) -> Iterator[Event]:
        """A transcription's own fields: words with times, speaker and language."""
        text = text_of(said.get("text"))
        if text is not None and not has_text:
            self._has_words = True
            yield TextDelta(text=text)
        language = text_of(said.get("languageCode"))
        if language is not None and self._language is None:
            self._language = language
            yield LanguageDetected(language=language)
        speaker = text_of(said.get("speakerLabel"))
        if text is not None and (speaker is not None or "startOffset" in said):
            yield SegmentReported(segment=_segment(said, text, speaker, is_word=False))
        for word in _objects(said.get("words"), "words"):
            spelled = text_of(word.get("word"))
            if spelled is not None:
                yield SegmentReported(segment=_segment(word, spelled, speaker, is_word=True))


def _segment(said: Mapping[str, Any], text: str, speaker: str | None, *, is_word: bool) -> Segment:
    return Segment(
        text=text,
        start_s=duration_s(said.get("startOffset")),
        end_s=duration_s(said.get("endOffset")),
        speaker=speaker,
        is_word=is_word,
    )


def _objects(value: object, what: str) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise FAILURES.invalid_reply(f"the reply's {what} are no list of objects")
    return value
