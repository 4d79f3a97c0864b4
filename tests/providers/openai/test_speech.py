from __future__ import annotations

from typing import Any

import pytest
from tests.providers.openai.wire import CALL, OPENAI, asking, b64, wav

from ossicle.audio import AudioFormat
from ossicle.errors import (
    ConfigurationError,
    InvalidReplyError,
    ProviderUnavailableError,
    StreamIncompleteError,
    TextTooLongError,
)
from ossicle.messages import AudioDelta, Event, Request, UsageReported
from ossicle.rest import call_options
from ossicle_openai.catalogue import record_for
from ossicle_openai.options import PROVIDER, CallOptions
from ossicle_openai.response_audio import PCM16
from ossicle_openai.speech import (
    SpeechCall,
    SpeechStream,
    check_media_type,
    raw_format,
    speech_calls,
    speech_json_events,
)

AUDIO = frozenset({"audio"})
MP3 = AudioFormat.named("mp3")


def calls_for(text: str, **fields: Any) -> list[SpeechCall]:
    fields = {"model": "gpt-4o-mini-tts", "output": AUDIO, "output_format": MP3} | fields
    request: Request = asking(text, task="speak", **fields)
    record = record_for(request.model, OPENAI)
    assert record.speech is not None
    options = call_options(CallOptions, request.provider_options, provider=PROVIDER)
    return speech_calls(request, options=options, record=record, facts=record.speech)


def test_a_short_text_is_one_request_in_the_format_asked_for() -> None:
    (call,) = calls_for("Hello.", voice="nova", instructions="Whisper.",
                        provider_options={"speed": 1.5})  # fmt: skip
    assert call.payload == {
        "model": "gpt-4o-mini-tts",
        "voice": "nova",
        "response_format": "mp3",
        "instructions": "Whisper.",
        "speed": 1.5,
        "input": "Hello.",
    }


@pytest.mark.parametrize(
    ("name", "wire"),
    [("pcm16", "pcm"), ("opus", "opus"), ("aac", "aac"), ("flac", "flac"), ("wav", "wav")],
)
def test_formats_by_their_names_on_the_wire(name: str, wire: str) -> None:
    (call,) = calls_for("Hello.", output_format=AudioFormat.named(name))
    assert call.payload["response_format"] == wire


def test_streams_are_samples_as_events_where_the_model_has_them() -> None:
    (call,) = calls_for("Hello.", stream=True)
    assert (call.payload["stream_format"], call.payload["response_format"]) == ("sse", "pcm")
    (call,) = calls_for("Hello.", stream=True, model="tts-1")
    assert "stream_format" not in call.payload
    assert call.asked == PCM16


def test_a_long_text_is_cut_at_sentences_and_asked_for_as_samples() -> None:
    text = "This is one sentence of many. " * 400
    calls = calls_for(text)
    assert len(calls) == 3
    assert all(len(call.text) <= 4096 and call.text.endswith(".") for call in calls)
    assert {call.payload["response_format"] for call in calls} == {"pcm"}
    assert " ".join(call.text for call in calls) == text.strip()


def test_4096_code_points_are_one_request() -> None:
    assert len(calls_for("é" * 4096, model="tts-1")) == 1
    assert len(calls_for("é" * 4097, model="tts-1")) == 2


def test_no_text_and_too_much_text_are_refused() -> None:
    for text in ("", " \n"):
        with pytest.raises(ConfigurationError, match="no text"):
            calls_for(text)
    with pytest.raises(TextTooLongError) as caught:
        calls_for("x" * 65_537)
    assert (caught.value.measured, caught.value.allowed) == (65_537, 65_536)


def test_rates_of_raw_samples_by_their_media_type() -> None:
    assert raw_format("audio/pcm") == PCM16
    assert raw_format("audio/pcm;rate=16000;channels=2") == AudioFormat.pcm(
        sample_rate=16_000, channels=2
    )
    assert raw_format("application/octet-stream; rate=8000") == PCM16


def test_text_instead_of_audio_is_a_typed_error() -> None:
    for kind, head in (("text/html", b""), ("audio/mpeg", b"\n<!DOCTYPE html>")):
        with pytest.raises(InvalidReplyError):
            check_media_type(kind, head, request_id=None)
    check_media_type("audio/mpeg", b"ID3", request_id=None)


def test_speech_inside_json() -> None:
    def read(body: object) -> list[Event]:
        CALL.check(body, request_id=None)
        return list(speech_json_events(body, asked=MP3, request_id=None, max_bytes=1 << 20))

    (event,) = read({"audio_data": b64(wav(bytes(100)))})
    assert isinstance(event, AudioDelta)
    assert event.format.container == "wav"
    bodies: list[object] = [{}, [], {"audio_data": "?"}, {"audio_data": b64(b"nonsense")}]
    for body in bodies:
        with pytest.raises(InvalidReplyError):
            read(body)
    with pytest.raises(ProviderUnavailableError):
        read({"error": {"message": "x"}})


def test_a_stream_of_events_with_usage() -> None:
    reader = SpeechStream(errors=CALL, asked=PCM16, request_id=None, max_bytes=1 << 20)
    found = list(reader.feed({"type": "speech.audio.delta", "audio": b64(bytes(80))}))
    with pytest.raises(StreamIncompleteError):
        list(reader.finish())
    usage = {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}
    found += reader.feed({"type": "speech.audio.done", "usage": usage})
    found += reader.finish()
    assert found[0] == AudioDelta(data=bytes(80), format=PCM16)
    assert isinstance(found[1], UsageReported)
    assert (found[1].usage.input_text_tokens, found[1].usage.output_audio_tokens) == (14, 101)
