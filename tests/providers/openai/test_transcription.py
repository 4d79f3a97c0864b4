from __future__ import annotations

import math
from typing import Any

import pytest
from tests.providers.openai.wire import CALL, OPENAI, asking, clip, fold

from ossicle.audio import AudioFormat
from ossicle.errors import InvalidReplyError, StreamIncompleteError, UnsupportedFeatureError
from ossicle.messages import AudioPart, Finished, Message, Reply
from ossicle.rest import call_options, clip_of
from ossicle_openai.catalogue import record_for
from ossicle_openai.options import PROVIDER, CallOptions
from ossicle_openai.transcription import (
    TranscriptionStream,
    file_name,
    transcription_events,
    transcription_fields,
)


def fields_for(model: str, options: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    sound = Message(role="user", parts=(AudioPart(clip=clip()),))
    request = asking(task="transcribe", model=model, messages=(sound,), **more)
    facts = record_for(model, OPENAI).transcription
    assert facts is not None
    return transcription_fields(
        request, options=call_options(CallOptions, options or {}, provider=PROVIDER), facts=facts
    )


def read(body: object, *, start_s: float = 0.0) -> Reply:
    CALL.check(body, request_id=None)
    return fold([*transcription_events(body, start_s=start_s), Finished()])


def test_each_model_is_asked_for_the_richest_answer_it_has() -> None:
    formats = {
        model: fields_for(model)["response_format"]
        for model in (
            "gpt-transcribe",
            "gpt-4o-transcribe",
            "gpt-4o-transcribe-diarize",
            "whisper-1",
        )
    }
    assert formats == {
        "gpt-transcribe": "json",
        "gpt-4o-transcribe": "json",
        "gpt-4o-transcribe-diarize": "diarized_json",
        "whisper-1": "verbose_json",
    }


def test_fields_of_each_model() -> None:
    assert fields_for("gpt-transcribe", {"prompt": "p", "keywords": ("k",)}, language="de-AT",
                      stream=True) == {
        "model": "gpt-transcribe", "response_format": "json", "languages": ["de"], "prompt": "p",
        "keywords": ["k"], "stream": True,
    }  # fmt: skip
    assert fields_for("gpt-4o-transcribe", {"logprobs": True}, temperature=0.2) == {
        "model": "gpt-4o-transcribe", "response_format": "json", "temperature": 0.2,
        "include": ["logprobs"],
    }  # fmt: skip
    assert fields_for("whisper-1", {"timestamps": "word"}, language="en", stream=True) == {
        "model": "whisper-1", "response_format": "verbose_json", "language": "en",
        "timestamp_granularities": ["segment", "word"],
    }  # fmt: skip
    assert fields_for("whisper-1", instructions="Names: Zoë.")["prompt"] == "Names: Zoë."
    speakers = {"Ann": "data:audio/wav;base64,AAAA"}
    assert fields_for("gpt-4o-transcribe-diarize", {"known_speakers": speakers}) == {
        "model": "gpt-4o-transcribe-diarize", "response_format": "diarized_json",
        "chunking_strategy": "auto", "known_speaker_names": ["Ann"],
        "known_speaker_references": ["data:audio/wav;base64,AAAA"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("gpt-transcribe", {"response_format": "verbose_json"}),
        ("gpt-transcribe", {"timestamps": "word"}),
        ("gpt-transcribe", {"logprobs": True}),
        ("whisper-1", {"keywords": ("x",)}),
        ("gpt-4o-transcribe-diarize", {"prompt": "x"}),
        ("gpt-4o-transcribe", {"known_speakers": {"a": "b"}}),
    ],
)
def test_what_a_model_does_not_have_is_refused_before_sending(
    model: str, options: dict[str, Any]
) -> None:
    with pytest.raises(UnsupportedFeatureError) as caught:
        fields_for(model, options)
    assert caught.value.fix


def test_the_file_always_has_an_ending_the_vendor_knows() -> None:
    names = {name: file_name(AudioFormat.named(name)) for name in ("wav", "mp3", "flac", "opus")}
    assert names == {
        "wav": "audio.wav", "mp3": "audio.mp3", "flac": "audio.flac", "opus": "audio.ogg",
    }  # fmt: skip
    assert file_name(AudioFormat(container="mp4", encoding="aac")) == "audio.m4a"
    assert file_name(AudioFormat(container="matroska", encoding="opus")) == "audio.webm"


def test_exactly_one_clip() -> None:
    sound = AudioPart(clip=clip())
    for parts in ((), (sound, sound)):
        with pytest.raises(UnsupportedFeatureError):
            clip_of(asking(messages=(Message(role="user", parts=parts),)))


def test_a_verbose_answer_with_times_of_the_whole_recording() -> None:
    body = {
        "text": "Hello you.",
        "language": "english",
        "segments": [
            {"id": 0, "start": 0.5, "end": 1.5, "text": "Hello you.", "avg_logprob": -0.5}
        ],
        "words": [{"word": "Hello", "start": 0.5, "end": 0.9}, {"text": "you", "start": 1}],
        "usage": {"type": "duration", "seconds": 4},
    }
    reply = read(body, start_s=100.0)
    segment, hello, you = reply.segments
    assert (segment.text, segment.start_s, segment.end_s) == ("Hello you.", 100.5, 101.5)
    assert segment.confidence == pytest.approx(math.exp(-0.5))
    assert (hello.text, hello.start_s, hello.is_word) == ("Hello", 100.5, True)
    assert (you.text, you.start_s, you.end_s) == ("you", 101.0, None)
    assert reply.language == "english"
    assert reply.usage.input_audio_s == 4
    assert reply.content == "Hello you."


def test_speakers_and_tokens() -> None:
    usage = {
        "type": "tokens", "input_tokens": 37, "output_tokens": 12, "total_tokens": 49,
        "input_token_details": {"text_tokens": 0, "audio_tokens": 37},
    }  # fmt: skip
    segments = [{"type": "transcript.text.segment", "speaker": "A", "text": "Hi", "start": 0}]
    reply = read({"text": "Hi", "segments": segments, "usage": usage})
    assert reply.segments[0].speaker == "A"
    assert reply.usage.input_audio_tokens == 37
    assert reply.usage.total_tokens == 49


def test_log_probabilities_become_a_confidence() -> None:
    reply = read({"text": "Hi", "logprobs": [{"logprob": -0.1}, {"logprob": -0.3}]})
    assert reply.segments[0].confidence == pytest.approx(math.exp(-0.2))


def test_plain_texts_and_silence() -> None:
    assert read("1\n00:00:00,000 --> 00:00:01,000\nHi\n").content is not None
    reply = read({"text": "", "languages": []})
    assert (reply.content, reply.language) == (None, None)


@pytest.mark.parametrize("body", [{}, [], None, 3, {"text": None}, {"text": 3}])
def test_what_is_no_transcription_is_a_typed_error(body: object) -> None:
    with pytest.raises(InvalidReplyError):
        read(body)


def test_a_stream_of_deltas_and_segments() -> None:
    reader = TranscriptionStream(errors=CALL, start_s=10.0)
    events = [
        {"type": "transcript.text.delta", "delta": "Hel"},
        {"type": "transcript.text.delta", "delta": "lo"},
        {"type": "transcript.text.novelty", "x": 1},
        {"type": "transcript.text.segment", "id": "s", "start": 1, "end": 2, "text": "Hello",
         "speaker": "A"},
    ]  # fmt: skip
    found = [event for one in events for event in reader.feed(one)]
    with pytest.raises(StreamIncompleteError):
        list(reader.finish())
    done = {"type": "transcript.text.done", "text": "Hello", "languages": ["en"],
            "usage": {"type": "tokens", "input_tokens": 3, "output_tokens": 2}}  # fmt: skip
    found += reader.feed(done)
    reply = fold([*found, *reader.finish(), Finished()])
    assert (reply.content, reply.language) == ("Hello", "en")
    assert (reply.segments[0].start_s, reply.segments[0].end_s) == (11.0, 12.0)
    assert reply.usage.input_tokens == 3


def test_a_stream_with_nothing_but_its_end_still_has_its_text() -> None:
    reader = TranscriptionStream(errors=CALL)
    found = list(reader.feed({"type": "transcript.text.done", "text": "Hello"}))
    assert fold([*found, Finished()]).content == "Hello"
