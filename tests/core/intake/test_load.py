"""What comes in, what is refused at the door, and what is cut off on the way."""

from __future__ import annotations

import io
import os
import pickle
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from tests.core.audio import synthetic

from ossicle.abc import CodecRule, ConverterSpec, FormatConverter, Requirement
from ossicle.audio import AudioClip, AudioFormat, BlockStream
from ossicle.errors import (
    AudioLimitError,
    ConfigurationError,
    FileAccessError,
    MalformedAudioError,
    PluginContractError,
    UnsupportedFormatError,
)
from ossicle.intake import DEFAULT, PCM_SPEC, TRUSTED, IntakeLimits, check_facts, decode, load

FLAC = synthetic.flac()


class Stub(FormatConverter):
    """A converter that gives what a test wants."""

    def __init__(self, give: Callable[[AudioClip], Any]) -> None:
        self._give = give

    def decode(self, clip: AudioClip) -> BlockStream:
        stream: BlockStream = self._give(clip)
        return stream

    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        raise NotImplementedError


def spec(
    give: Callable[[AudioClip], Any],
    *,
    name: str = "stub",
    cost: float = 1.0,
    container: str = "flac",
    requires: tuple[Requirement, ...] = (),
) -> ConverterSpec:
    return ConverterSpec(
        name=name,
        summary="for a test",
        factory=lambda: Stub(give),
        reads=(CodecRule(container=container, cost=cost),),
        requires=requires,
    )


def endless(channels: int = 1, sample_rate: int = 8000, block: Any = None) -> BlockStream:
    def blocks() -> Iterator[Any]:
        while True:
            yield np.zeros((1000, channels), np.float32) if block is None else block

    return BlockStream(blocks(), sample_rate=sample_rate, channels=channels)


def drain(stream: BlockStream) -> int:
    with stream:
        return sum(len(block) for block in stream)


# ---- load


def test_every_kind_of_source_gives_the_same_clip(tmp_path: Path) -> None:
    data = synthetic.wav()
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    sources: list[Any] = [
        data, bytearray(data), memoryview(data), path, str(path), io.BytesIO(data),
        AudioClip.from_bytes(data),
    ]  # fmt: skip
    clips = [load(source) for source in sources]
    assert {clip.digest for clip in clips} == {clips[0].digest}


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1/a.wav",
        "HTTPS://example.com/a.wav",
        "file:///etc/hostname",
        "concat:a.wav|b.wav",
        "subfile,,start,0,end,9,,:a.wav",
        "data:audio/wav;base64,UklGRg==",
        "rtsp://a/b",
        "crypto+http://a",
        "a\0b.wav",
    ],
)
def test_strings_are_paths_and_nothing_else(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(text)
    assert "127.0.0.1" not in str(caught.value)


def test_odd_but_real_file_names_are_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one, two.wav", "-i.wav", "take 1: intro.wav", "ä%s.mp3", "#EXTM3U"):
        Path(name).write_bytes(synthetic.wav())
        assert load(name).format.container == "wav"
    Path("concat:a").write_bytes(synthetic.wav())
    assert load(Path("concat:a")).format.container == "wav"


@pytest.mark.parametrize("source", [None, 5, 1.5, ["a.wav"], object(), b"a.wav".decode])
def test_what_is_no_source_is_refused(source: Any) -> None:
    with pytest.raises(ConfigurationError):
        load(source)


def test_a_text_file_object_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="binary"):
        load(io.StringIO("RIFF"))  # type: ignore[arg-type]


