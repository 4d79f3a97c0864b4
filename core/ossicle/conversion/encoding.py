"""From a clip in one format to a clip in another, in constant memory."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ossicle.abc import ConverterSpec
from ossicle.audio import AudioClip, AudioFormat, BlockStream, atomic_writer
from ossicle.conversion.paths import find_writer, nearest_rate
from ossicle.intake import IntakeLimits, decode

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples

_REPAIRED_NOTES = frozenset({"sizes_unknown", "truncated", "block_align"})
"""Oddities that passing a clip through would pass on."""


def convert_clip(
    clip: AudioClip,
    target: AudioFormat,
    *,
    converters: Sequence[ConverterSpec],
    limits: IntakeLimits | None = None,
    path: Path | None = None,
) -> AudioClip:
    """The clip in another format: decode, mix, resample, encode, block by block.

    A clip that is in the target format already is returned as it is.

    Args:
        clip: What there is.
        target: What is wanted. A sample rate or channel count of `None` keeps the clip's own, as
            far as the encoder can.
        converters: All announced converters, also those that miss a package.
        limits: For decoding; `None` means the defaults.
        path: Where to write, all or nothing; the result then reads from there. `None` keeps the
            encoded bytes in memory.

    Returns:
        A clip whose format is sniffed from what was written.

    Raises:
        UnsupportedFormatError: Nothing installed reads or writes it; the message names the extra
            that would.
        MalformedAudioError: The clip does not decode.
        AudioLimitError: It decodes to more than the limits allow.
        FileAccessError: The path cannot be written.
    """
    if is_in_format(clip, target):
        return clip if path is None else AudioClip.from_path(clip.save(path))
    writer = find_writer(target, converters)
    with decode(clip, limits=limits or IntakeLimits(), converters=converters) as source:
        stream, exact = _shaped(source, target, writer)
        if path is None:
            sink = io.BytesIO()
            writer.factory().encode(stream, exact, sink)
            return clip_over(sink.getvalue(), exact)
        with atomic_writer(path.absolute()) as file:
            writer.factory().encode(stream, exact, file)
    return clip_over(path, exact)


def encode_stream(
    stream: BlockStream,
    target: AudioFormat,
    sink: BinaryIO,
    *,
    converters: Sequence[ConverterSpec],
) -> AudioFormat:
    """Write a stream to a sink in a format, mixed and resampled as far as the format needs it.

    Args:
        stream: Samples; the caller closes it.
        target: What is wanted; `None` for rate or channels keeps the stream's own.
        sink: Writable; one that cannot seek needs a converter that is incremental.
        converters: All announced converters.

    Returns:
        The format with its true rate and channels.

    Raises:
        UnsupportedFormatError: Nothing installed writes it; the message names the extra that
            would.
    """
    writer = find_writer(target, converters, incremental=not sink.seekable())
    shaped, exact = _shaped(stream, target, writer)
    writer.factory().encode(shaped, exact, sink)
    return exact


def is_in_format(clip: AudioClip, target: AudioFormat) -> bool:
    """Whether a clip needs no conversion, its header being right and nothing else asked for."""
    form = clip.format
    return (
        (form.container, form.encoding) == (target.container, target.encoding)
        and target.sample_rate in (None, form.sample_rate)
        and target.channels in (None, form.channels)
        and (target.bit_rate is None or not form.is_lossy)
        and not _REPAIRED_NOTES.intersection(clip.facts.notes)
    )


def _shaped(
    stream: BlockStream, target: AudioFormat, writer: ConverterSpec
) -> tuple[BlockStream, AudioFormat]:
    """The stream at a rate and with channels that the writer takes, and the format exactly."""
    rule = writer.writing(target)
    assert rule is not None
    channels = target.channels or stream.channels
    if rule.max_channels is not None and channels > rule.max_channels:
        channels = min(2, rule.max_channels)
    sample_rate = nearest_rate(rule, target.sample_rate or stream.sample_rate)
    exact = target.at(sample_rate=sample_rate, channels=channels)
    return _resampled(_mixed(stream, channels), sample_rate), exact


def _mixed(stream: BlockStream, channels: int) -> BlockStream:
    if channels == stream.channels:
        return stream
    from ossicle.signal.mix import downmix

    blocks = (downmix(block, channels) for block in stream)
    return stream.map(blocks, channels=channels, frames=stream.frames)


def _resampled(stream: BlockStream, sample_rate: int) -> BlockStream:
    if sample_rate == stream.sample_rate:
        return stream
    from ossicle.signal.resample import Resampler, resampled_frames

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
    """A clip over what was written in a format; only raw samples need to be told what they are."""
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
