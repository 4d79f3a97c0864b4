"""What converters are tried with: targets of their rules, sinks, and bytes that are damaged."""

from __future__ import annotations

import errno
import io
import random
import struct
from collections.abc import Callable, Iterator

import numpy as np

from ossicle.abc import CodecRule, ConverterSpec
from ossicle.audio import AudioClip, AudioFacts, AudioFormat, BlockStream, Pcm
from ossicle.errors import OssicleError
from ossicle.plugins import default_host, missing
from ossicle.signal import Resampler, Samples
from ossicle_testing.strategies.formats import Writer, installed_writers
from ossicle_testing.strategies.signals import Signal

EXACT = ("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be",
         "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "flac", "alac")  # fmt: skip
"""Encodings that hold at least 16 bits of every sample."""

UNCOUNTED = ("adts", "raw")
"""Containers that cannot say how many frames of the last packet count, or need no count."""

_USUAL_RATES = (24000, 16000, 44100, 8000)
_LOSSY_BLOCKS = ("ima_adpcm", "ms_adpcm", "gsm")


def rates_of(rule: CodecRule) -> tuple[int, ...]:
    """Up to three rates of a rule: the lowest, the highest, a usual one."""
    if rule.sample_rates is None:
        return (24000, 11025)
    usual = next((rate for rate in _USUAL_RATES if rate in rule.sample_rates), None)
    wanted = (usual, min(rule.sample_rates), max(rule.sample_rates))
    return tuple(dict.fromkeys(rate for rate in wanted if rate))


def channels_of(rule: CodecRule) -> tuple[int, ...]:
    """One channel, two, and the most that a rule allows up to eight."""
    most = rule.max_channels or 2
    return tuple(sorted({1, min(2, most), min(8, most)}))


def targets_of(writer: Writer) -> list[AudioFormat]:
    """The formats in which a writer is tried: each rate in mono, each channel count at one rate."""
    rates, counts = rates_of(writer.rule), channels_of(writer.rule)
    shapes = [(rate, counts[0]) for rate in rates] + [(rates[0], count) for count in counts[1:]]
    return [writer.target(sample_rate=rate, channels=count) for rate, count in shapes]


def signal_for(target: AudioFormat, *, frames: int = 6001, level_dbfs: float = -9.0) -> Signal:
    """A low tone at the rate and channels of a target; codecs keep it well."""
    assert target.sample_rate is not None
    assert target.channels is not None
    return Signal(
        kind="tone", frames=frames, sample_rate=target.sample_rate, channels=target.channels,
        hertz=300, level_dbfs=level_dbfs,
    )  # fmt: skip


def encode(
    spec: ConverterSpec, pcm: Pcm, target: AudioFormat, *, block_frames: int = 4096
) -> bytes:
    """What a converter writes of these samples."""
    sink = io.BytesIO()
    spec.factory().encode(pcm.stream(block_frames), target, sink)
    return sink.getvalue()


def clip_of(data: bytes, target: AudioFormat) -> AudioClip | None:
    """A clip of what was written; `None` for raw bytes that are not plain samples."""
    if target.container != "raw":
        return AudioClip.from_bytes(data)
    width = 1 if target.encoding in ("mulaw", "alaw") else target.sample_width
    if width is None:
        return None
    frames = len(data) // (width * (target.channels or 1))
    facts = AudioFacts(
        format=target, n_bytes=len(data), frames=frames, data_offset=0, data_bytes=len(data),
        duration_s=frames / target.sample_rate if target.sample_rate else None,
    )  # fmt: skip
    return AudioClip(data, facts=facts)


def reader_of(form: AudioFormat, writer: ConverterSpec) -> ConverterSpec | None:
    """Who judges what was written: the cheapest reader, as the framework would choose."""
    specs = {spec.name: spec for spec in (*_installed(), writer)}.values()
    rules = [(rule.cost, spec) for spec in specs if (rule := spec.reading(form)) is not None]
    return min(rules, key=lambda pair: pair[0])[1] if rules else None


def writers_for(rule: CodecRule, first: ConverterSpec) -> list[Writer]:
    """Who can make input for a reading rule: others before the reader itself."""
    others = [spec for spec in _installed() if spec.name != first.name]
    return [
        writer
        for writer in installed_writers((*others, first))
        if writer.rule.container == rule.container
        and (rule.encodings is None or writer.encoding in rule.encodings)
    ]


def _installed() -> list[ConverterSpec]:
    return [spec for spec in default_host().converters() if not missing(spec.requires)]


def inputs_for(spec: ConverterSpec) -> Iterator[tuple[str, CodecRule, Signal, AudioClip]]:
    """A clip for each encoding that a converter reads and something here writes.

    Yields:
        Container and encoding in words, the rule, what was written, and the clip.
    """
    for rule in spec.reads:
        done: set[str] = set()
        for writer in writers_for(rule, spec):
            if writer.encoding in done:
                continue
            target = targets_of(writer)[0]
            signal = signal_for(target)
            try:
                clip = clip_of(encode(writer.converter, signal.pcm, target), target)
            except OssicleError:
                continue  # what the writer does wrong is said when it is tried itself
            if clip is None or not rule.covers(clip.format):
                continue
            done.add(writer.encoding)
            yield f"{rule.container}/{writer.encoding}", rule, signal, clip


def stereo_clips(spec: ConverterSpec) -> Iterator[tuple[str, Pcm, AudioClip]]:
    """Two tones in one clip of each encoding that a converter writes, or else reads.

    Yields:
        Who wrote what, the samples, and the clip.
    """
    own = list(installed_writers([spec]))
    for rule in spec.reads:
        own += writers_for(rule, spec)
    done: set[tuple[str, str]] = set()
    for writer in own:
        key = (writer.rule.container, writer.encoding)
        if key in done or (writer.rule.max_channels or 2) < 2:
            continue
        done.add(key)
        target = targets_of(writer)[0].at(channels=2)
        assert target.sample_rate is not None
        sides = [
            Signal(
                kind="tone", frames=6001, sample_rate=target.sample_rate, hertz=hertz,
                level_dbfs=-12.0,
            ).pcm.samples
            for hertz in (300, 440)
        ]  # fmt: skip
        pcm = Pcm(
            samples=np.ascontiguousarray(np.concatenate(sides, axis=1)),
            sample_rate=target.sample_rate,
        )
        clip = clip_of(encode(writer.converter, pcm, target), target)
        if clip is not None:
            yield f"{writer.converter.name} {target}", pcm, clip


def at_rate(pcm: Pcm, sample_rate: int, *, encoding: str) -> Pcm:
    """Decoded samples at the rate that was written.

    Opus has no rate of its own, and WebM does not keep that of its input: 48 kHz is as true.

    Raises:
        AssertionError: The rate is another one and the encoding is not Opus.
    """
    if pcm.sample_rate == sample_rate:
        return pcm
    assert (encoding, pcm.sample_rate) == ("opus", 48000), f"decoded at {pcm.sample_rate} Hz"
    resampler = Resampler(sample_rate_in=48000, sample_rate_out=sample_rate, channels=pcm.channels)
    samples = np.concatenate([resampler.process(pcm.samples), resampler.flush()])
    return Pcm(samples=samples, sample_rate=sample_rate)


def noise_db(original: Samples, decoded: Samples) -> float:
    """Noise against signal over the common part, in dB; the decoded may come late by a little."""
    a, b = original[:, 0].astype(np.float64), decoded[:, 0].astype(np.float64)
    size = 1 << (len(a) + len(b)).bit_length()
    match = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)
    lag = int(np.argmax(match))
    lag = lag - size if lag > size // 2 else lag
    a, b = a[max(-lag, 0) :], b[max(lag, 0) :]
    common = min(len(a), len(b))
    power = float((a[:common] ** 2).sum())
    noise = float(((a[:common] - b[:common]) ** 2).sum())
    return 10 * float(np.log10(max(noise, 1e-20) / max(power, 1e-20)))


