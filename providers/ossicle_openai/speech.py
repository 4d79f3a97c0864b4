"""The speech endpoint: from a request to bodies, from answers to events. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ossicle.audio import AudioFormat
from ossicle.errors import ConfigurationError, TextTooLongError
from ossicle.messages import Event, Request, UsageReported
from ossicle.rest import AudioReader, CallErrors, mapping_of, raw_format_of, text_of, whole_audio
from ossicle_openai.catalogue import OpenAIModel, SpeechFacts, speech_format
from ossicle_openai.chat_request import voice_field
from ossicle_openai.errors import FAILURES
from ossicle_openai.options import CallOptions
from ossicle_openai.response_audio import PCM16, streamed_format
from ossicle_openai.text_pieces import split_text
from ossicle_openai.usage import speech_usage

MAX_CHARS_PER_S = 100
"""No speech is faster, not even at four times its pace: what is shorter was cut."""

_TEXT_TYPES = ("text/html", "text/plain", "application/xhtml+xml", "application/xml", "text/xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechCall:
    """One request to the speech endpoint.

    Attributes:
        payload: The JSON body.
        text: What is spoken by it.
        asked: The audio format that is asked for.
        streams_events: Whether the answer is asked for as events.
    """

    payload: dict[str, Any]
    text: str
    asked: AudioFormat
    streams_events: bool


def spoken_text(request: Request) -> str:
    """The text of a `speak` request.

    Raises:
        ConfigurationError: There is none.
    """
    text = request.messages[-1].text
    if not text.strip():
        raise ConfigurationError("there is no text to speak", fix="Give a text with words in it.")
    return text


def text_in_pieces(text: str, *, facts: SpeechFacts, max_text_chars: int | None) -> list[str]:
    """The text in pieces that the model takes.

    Raises:
        TextTooLongError: It is longer than what is spoken in one call.
    """
    if max_text_chars is not None and len(text) > max_text_chars:
        raise TextTooLongError(
            f"the text has {len(text)} characters, at most {max_text_chars} are spoken in one call",
            measured=len(text),
            allowed=max_text_chars,
            fix="Speak it in several calls.",
        )
    return split_text(text, max_chars=facts.piece_chars, max_tokens=facts.piece_tokens)


def speech_calls(
    request: Request, *, options: CallOptions, record: OpenAIModel, facts: SpeechFacts
) -> list[SpeechCall]:
    """The requests that speak a text, in order; several where it is too long for one.

    Several pieces are asked for as raw samples, whatever was asked for: only those join without a
    gap. The events' format says so, and the core encodes.

    Raises:
        ConfigurationError: There is no text.
        TextTooLongError: It is longer than what is spoken in one call.
        UnknownVoiceError: The model has no such voice.
    """
    capabilities = record.capabilities
    text = spoken_text(request)
    pieces = text_in_pieces(text, facts=facts, max_text_chars=capabilities.max_text_chars)
    is_raw = request.stream or len(pieces) > 1 or request.output_format is None
    asked = PCM16 if is_raw or request.output_format is None else request.output_format
    streams_events = request.stream and facts.streams_events
    base: dict[str, Any] = {
        "model": request.model,
        "voice": voice_field(request, options, capabilities),
        "response_format": speech_format(asked.container),
    }
    if request.instructions:
        base["instructions"] = request.instructions
    if options.speed is not None:
        base["speed"] = options.speed
    if streams_events:
        base["stream_format"] = "sse"
    base |= options.extra_body
    return [
        SpeechCall(
            payload=base | {"input": piece},
            text=piece,
            asked=asked,
            streams_events=streams_events,
        )
        for piece in pieces
    ]


def raw_format(content_type: str) -> AudioFormat:
    """The format of raw samples, by the parameters of `audio/pcm` where a server gives them."""
    return raw_format_of(content_type, default=PCM16, failures=FAILURES) or PCM16


def check_media_type(content_type: str, head: bytes, *, request_id: str | None) -> None:
    """Refuse text where audio should be, whatever the label says.

    Raises:
        InvalidReplyError: It is text.
    """
    start = head[:256].lstrip().lower()
    if content_type.startswith(_TEXT_TYPES) or start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise FAILURES.invalid_reply("text came where audio was asked for", request_id=request_id)


def speech_json_events(
    body: object, *, asked: AudioFormat, request_id: str | None, max_bytes: int
) -> Iterator[Event]:
    """The events of speech that came inside JSON, as `{"audio_data": "<base64>"}`.

    Raises:
        InvalidReplyError: There is no audio in it.
    """
    text = text_of(mapping_of(body).get("audio_data"))
    if text is None:
        raise FAILURES.invalid_reply("JSON came where audio was asked for", request_id=request_id)
    audio = whole_audio(text, asked, failures=FAILURES, max_bytes=max_bytes)
    if audio is not None:
        yield audio


class SpeechStream:
    """Reads the events of one speech stream.

    The stream is complete at `speech.audio.done`; `[DONE]` may follow, and is enough where a
    server sends nothing else.

    Args:
        errors: Translates the vendor's errors.
        asked: The audio format that was asked for.
        request_id: The vendor's id of the request.
        max_bytes: Longest audio.
    """

    def __init__(
        self, *, errors: CallErrors, asked: AudioFormat, request_id: str | None, max_bytes: int
    ) -> None:
        self._errors, self._request_id = errors, request_id
        self._audio = AudioReader(
            streamed_format(asked), failures=FAILURES, request_id=request_id, max_bytes=max_bytes
        )
        self.is_complete = False

    def feed(self, event: object, /) -> Iterator[Event]:
        """The events of one event of the wire; unknown kinds are passed over.

        Raises:
            InvalidReplyError: It is no event, or its audio cannot be read.
            ProviderError: It is the vendor's error.
        """
        if not isinstance(event, Mapping):
            raise FAILURES.invalid_reply("an event of the speech is no JSON object")
        started = self._audio.n_bytes > 0
        self._errors.check(event, request_id=self._request_id, started=started)
        text = event.get("audio")
        if isinstance(text, str) and text:
            audio = self._audio.push_base64(text)
            if audio is not None:
                yield audio
        # speaches says `token_usage`.
        usage = speech_usage(event.get("usage") or event.get("token_usage"))
        if usage is not None:
            yield UsageReported(usage=usage)
        if event.get("type") == "speech.audio.done":
            self.is_complete = True

    def done(self) -> None:
        """Take `[DONE]`."""
        self.is_complete = True

    def finish(self) -> Iterator[Event]:
        """What was kept back.

        Raises:
            InvalidReplyError: The audio is cut inside its base64.
            StreamIncompleteError: The end mark has not come.
        """
        if not self.is_complete:
            raise FAILURES.incomplete(
                f"the speech ended after {self._audio.n_bytes} bytes without its end mark",
                request_id=self._request_id,
            )
        rest = self._audio.finish()
        if rest is not None:
            yield rest