def test_paths_that_are_no_files_are_refused(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (tmp_path, tmp_path / "missing.wav", fifo, "", "x" * 5000):
        with pytest.raises(FileAccessError):
            load(path)


@pytest.mark.parametrize("wrap", [bytes, io.BytesIO])
def test_sources_beyond_the_size_are_refused(wrap: Callable[[bytes], Any], tmp_path: Path) -> None:
    limits = IntakeLimits(encoded_bytes=100)
    with pytest.raises(AudioLimitError) as caught:
        load(wrap(synthetic.wav(bytes(200))), limits=limits)
    assert (caught.value.limit, caught.value.allowed) == ("encoded_bytes", 100)
    path = tmp_path / "a.wav"
    path.write_bytes(synthetic.wav(bytes(200)))
    with pytest.raises(AudioLimitError):
        load(path, limits=limits)
    # Bytes in memory are measured before they are copied or looked at.
    with pytest.raises(AudioLimitError):
        load(wrap(bytes(101)), limits=limits)


# ---- the gate


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"duration_s": 601.0}, "decoded_s"),
        ({"frames": 1 << 27}, "decoded_bytes"),
        ({"n_bytes": (25 << 20) + 1}, "encoded_bytes"),
    ],
)
def test_headers_beyond_the_limits_are_refused(changes: dict[str, Any], limit: str) -> None:
    facts = replace(AudioClip.from_bytes(synthetic.wav()).facts, **changes)
    with pytest.raises(AudioLimitError) as caught:
        check_facts(facts)
    assert caught.value.limit == limit
    assert limit in str(caught.value)
    check_facts(facts, TRUSTED)


@pytest.mark.parametrize(
    ("channels", "sample_rate", "limit"),
    [(8, 384_000, None), (9, 8000, "channels"), (1, 384_001, "sample_rate")],
)
def test_channels_and_rates_have_limits(channels: int, sample_rate: int, limit: str | None) -> None:
    form = synthetic.fmt(channels=channels, sample_rate=sample_rate)
    data = synthetic.wav(form=form)
    if limit is None:
        load(data)
    else:
        with pytest.raises(AudioLimitError) as caught:
            load(data)
        assert caught.value.limit == limit


def test_the_longest_allowed_stereo_file_passes() -> None:
    facts = AudioClip.from_bytes(synthetic.wav()).facts
    form = facts.format.at(sample_rate=48_000, channels=2)
    check_facts(replace(facts, format=form, duration_s=600.0, frames=600 * 48_000))


def test_limits_that_let_nothing_in_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="channels of 0"):
        IntakeLimits(channels=0)


# ---- decode


def test_plain_samples_need_no_plugin() -> None:
    with decode(AudioClip.from_bytes(synthetic.wav(b"\x00\x40")), converters=()) as stream:
        assert stream.frames == 1
        assert stream.read().samples.tolist() == [[0.5]]


def test_the_cheapest_converter_that_can_work_is_asked() -> None:
    asked: list[str] = []

    def give(name: str) -> Callable[[AudioClip], BlockStream]:
        def start(clip: AudioClip) -> BlockStream:
            asked.append(name)
            if name == "b":
                raise UnsupportedFormatError("not this variant")
            return BlockStream(iter(()), sample_rate=8000, channels=1)

        return start

    lacking = (Requirement(package="not_there_at_all", extra="av"),)
    specs = [
        spec(give("c"), name="c", cost=3),
        spec(give("b"), name="b", cost=2),
        spec(give("a"), name="a", cost=1, requires=lacking),
        spec(give("d"), name="d", cost=4),
    ]
    assert drain(decode(AudioClip.from_bytes(FLAC), converters=specs)) == 0
    assert asked == ["b", "c"]


def test_the_extra_that_would_read_it_is_named() -> None:
    lacking = (Requirement(package="not_there_at_all", extra="av"),)
    with pytest.raises(UnsupportedFormatError) as caught:
        decode(AudioClip.from_bytes(FLAC), converters=[spec(lambda _: None, requires=lacking)])
    assert caught.value.extra == "av"
    assert 'pip install "ossicle[av]"' in str(caught.value)
    with pytest.raises(UnsupportedFormatError, match="no converter reads flac"):
        decode(AudioClip.from_bytes(FLAC), converters=())


@pytest.mark.parametrize(
    ("limits", "limit", "most"),
    [
        (IntakeLimits(decoded_s=2.0), "decoded_s", 16_000),
        (IntakeLimits(decoded_bytes=40_000), "decoded_bytes", 10_000),
    ],
)
def test_a_decoder_without_an_end_is_ended(limits: IntakeLimits, limit: str, most: int) -> None:
    stream = decode(
        AudioClip.from_bytes(FLAC), limits=limits, converters=[spec(lambda _: endless())]
    )
    frames = 0
    with pytest.raises(AudioLimitError) as caught, stream:
        for block in stream:
            frames += len(block)
    assert caught.value.limit == limit
    assert frames == most


