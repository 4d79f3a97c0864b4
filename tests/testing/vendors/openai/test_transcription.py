"""Transcriptions and translations."""

from __future__ import annotations

import base64
import itertools
import math
from typing import Any

import numpy as np
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI

from ossicle_testing.vendors.audio import encode_reply, wav_header
from ossicle_testing.vendors.openai import FakeOpenAI
from ossicle_testing.vendors.openai.transcription_wire import sentences_of, spans
from ossicle_testing.vendors.tones import tone_voice

TEXT = "First things first. Then the rest! And so on"
WAV = encode_reply(tone_voice(TEXT), "wav", sized_wav=True)
SECONDS = len(tone_voice(TEXT)) / 24_000


def _ask(vendor: FakeOpenAI, model: str, **fields: Any) -> Any:
    fields.setdefault("file", ("a.wav", WAV))
    with OpenAI(base_url=vendor.base_url, api_key="x", max_retries=0) as client:
        create: Any = client.audio.transcriptions.create
        answer = create(model=model, **fields)
        return list(answer) if fields.get("stream") and hasattr(answer, "response") else answer


@pytest.mark.parametrize("format", ["wav", "mp3", "flac", "opus"])
def test_what_was_said_is_written(vendor: FakeOpenAI, format: Any) -> None:
    name = "a.ogg" if format == "opus" else f"a.{format}"
    data = encode_reply(tone_voice(TEXT), format)
    assert _ask(vendor, "gpt-transcribe", file=(name, data)).text == TEXT


def test_gpt_transcribe_bills_time_and_tells_languages(vendor: FakeOpenAI) -> None:
    answer = _ask(vendor, "gpt-transcribe", keywords=["rest"], languages=["de", "en"], prompt="x")
    assert (answer.usage.type, answer.usage.seconds) == ("duration", math.ceil(SECONDS))
    assert [language.code for language in answer.languages] == ["de"]
    assert vendor.ledger.total.seconds == SECONDS
    assert float(vendor.ledger.total.amount) == pytest.approx(SECONDS / 60 * 0.0045)
    silence = encode_reply(np.zeros(24_000, np.float32), "wav", sized_wav=True)
    assert _ask(vendor, "gpt-transcribe", file=("a.wav", silence)).languages == []


def test_tokens_and_logprobs(vendor: FakeOpenAI) -> None:
    answer = _ask(vendor, "gpt-4o-transcribe", include=["logprobs"], prompt="four")
    usage = answer.usage
    assert (usage.type, usage.input_token_details.text_tokens) == ("tokens", 1)
    assert usage.input_token_details.audio_tokens == int(SECONDS * 10)
    assert usage.output_tokens == math.ceil(len(TEXT) / 4)
    assert "".join(item.token for item in answer.logprobs) == TEXT


def test_whisper_tells_words_and_segments(vendor: FakeOpenAI) -> None:
    answer = _ask(
        vendor, "whisper-1", response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )  # fmt: skip
    assert [word.word for word in answer.words] == TEXT.split()
    assert [segment.text.strip() for segment in answer.segments] == [
        "First things first.", "Then the rest!", "And so on",
    ]  # fmt: skip
    assert answer.segments[0].start == 0.0
    assert answer.segments[-1].end == answer.duration == pytest.approx(SECONDS, abs=0.01)


def test_text_and_subtitles(vendor: FakeOpenAI) -> None:
    assert _ask(vendor, "whisper-1", response_format="text") == TEXT + "\n"
    srt = _ask(vendor, "whisper-1", response_format="srt")
    assert srt.startswith("1\n00:00:00,000 --> 00:00:0")
    assert srt.count(" --> ") == 3
    vtt = _ask(vendor, "whisper-1", response_format="vtt")
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> ")


def test_whisper_ignores_streaming(vendor: FakeOpenAI) -> None:
    with OpenAI(base_url=vendor.base_url, api_key="x") as client:
        raw = client.audio.transcriptions.with_raw_response.create(
            model="whisper-1", file=("a.wav", WAV), stream=True
        )
    assert raw.headers["content-type"] == "application/json"


@pytest.mark.parametrize("model", ["gpt-transcribe", "gpt-4o-mini-transcribe"])
def test_events_add_up(vendor: FakeOpenAI, model: str) -> None:
    *deltas, done = _ask(vendor, model, stream=True)
    assert {event.type for event in deltas} == {"transcript.text.delta"}
    assert "".join(event.delta for event in deltas) == done.text == TEXT
    assert done.type == "transcript.text.done"
    assert done.usage.type == ("duration" if model == "gpt-transcribe" else "tokens")


def _reference() -> str:
    return "data:audio/wav;base64," + base64.b64encode(WAV).decode()


def test_speakers_are_told_apart(vendor: FakeOpenAI) -> None:
    model = "gpt-4o-transcribe-diarize"
    answer = _ask(vendor, model, response_format="diarized_json", chunking_strategy="auto")
    assert [segment.speaker for segment in answer.segments] == ["A", "B", "A"]
    named = _ask(
        vendor, model, response_format="diarized_json",
        chunking_strategy={"type": "server_vad", "threshold": 0.5},
        known_speaker_names=["Ann"], known_speaker_references=[_reference()],
    )  # fmt: skip
    assert {segment.speaker for segment in named.segments} == {"Ann"}
    events = _ask(vendor, model, response_format="diarized_json", stream=True)
    assert sum(event.type == "transcript.text.segment" for event in events) == 3