def most_noise_db(encoding: str) -> float:
    """How much of it an encoding may add to a loud low tone."""
    if encoding in EXACT:
        return -60.0
    return -10.0 if encoding in _LOSSY_BLOCKS else -15.0


class FullSink(io.BytesIO):
    """A disk without room."""

    def write(self, data: object, /) -> int:
        """Refuse."""
        raise OSError(errno.ENOSPC, "no space left")


class PipeSink(io.RawIOBase):
    """A sink that cannot go back, like a socket."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def seekable(self) -> bool:
        """It has no way back."""
        return False

    def write(self, data: object) -> int:
        """Take all bytes."""
        piece = bytes(memoryview(data))  # type: ignore[arg-type]  # any buffer
        self.data += piece
        return len(piece)


def endless(target: AudioFormat, *, blocks: int, after: Callable[[int], None]) -> BlockStream:
    """A stream of noise in blocks of 8,192 frames that reports the number of each one it gives."""
    signal = Signal(
        kind="noise", frames=8192, sample_rate=target.sample_rate or 0,
        channels=target.channels or 0, level_dbfs=-12.0,
    )  # fmt: skip

    def give() -> Iterator[Samples]:
        for number in range(blocks):
            after(number)
            yield signal.pcm.samples

    return BlockStream(
        give(), sample_rate=signal.sample_rate, channels=signal.channels, frames=blocks * 8192
    )


def ramp(target: AudioFormat, *, frames: int) -> Pcm:
    """Samples that are whole steps of 16 bits, from one end to the other."""
    assert target.sample_rate is not None
    steps = (np.arange(frames, dtype=np.int64) * 13 + 29_989) % 65_536 - 32_768
    column = (steps / 32_768).astype(np.float32).reshape(-1, 1)
    samples = np.repeat(column, target.channels or 1, axis=1)
    return Pcm(samples=np.ascontiguousarray(samples), sample_rate=target.sample_rate)


def judge_wav(data: bytes) -> None:
    """The sizes in the header of a WAV of plain samples fit each other and the file.

    Raises:
        AssertionError: They do not.
    """
    tag, channels, rate, byte_rate, align, bits = struct.unpack_from("<HHIIHH", data, 20)
    if data[12:16] != b"fmt " or tag not in (1, 3):
        return
    assert align == channels * bits // 8, f"{align} bytes a frame are said to be in the WAV"
    assert byte_rate == rate * align, f"{byte_rate} bytes a second are said to be in the WAV"
    assert int.from_bytes(data[4:8], "little") == len(data) - 8, "the RIFF has another size"


def with_chunks(wav: bytes) -> bytes:
    """A WAV with a further chunk before its samples and one behind them."""
    note = b"LIST" + (5).to_bytes(4, "little") + b"INFO!" + b"\0"
    at = wav.index(b"data", 12)
    size = int.from_bytes(wav[at + 4 : at + 8], "little")
    end = min(at + 8 + size + size % 2, len(wav))
    changed = wav[:at] + note + wav[at:end] + bytes((end - at) % 2) + note
    return changed[:4] + (len(changed) - 8).to_bytes(4, "little") + changed[8:]


def damaged(data: bytes, *, seed: int, count: int) -> Iterator[bytes]:
    """Mutations of a file, the same in every run: flips, lies in the header, cuts, repeats."""
    draw = random.Random(seed)
    for number in range(count):
        changed = bytearray(data)
        match number % 4:
            case 0:
                for _ in range(draw.randint(1, 12)):
                    changed[draw.randrange(len(changed))] = draw.randrange(256)
            case 1:
                at = draw.randrange(min(len(changed), 96))
                changed[at : at + 4] = draw.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff"))
            case 2:
                del changed[draw.randrange(len(changed)) :]
            case 3:
                at = draw.randrange(len(changed))
                changed[at:at] = changed[: draw.randint(1, 400)]
        yield bytes(changed)
    for at in range(0, min(96, len(data) - 4), 4):  # every size that a header may claim
        yield data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]