def never(clip: AudioClip) -> BlockStream:
    raise AssertionError("a decoder was asked")


def test_no_decoder_is_asked_beyond_the_header_gate() -> None:
    clip = AudioClip.from_bytes(synthetic.flac(bytes(9000), total=3_000_000))
    with pytest.raises(AudioLimitError) as caught:
        decode(clip, limits=IntakeLimits(decoded_s=60), converters=[spec(never)])
    assert caught.value.measured == pytest.approx(3_000_000 / 44_100)


def test_no_decoder_is_asked_beyond_the_metadata_gate() -> None:
    comments = struct.pack("<II", 0, 5000) + struct.pack("<I", 3) * 10_000
    data = b"fLaC\x00" + FLAC[5:42] + b"\x84" + len(comments).to_bytes(3, "big") + comments
    with pytest.raises(AudioLimitError) as caught:
        decode(AudioClip.from_bytes(data + FLAC[42:]), converters=[spec(never)])
    assert caught.value.limit == "metadata_entries"


@pytest.mark.slow
def test_empty_blocks_without_an_end_are_ended_by_time() -> None:
    nothing = np.zeros((0, 1), np.float32)
    limits = IntakeLimits(decode_wall_s=0.02)
    with pytest.raises(AudioLimitError) as caught:
        drain(
            decode(
                AudioClip.from_bytes(FLAC),
                limits=limits,
                converters=[spec(lambda _: endless(block=nothing))],
            )
        )
    assert caught.value.limit == "decode_wall_s"


@pytest.mark.parametrize(("channels", "sample_rate"), [(9, 8000), (1, 400_000)])
def test_a_decoder_may_not_exceed_what_the_header_said(channels: int, sample_rate: int) -> None:
    closed: list[int] = []

    def give(clip: AudioClip) -> BlockStream:
        return BlockStream(
            iter(()), sample_rate=sample_rate, channels=channels, close=lambda: closed.append(1)
        )

    with pytest.raises(AudioLimitError):
        decode(AudioClip.from_bytes(FLAC), converters=[spec(give)])
    assert closed == [1]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(value: float) -> None:
    samples = np.zeros(100, "<f4")
    samples[37] = value
    data = synthetic.wav(samples.tobytes(), form=synthetic.fmt(tag=3, bits=32))
    with pytest.raises(MalformedAudioError, match="not numbers"):
        drain(decode(AudioClip.from_bytes(data), converters=()))


def test_large_finite_samples_pass() -> None:
    data = synthetic.wav(np.full(100, 3e38, "<f4").tobytes(), form=synthetic.fmt(tag=3, bits=32))
    assert drain(decode(AudioClip.from_bytes(data), converters=())) == 100


def failing(error: BaseException) -> Callable[[AudioClip], BlockStream]:
    def blocks() -> Iterator[Any]:
        yield np.zeros((1, 1), np.float32)
        raise error

    return lambda clip: BlockStream(blocks(), sample_rate=8000, channels=1)


def raising(error: BaseException) -> Callable[[AudioClip], BlockStream]:
    def give(clip: AudioClip) -> BlockStream:
        raise error

    return give


@pytest.mark.parametrize("how", [failing, raising])
def test_a_plugins_own_errors_are_named_after_it(
    how: Callable[[BaseException], Callable[[AudioClip], BlockStream]],
) -> None:
    with pytest.raises(PluginContractError, match=r"'stub' raised KeyError") as caught:
        drain(decode(AudioClip.from_bytes(FLAC), converters=[spec(how(KeyError("secret")))]))
    assert "secret" not in str(caught.value)
    with pytest.raises(MalformedAudioError, match="bad"):
        drain(
            decode(AudioClip.from_bytes(FLAC), converters=[spec(how(MalformedAudioError("bad")))])
        )


