from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from tests.providers.openai.wire import OPENAI

from ossicle_openai.catalogue import (
    all_capabilities,
    default_models,
    record_for,
    successor_of,
)
from ossicle_openai.profiles import PROFILE_NAMES, profile_named


def test_every_record_is_dated_and_sourced_and_complete() -> None:
    for record in all_capabilities():
        assert record.as_of == datetime.date(2026, 11, 22)
        assert record.source
        assert record.tasks
        assert not record.is_assumed
        if record.shutdown is not None:
            successor = record.successor
            assert successor is not None
            assert record_for(successor, OPENAI).capabilities.shutdown is None


@pytest.mark.parametrize(
    ("model", "shutdown"),
    [
        ("gpt-audio-1.5", None),
        ("gpt-audio", "2027-01-20"),
        ("gpt-audio-mini-2025-12-15", "2027-01-20"),
        ("gpt-4o-audio-preview", "2026-05-07"),
        ("tts-1", "2027-01-06"),
        ("gpt-4o-mini-tts", "2027-01-06"),
        ("whisper-1", "2027-02-26"),
        ("gpt-transcribe", None),
    ],
)
def test_ends_as_the_vendor_announced_them(model: str, shutdown: str | None) -> None:
    found = record_for(model, OPENAI).capabilities.shutdown
    assert (found.isoformat() if found else None) == shutdown


def test_a_chat_model_of_the_catalogue() -> None:
    record = record_for("gpt-audio-1.5", OPENAI).capabilities
    assert len(record.rows["respond"]) == 5
    assert record.tasks == {"respond", "speak"}
    assert record.audio_output is not None
    assert [rule.container for rule in record.audio_output.streamed] == ["raw"]
    assert record.prices is not None
    # A minute heard and a minute spoken, as the vendor's rates make them.
    assert record.audio_tokens_per_s_in == 10
    assert 600 * (record.prices.audio_in or 0) / 1_000_000 == Decimal("0.0192")
    assert 1200 * (record.prices.audio_out or 0) / 1_000_000 == Decimal("0.0768")


def test_speech_moves_to_a_chat_model_when_its_own_ends() -> None:
    end = datetime.date(2027, 1, 6)
    assert default_models(end)["speak"] == "gpt-4o-mini-tts"
    assert default_models(end + datetime.timedelta(days=1))["speak"] == "gpt-audio-1.5"
    assert default_models(end)["respond"] == "gpt-audio-1.5"
    assert default_models(end)["transcribe"] == "gpt-transcribe"


def test_recordings_beyond_the_vendors_limits_are_taken_as_wav_alone() -> None:
    taken = record_for("gpt-4o-transcribe", OPENAI).capabilities.audio_input
    assert taken is not None
    long_ones = {
        rule.container for rule in taken.formats if rule.holds(n_bytes=30 << 20, duration_s=2000.0)
    }
    assert long_ones == {"wav"}
    assert all(rule.holds(n_bytes=25_000_000, duration_s=1400.0) for rule in taken.formats)


def test_models_that_nobody_described_are_assumed_and_say_so() -> None:
    for model, tasks in (
        ("qwen3-omni", {"respond", "speak"}),
        ("kokoro-tts", {"speak"}),
        ("whisper-large-v3", {"transcribe"}),
    ):
        record = record_for(model, OPENAI).capabilities
        assert record.model == model
        assert record.is_assumed
        assert record.tasks == tasks
        assert record.prices is None
        assert record.shutdown is None
        assert record.voices is None
    assert successor_of("qwen3-omni") is None
    assert successor_of("tts-1") == "gpt-audio-1.5"


def test_the_vendors_dates_do_not_hold_elsewhere() -> None:
    for name in PROFILE_NAMES:
        if name == "openai":
            continue
        record = record_for("tts-1", profile_named(name)).capabilities
        assert record.shutdown is None
        assert record.is_assumed
        assert (record.prices is None) == (name != "generic")
    # Behind an unknown gateway, a name that nobody else uses means the vendor's own model.
    record = record_for("gpt-audio", profile_named("generic")).capabilities
    assert record == record_for("gpt-audio", OPENAI).capabilities


def test_endpoints_that_only_stream_audio_say_so() -> None:
    record = record_for("gpt-audio-mini", profile_named("openrouter")).capabilities
    assert record.audio_output is not None
    assert record.audio_output.whole == ()
    speech = record_for("gpt-4o-mini-tts", profile_named("openrouter"))
    assert speech.capabilities.audio_output is not None
    assert {rule.container for rule in speech.capabilities.audio_output.whole} == {"raw", "mp3"}
    assert speech.speech is not None
    assert not speech.speech.streams_events
    heard = record_for("whisper-1", profile_named("groq"))
    assert heard.transcription is not None
    assert heard.transcription.formats == ("json", "verbose_json", "text")