@pytest.mark.parametrize(
    ("model", "fields", "message"),
    [
        ("gpt-transcribe", {"response_format": "verbose_json"},
         "response_format 'verbose_json' is not compatible with model 'gpt-transcribe'. Use "
         "'json' or 'text' instead."),
        ("gpt-4o-transcribe", {"response_format": "srt"}, "not compatible"),
        ("gpt-4o-transcribe", {"response_format": "lrc"}, "Supported values are"),
        ("whisper-1", {"response_format": "diarized_json"}, "not compatible"),
        ("gpt-transcribe", {"file": ("a.bin", WAV)}, "Unsupported file format bin"),
        ("whisper-1", {"file": ("upload", WAV)},
         r"Invalid file format. Supported formats: \['flac', 'm4a', 'mp3'"),
        ("gpt-transcribe", {"file": ("a.wav", b"nonsense")},
         "Audio file might be corrupted or unsupported"),
        ("whisper-1", {"file": ("a.wav", b"nonsense")}, "could not be decoded"),
        ("gpt-transcribe", {"file": ("a.wav", wav_header())}, "Minimum audio length is 0.1"),
        ("gpt-transcribe", {"include": ["logprobs"]}, "'include' is not supported"),
        ("gpt-4o-transcribe", {"include": ["logprobs"], "response_format": "text"}, "'include'"),
        ("gpt-4o-transcribe", {"timestamp_granularities": ["word"]}, "'timestamp_granularities'"),
        ("whisper-1", {"timestamp_granularities": ["word"]}, "'timestamp_granularities'"),
        ("gpt-4o-transcribe", {"keywords": ["x"]}, "'keywords'"),
        ("gpt-4o-transcribe-diarize", {"prompt": "x"}, "'prompt'"),
        ("whisper-1", {"temperature": 1.5}, "above maximum"),
        ("gpt-transcribe", {"extra_body": {"surprise": "1"}}, "surprise"),
        ("gpt-4o-transcribe-diarize", {"known_speaker_names": ["a"]}, "same length"),
        ("gpt-4o-transcribe-diarize", {"known_speaker_names": list("abcde")}, "maximum length"),
        ("gpt-4o-transcribe-diarize",
         {"file": ("a.wav", wav_header() + bytes(24_000 * 2 * 31))}, "chunking_strategy"),
    ],
)  # fmt: skip
def test_refusals(vendor: FakeOpenAI, model: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        _ask(vendor, model, **fields)
    assert vendor.ledger.executed == ()


@pytest.mark.parametrize("model", ["gpt-audio-1.5", "whisper-9"])
def test_models_that_do_not_hear(vendor: FakeOpenAI, model: str) -> None:
    with pytest.raises(openai.NotFoundError):
        _ask(vendor, model)


def _lasting(seconds: float) -> bytes:
    """Silence at 4,000 Hz in 8 bits, so that it fits."""
    frames = int(seconds * 4000)
    header = bytearray(wav_header(frames, sample_rate=4000))
    header[28:32] = (4000).to_bytes(4, "little")
    header[32:36] = b"\x01\0\x08\0"
    return bytes(header) + b"\x80" * frames


@pytest.mark.parametrize(
    ("model", "seconds", "refused"),
    [("gpt-4o-transcribe", 1400, False), ("gpt-4o-transcribe", 1830.53, True),
     ("gpt-transcribe", 1830.53, False), ("whisper-1", 1830.53, False)],
)  # fmt: skip
def test_the_longest_audio(vendor: FakeOpenAI, model: str, seconds: float, refused: bool) -> None:
    if not refused:
        assert _ask(vendor, model, file=("a.wav", _lasting(seconds))).text == ""
        return
    message = "audio duration 1830.53 seconds is longer than 1400 seconds which is the maximum"
    with pytest.raises(openai.BadRequestError, match=message):
        _ask(vendor, model, file=("a.wav", _lasting(seconds)))


def test_the_largest_body(vendor: FakeOpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        _ask(vendor, "gpt-transcribe", file=("a.wav", bytes(26_214_400)))
    assert caught.value.status_code == 413
    assert "Maximum content size limit (26214400) exceeded (2621" in caught.value.message
    assert caught.value.type == "server_error"


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_only_whisper_translates(vendor: FakeOpenAI) -> None:
    with OpenAI(base_url=vendor.base_url, api_key="x", max_retries=0) as client:
        create: Any = client.audio.translations.create
        assert create(model="whisper-1", file=("a.wav", WAV)).text == TEXT
        with pytest.raises(openai.NotFoundError):
            create(model="gpt-transcribe", file=("a.wav", WAV))


@given(text=st.text(max_size=80), duration_s=st.floats(0.1, 4000))
def test_spans_cover_the_duration_in_order(text: str, duration_s: float) -> None:
    pieces = sentences_of(text)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    found = spans(pieces, duration_s)
    if found:
        assert found[0].start_s == 0
        assert found[-1].end_s == round(duration_s, 2)
    for before, after in itertools.pairwise(found):
        assert before.start_s <= before.end_s == after.start_s