@pytest.mark.parametrize(
    "block",
    [
        np.zeros(4, np.float32),
        np.zeros((4, 1), np.float64),
        np.zeros((4, 2), np.float32),
        [[0.0]],
        np.zeros((1 << 25, 1), np.float32),
    ],
)
def test_blocks_that_break_the_interface_are_refused(block: Any) -> None:
    with pytest.raises(PluginContractError, match="'stub' gave"):
        drain(decode(AudioClip.from_bytes(FLAC), converters=[spec(lambda _: endless(block=block))]))


@pytest.mark.parametrize("stream", [None, [], BlockStream(iter(()), sample_rate=0, channels=1)])
def test_streams_that_break_the_interface_are_refused(stream: Any) -> None:
    with pytest.raises(PluginContractError, match="'stub' gave"):
        decode(AudioClip.from_bytes(FLAC), converters=[spec(lambda _: stream)])


def test_closing_the_stream_closes_the_decoder() -> None:
    closed: list[int] = []

    def give(clip: AudioClip) -> BlockStream:
        stream = endless()
        return (
            stream.map(iter(stream))
            if closed
            else BlockStream(
                iter(stream), sample_rate=8000, channels=1, close=lambda: closed.append(1)
            )
        )

    stream = decode(AudioClip.from_bytes(FLAC), converters=[spec(give)])
    next(iter(stream))
    stream.close()
    stream.close()
    assert closed == [1]


def test_the_default_limits_are_those_of_the_reference() -> None:
    assert (DEFAULT.encoded_bytes, DEFAULT.decoded_s, DEFAULT.decoded_bytes) == (
        25 * 2**20, 600, 256 * 2**20,
    )  # fmt: skip
    assert (DEFAULT.channels, DEFAULT.sample_rate) == (8, 384_000)
    assert (DEFAULT.metadata_bytes, DEFAULT.metadata_entries) == (2**20, 1024)


# ---- tags


def seen_by_a_converter(clip: AudioClip) -> tuple[AudioClip, bytes]:
    seen: list[tuple[AudioClip, bytes]] = []

    def give(given: AudioClip) -> BlockStream:
        with given.open() as file:
            seen.append((given, file.read()))
        return BlockStream(iter(()), sample_rate=44_100, channels=1)

    drain(decode(clip, converters=[spec(give, container=clip.format.container)]))
    return seen[0]


@pytest.mark.parametrize("from_file", [False, True])
def test_a_converter_never_sees_the_tags(from_file: bool, tmp_path: Path) -> None:
    audio = synthetic.mp3(frames=6)
    ape = b"APETAGEX" + bytes([208, 7, 0, 0, 32, 0, 0, 0]) + bytes(16)
    data = synthetic.id3(500) + synthetic.id3(9) + audio + ape + b"TAG" + bytes(125)
    path = tmp_path / "a.mp3"
    path.write_bytes(data)
    clip = AudioClip.from_path(path) if from_file else AudioClip.from_bytes(data)
    given, content = seen_by_a_converter(clip)
    assert content == audio == given.read_bytes()
    assert given.facts.n_bytes == len(audio)
    assert given.facts.data_offset == 0
    assert given.path is None
    assert pickle.loads(pickle.dumps(given)).read_bytes() == audio
    assert given == AudioClip.from_bytes(audio)


def test_a_tag_before_flac_is_cut_off_too() -> None:
    given, content = seen_by_a_converter(AudioClip.from_bytes(synthetic.id3(70) + FLAC))
    assert content == FLAC
    assert given.facts == AudioClip.from_bytes(FLAC).facts


def test_a_clip_without_tags_is_passed_on_as_it_is() -> None:
    clip = AudioClip.from_bytes(synthetic.mp3(frames=6))
    assert seen_by_a_converter(clip)[0] is clip


def test_the_core_converter_is_announced_by_its_plugin_hook() -> None:
    from ossicle.intake import plugin

    assert plugin.ossicle_register_converters() == [PCM_SPEC]
    clip = AudioClip.from_bytes(synthetic.wav())
    sink = io.BytesIO()
    PCM_SPEC.factory().convert(clip, clip.format, sink)
    assert sink.getvalue() == clip.read_bytes()
