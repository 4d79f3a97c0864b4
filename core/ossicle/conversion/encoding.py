"""A stream of samples into bytes of a format, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from ossicle.abc import CodecRule, ConverterSpec
from ossicle.audio import AudioClip, AudioFormat, BlockStream
from ossicle.intake.converter_search import find_readers, ranked
from ossicle.messages.receipt import Step

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples


_REPAIRED_NOTES = frozenset({"sizes_unknown", "truncated", "block_align", "joined"})
"""Oddities that passing a clip through would pass on."""


class Encoded(NamedTuple):
    """What was written.

    Attributes:
        format: With its true rate and channels.
        frames: How many the encoder got.
        steps: What was done to the samples, the encoder by name.
    """

    format: AudioFormat
    frames: int
    steps: tuple[Step, ...]


def encode_stream(
    stream: BlockStream,
    target: AudioFormat,
    sink: BinaryIO,
    *,
    converters: Sequence[ConverterSpec],
    reason: str = "asked for",
) -> Encoded:
    """Write a stream to a sink in a format, mixed and resampled as far as the format needs it.

    Args:
        stream: Samples; the caller closes it.
        target: What is wanted; `None` for rate or channels keeps the stream's own.
        sink: Writable; one that cannot seek needs a converter that is incremental.
        converters: All announced converters.
        reason: Why, for the steps.

    Raises:
        UnsupportedFormatError: Nothing installed writes it; the message names the extra that
            would.
    """
    writer = find_writer(target, converters, incremental=not sink.seekable())
    exact = exact_format(target, writer, sample_rate=stream.sample_rate, channels=stream.channels)
    assert exact.channels is not None
    assert exact.sample_rate is not None
    steps = []
    if exact.channels != stream.channels:
        detail = f"{stream.channels} → {exact.channels} channels"
        steps.append(Step(action="downmix", reason=reason, detail=detail))
    if exact.sample_rate != stream.sample_rate:
        detail = f"{stream.sample_rate} → {exact.sample_rate} Hz"
        steps.append(Step(action="resample", reason=reason, detail=detail))
    counted = _Counted(_resampled(_mixed(stream, exact.channels), exact.sample_rate))
    writer.factory().encode(counted, exact, sink)
    steps.append(Step(action="encode", reason=reason, detail=f"{exact} by {writer.name}"))
    return Encoded(exact, counted.passed, tuple(steps))


def exact_format(
    target: AudioFormat, writer: ConverterSpec, *, sample_rate: int, channels: int
) -> AudioFormat:
    """The target at the rate and with the channels that a converter will write of a stream."""
    rule = writer.writing(target)
    assert rule is not None
    channels = target.channels or channels
    if rule.max_channels is not None and channels > rule.max_channels:
        channels = min(2, rule.max_channels)
    return target.at(
        sample_rate=nearest_rate(rule, target.sample_rate or sample_rate), channels=channels
    )


class _Counted(BlockStream):
    """The same stream, counting the frames that pass."""

    __slots__ = ("passed",)

    def __init__(self, stream: BlockStream) -> None:
        super().__init__(
            self._each(stream),
            sample_rate=stream.sample_rate,
            channels=stream.channels,
            frames=stream.frames,
            close=stream.close,
        )
        self.passed = 0

    def _each(self, stream: BlockStream) -> Iterator[Samples]:
        for block in stream:
            self.passed += len(block)
            yield block


def is_in_format(clip: AudioClip, target: AudioFormat) -> bool:
    """Whether a clip needs no conversion, its header being right and nothing else asked for."""
    form = clip.format
    return (
        (form.container, form.encoding) == (target.container, target.encoding)
        and target.sample_rate in (None, form.sample_rate)
        and target.channels in (None, form.channels)
        and (target.bit_rate is None or not form.is_lossy)
        and not _REPAIRED_NOTES.intersection(clip.facts.notes)
        and clip.facts.track == 1
        and not clip.facts.holes
    )


def _mixed(stream: BlockStream, channels: int) -> BlockStream:
    if channels == stream.channels:
        return stream
    from ossicle.signal.mix import downmix

    blocks = (downmix(block, channels) for block in stream)
    return stream.map(blocks, channels=channels, frames=stream.frames)


def _resampled(stream: BlockStream, sample_rate: int) -> BlockStream:
    if sample_rate == stream.sample_rate:
        return stream
    from ossicle.signal.resampling import Resampler, resampled_frames

    resampler = Resampler(
        sample_rate_in=stream.sample_rate, sample_rate_out=sample_rate, channels=stream.channels
    )

    def blocks() -> Iterator[Samples]:
        for block in stream:
            ready = resampler.process(block)
            if len(ready):
                yield ready
        yield resampler.flush()

    frames = None
    if stream.frames is not None:
        frames = resampled_frames(
            stream.frames, sample_rate_in=stream.sample_rate, sample_rate_out=sample_rate
        )
    return stream.map(blocks(), sample_rate=sample_rate, frames=frames)


def clip_over(source: bytes | Path, form: AudioFormat) -> AudioClip:
    """A clip over what was written in a format; only raw samples do not say what they are."""
    if form.container == "raw":
        return AudioClip.from_pcm(
            source,
            sample_rate=form.sample_rate or 0,
            channels=form.channels or 1,
            sample_format=form.sample_format,
        )
    if isinstance(source, Path):
        return AudioClip.from_path(source)
    return AudioClip.from_bytes(source)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionPath:
    """How one format becomes another.

    Attributes:
        decoder: Reads the source.
        encoder: Writes the target.
        cost: CPU milliseconds per minute of audio, roughly.
    """

    decoder: ConverterSpec
    encoder: ConverterSpec
    cost: float


def find_path(
    source: AudioFormat,
    target: AudioFormat,
    converters: Sequence[ConverterSpec],
    *,
    incremental: bool = False,
) -> ConversionPath:
    """The cheapest reader and writer.

    Args:
        source: What there is.
        target: What is wanted.
        converters: All announced converters, also those that miss a package.
        incremental: Whether a writer that gives bytes while blocks go in is to be preferred.

    Raises:
        UnsupportedFormatError: Nothing installed does it; the message names the extra that would.
    """
    decoder = find_reader(source, converters)
    encoder = find_writer(target, converters, incremental=incremental)
    rules = decoder.reading(source), encoder.writing(target)
    cost = sum(rule.cost for rule in rules if rule is not None)
    return ConversionPath(decoder=decoder, encoder=encoder, cost=cost)


def find_reader(form: AudioFormat, converters: Sequence[ConverterSpec]) -> ConverterSpec:
    """The cheapest converter that decodes a format.

    Raises:
        UnsupportedFormatError: Nothing installed does; the message names the extra that would.
    """
    return find_readers(form, converters)[0]


def find_writer(
    form: AudioFormat, converters: Sequence[ConverterSpec], *, incremental: bool = False
) -> ConverterSpec:
    """The cheapest converter that encodes a format.

    Args:
        form: What is wanted; a channel count that a converter cannot write rules it out.
        converters: All announced converters, also those that miss a package.
        incremental: Whether one that gives bytes while blocks go in is to be preferred.

    Raises:
        UnsupportedFormatError: Nothing installed does; the message names the extra that would.
    """
    return ranked(
        converters,
        lambda spec: _writing(spec, form),
        verb="writes",
        form=form,
        incremental=incremental,
    )[0]


def nearest_rate(rule: CodecRule, sample_rate: int) -> int:
    """The rate in Hz to encode at: the same, else the next above, else the highest there is.

    A rate above keeps everything; one below would cut off the treble.
    """
    rates = rule.sample_rates
    if rates is None or sample_rate in rates:
        return sample_rate
    return min((rate for rate in rates if rate > sample_rate), default=max(rates))


def _writing(spec: ConverterSpec, form: AudioFormat) -> CodecRule | None:
    rule = spec.writing(form)
    if rule is None or form.channels is None or rule.max_channels is None:
        return rule
    return rule if form.channels <= rule.max_channels else None
