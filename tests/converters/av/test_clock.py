"""The container's clock and its tracks: late starts, holes, and the second of two tracks."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from ossicle import AudioClip, Client, PipelineSettings
from ossicle.audio import BlockStream
from ossicle.errors import ConfigurationError, QualityRefusedError
from ossicle.intake import TRUSTED, decode, load

av = pytest.importorskip("av")

RATE = 48_000


def recording(
    container: str, codec: str, *, start_s: float = 0.0, hole: tuple[float, float] | None = None,
    tracks: int = 1, sounding: int = 1,
) -> bytes:  # fmt: skip
    """Four seconds of a tone in 20 ms frames; only one track sounds."""
    sink = io.BytesIO()
    with av.open(sink, "w", format=container) as file:
        streams: list[Any] = [
            file.add_stream(codec, rate=RATE, layout="mono") for _ in range(tracks)
        ]
        size = 960
        for number in range(200):
            at_s = number * size / RATE + start_s
            if hole is not None and number * size / RATE >= hole[0]:
                at_s += hole[1]
            for track, stream in enumerate(streams, start=1):
                times = (np.arange(size) + number * size) / RATE
                tone = 0.3 * np.sin(2 * np.pi * 440 * times) * (track == sounding)
                frame = av.AudioFrame.from_ndarray(
                    (tone * 32767).astype("<i2")[None], "s16", "mono"
                )
                frame.sample_rate, frame.pts = RATE, round(at_s * RATE)
                frame.time_base = Fraction(1, RATE)
                for packet in stream.encode(frame):
                    file.mux(packet)
        for stream in streams:
            for packet in stream.encode(None):
                file.mux(packet)
    return sink.getvalue()


def sounding_s(stream: BlockStream) -> list[bool]:
    """Whether each tenth of a second sounds."""
    samples = stream.read().samples[:, 0]
    tenths = samples[: len(samples) // 4800 * 4800].reshape(-1, 4800)
    return [bool(level > 0.05) for level in np.sqrt((tenths**2).mean(axis=1))]


@pytest.mark.parametrize(
    ("container", "codec"), [("matroska", "pcm_s16le"), ("mp4", "aac"), ("mov", "pcm_s16le")]
)
def test_a_late_start_is_told(container: str, codec: str) -> None:
    clip = load(recording(container, codec, start_s=4.0))
    assert clip.facts.start_s == pytest.approx(4.0, abs=0.05)
    assert clip.to_pcm().duration_s == pytest.approx(4.0, abs=0.05)
    assert clip.duration_s == pytest.approx(4.0, abs=0.05)


@pytest.mark.parametrize(
    ("container", "codec"), [("matroska", "pcm_s16le"), ("webm", "libopus"), ("mpegts", "mp2")]
)
@pytest.mark.parametrize("length_s", [0.5, 5.0, 60.0])
def test_a_hole_is_silence_of_its_length(container: str, codec: str, length_s: float) -> None:
    clip = load(recording(container, codec, hole=(2.0, length_s)))
    stream = decode(clip)
    sounds = sounding_s(stream)
    (hole,) = stream.holes
    assert hole.start_s == pytest.approx(2.0, abs=0.1)
    assert hole.duration_s == pytest.approx(length_s, abs=0.1)
    assert len(sounds) / 10 == pytest.approx(4.0 + length_s, abs=0.2)
    assert all(sounds[2:18])
    assert not any(sounds[22 : 18 + round(10 * length_s)])
    assert all(sounds[22 + round(10 * length_s) : -2])


def test_a_hole_is_a_finding_with_its_place() -> None:
    data = recording("webm", "libopus", hole=(2.0, 5.0))
    with Client("echo", settings=PipelineSettings(quality="warn")) as client:
        receipt = client.transcribe(data).receipt
    assert receipt is not None
    (finding,) = [one for one in receipt.inputs[0].findings if one.code == "hole"]
    assert finding.measured == pytest.approx(5.0, abs=0.1)
    assert finding.marks[0] == pytest.approx((2.0, 7.0), abs=0.1)


def test_a_hole_too_long_to_fill_is_told_and_costs_nothing() -> None:
    stream = decode(
        load(recording("matroska", "pcm_s16le", hole=(2.0, 4000.0)), limits=TRUSTED), limits=TRUSTED
    )
    assert len(sounding_s(stream)) == pytest.approx(40, abs=2)
    assert stream.holes[0].duration_s == pytest.approx(4000, abs=1)


@pytest.mark.parametrize("container", ["matroska", "mov", "avi", "mpegts"])
def test_a_track_can_be_named(container: str) -> None:
    codec = "mp2" if container == "mpegts" else "pcm_s16le"
    data = recording(container, codec, tracks=3, sounding=2)
    clip = load(data)
    assert [track.number for track in clip.facts.tracks] == [1, 2, 3]
    levels = [float(np.abs(load(data, track=n).to_pcm().samples).max()) for n in (1, 2, 3)]
    assert [level > 0.1 for level in levels] == [False, True, False]
    second = clip.with_track(2)
    assert second.facts.track == 2
    assert second.digest != clip.digest
    assert second != clip
    with pytest.raises(ConfigurationError, match="3 audio tracks"):
        load(data, track=4)


def test_silence_in_the_first_track_says_that_there_is_another() -> None:
    data = recording("matroska", "pcm_s16le", tracks=2, sounding=2)
    with Client("echo") as client, pytest.raises(QualityRefusedError, match="1 more audio track"):
        client.transcribe(data)


def test_a_file_with_one_track_has_no_second() -> None:
    with pytest.raises(ConfigurationError, match="1 audio track"):
        AudioClip.from_bytes(recording("wav", "pcm_s16le"), track=2)
