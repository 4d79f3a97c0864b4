"""Clips are valid in every container; damaged ones mostly are not."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried
from tests.testing.strategies.finding import drawn, simplest

from ossicle.audio import AudioClip
from ossicle.errors import MalformedAudioError
from ossicle.intake.pcm_converter import PCM_SPEC
from ossicle_testing.strategies import (
    Damage,
    Writer,
    WrittenClip,
    clips,
    damages,
    installed_writers,
    malformed_headers,
    written_clips,
)

OWN = [writer for writer in installed_writers() if writer.rule.container != "raw"]


@settings(deadline=None, max_examples=tried(60))
@given(written_clips(max_frames=400))
def test_a_clip_is_sniffed_as_what_it_was_written_as(made: WrittenClip) -> None:
    form = made.clip.format
    assert (form.container, form.encoding) == (made.writer.rule.container, made.writer.encoding)
    assert form.channels == made.signal.channels


@pytest.mark.slow
def test_every_container_is_drawn() -> None:
    found = {clip.format.container for clip in drawn(clips(max_frames=32), 300)}
    assert found == {writer.rule.container for writer in OWN}


def test_a_failing_clip_shrinks_to_one_short_line() -> None:
    plain = written_clips(converters=[PCM_SPEC], max_frames=64)
    found = simplest(plain, lambda made: made.clip.format.channels == 2)
    assert found.signal.frames == 1
    assert found.signal.kind == "tone"
    assert len(repr(found)) < 260


@settings(deadline=None, max_examples=tried(100))
@given(malformed_headers())
def test_damaged_headers_are_bytes_that_sniffing_survives(data: bytes) -> None:
    with contextlib.suppress(MalformedAudioError):
        AudioClip.from_bytes(data)


def is_refused(data: bytes) -> bool:
    try:
        AudioClip.from_bytes(data)
    except MalformedAudioError:
        return True
    return False


@pytest.mark.slow
def test_damaged_headers_cover_what_is_no_audio_and_what_lies() -> None:
    found = drawn(malformed_headers(), 100)
    passed = [AudioClip.from_bytes(data) for data in found if not is_refused(data)]
    assert 10 < len(passed) < 90
    assert any("truncated" in clip.facts.notes for clip in passed)


@settings(deadline=None)
@given(st.binary(max_size=40), damages(max_at=50))
def test_damage_keeps_to_its_place(data: bytes, damage: Damage) -> None:
    changed = damage(data)
    at = min(damage.at, len(data))
    assert changed[:at] == data[:at]
    assert len(changed) <= len(data) + len(damage.insert)


def test_damage_by_hand() -> None:
    assert Damage(at=1, overwrite=b"xy")(b"abcd") == b"axyd"
    assert Damage(at=3, overwrite=b"xy")(b"abcd") == b"abcx"
    assert Damage(at=2, insert=b"xy")(b"abcd") == b"abxycd"
    assert Damage(at=2, cut=True)(b"abcd") == b"ab"
    assert Damage(at=9, cut=True)(b"abcd") == b"abcd"


def test_a_writer_prints_short() -> None:
    assert all(isinstance(writer, Writer) and len(repr(writer)) < 30 for writer in OWN)


def test_a_failing_header_shrinks_to_a_short_file() -> None:
    found = simplest(malformed_headers(converters=[PCM_SPEC]), is_refused)
    assert len(found) < 48


def test_a_failing_container_shrinks_to_the_plainest_of_its_kind() -> None:
    found = simplest(written_clips(), lambda made: made.clip.format.container == "flac")
    assert repr(found.signal) == "Signal(kind='tone', frames=1, sample_rate=8000, hertz=20)"
