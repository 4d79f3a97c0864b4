"""From audio in one format to audio in another, of any length, with a receipt."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from ossicle.audio import AudioClip, AudioFormat, BlockStream, atomic_writer
from ossicle.audio.saving import format_of_path
from ossicle.conversion.chain import (
    Chain,
    decoding_steps,
    find_preprocessors,
    split_at_measurements,
)
from ossicle.conversion.encoding import Encoded, clip_over, encode_stream, find_writer, is_in_format
from ossicle.errors import FileAccessError
from ossicle.intake import TRUSTED, IntakeLimits, decode, load
from ossicle.messages.receipt import AudioRecord, Step

if TYPE_CHECKING:
    from ossicle.abc import ConverterSpec, Preprocessor
    from ossicle.audio.pcm import Samples

_COPY_BYTES = 1 << 20
_SPOOL_BYTES = 8 << 20
"""Small, so that an hour of audio is prepared and converted in less than 100 MB."""

Advance = Callable[[float], object]
"""Takes the seconds of audio that were decoded since it was called last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What a conversion made, and what it did.

    Attributes:
        clip: The audio in its new format; it reads from the file where one was written.
        receipt: What was done to it, by which converter, and what it measurably changed.
    """

    clip: AudioClip
    receipt: AudioRecord


class Written(NamedTuple):
    """What went into a sink.

    Attributes:
        format: With its true rate and channels.
        record: What was done on the way.
    """

    format: AudioFormat
    record: AudioRecord


def convert(
    source: str | os.PathLike[str] | bytes | AudioClip | BinaryIO,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    sample_rate: int | None = None,
    channels: int | None = None,
    bit_rate: int | None = None,
    preprocess: Sequence[str] = (),
    limits: IntakeLimits = TRUSTED,
) -> Conversion:
    """Write audio to a file in the format that its extension or `format` names.

    Any length is converted in constant memory. What is in the wanted format already is copied
    untouched.

    Args:
        source: What `ossicle.load` takes.
        path: Written all or nothing.
        format: A short name such as `"mp3"`; `None` goes by the extension of `path`.
        sample_rate: In Hz; `None` keeps the source's as far as the format can.
        channels: A count; `None` keeps the source's as far as the format can.
        bit_rate: Of a lossy format in bit/s; `None` means its default.
        preprocess: Names of preprocessors to run, in order, such as `ossicle.SPEECH`.
        limits: For reading. The default is for files that you chose, up to a day; give
            `IntakeLimits()` for what strangers sent.

    Returns:
        A clip that reads from `path`, and the receipt.

    Raises:
        AudioLimitError: It is beyond the limits.
        ConfigurationError: No plugin announces a preprocessor of this name.
        FileAccessError: A path cannot be read or written, or both are the same file.
        MalformedAudioError: The source does not decode.
        UnsupportedFormatError: The extension names no format, or nothing installed reads or
            writes it; the message names the extra that would.
    """
    where = Path(path).absolute()
    target = AudioFormat.named(
        format or format_of_path(where),
        sample_rate=sample_rate,
        channels=channels,
        bit_rate=bit_rate,
    )
    clip = load(source, limits=limits)
    keep_source(clip.path, where)
    return _convert(clip, target, preprocess=preprocess, limits=limits, path=where)


def convert_named(
    clip: AudioClip,
    format: str,
    *,
    sample_rate: int | None,
    channels: int | None,
    bit_rate: int | None,
    preprocess: Sequence[str],
) -> Conversion:
    """The work of `AudioClip.convert`, within the default limits."""
    target = AudioFormat.named(
        format, sample_rate=sample_rate, channels=channels, bit_rate=bit_rate
    )
    return _convert(clip, target, preprocess=preprocess, limits=IntakeLimits(), path=None)


def _convert(
    clip: AudioClip,
    target: AudioFormat,
    *,
    preprocess: Sequence[str],
    limits: IntakeLimits,
    path: Path | None,
) -> Conversion:
    from ossicle.plugins import default_host

    host = default_host()
    return convert_clip(
        clip,
        target,
        converters=host.converters(),
        preprocess=find_preprocessors(host, preprocess),
        limits=limits,
        path=path,
    )


def keep_source(source: Path | None, target: Path) -> None:
    """Refuse to put the result in the place of what it is made from.

    Raises:
        FileAccessError: Both are the same file.
    """
    if source is not None and target.is_file() and source.exists() and source.samefile(target):
        raise FileAccessError(
            f"{target.name!r} is both what is read and what would be written",
            fix="Give the result another name; the original stays as it is.",
        )


def convert_clip(
    clip: AudioClip,
    target: AudioFormat,
    *,
    converters: Sequence[ConverterSpec],
    preprocess: Sequence[tuple[str, Preprocessor]] = (),
    limits: IntakeLimits | None = None,
    path: Path | None = None,
    reason: str = "asked for",
) -> Conversion:
    """The clip in another format, block by block; as it is where it is in that format already.

    Args:
        clip: What there is.
        target: What is wanted. A sample rate or channel count of `None` keeps the clip's own, as
            far as the encoder can.
        converters: All announced converters, also those that miss a package.
        preprocess: What is done on the way, in order.
        limits: For decoding; `None` means the defaults.
        path: Where to write, all or nothing; the result then reads from there. `None` keeps the
            encoded bytes in memory.
        reason: Why, for the receipt.

    Returns:
        A clip whose format is sniffed from what was written, and the receipt.

    Raises:
        UnsupportedFormatError: Nothing installed reads or writes it; the message names the extra
            that would.
        MalformedAudioError: The clip does not decode.
        AudioLimitError: It decodes to more than the limits allow.
        FileAccessError: The path cannot be written.
    """
    if path is None and not preprocess and is_in_format(clip, target):
        return Conversion(clip=clip, receipt=_untouched(clip))
    memory = io.BytesIO()
    with ExitStack() as stack:
        sink = memory if path is None else stack.enter_context(atomic_writer(path.absolute()))
        form, record = convert_into(
            clip, target, sink, converters=converters, preprocess=preprocess,
            limits=limits or IntakeLimits(), reason=reason,
        )  # fmt: skip
    made = clip_over(memory.getvalue() if path is None else path, form)
    record = record.model_copy(update={"result": str(made.format), "result_n_bytes": made.n_bytes})
    return Conversion(clip=made, receipt=record)


def convert_into(
    clip: AudioClip,
    target: AudioFormat,
    sink: BinaryIO,
    *,
    converters: Sequence[ConverterSpec],
    preprocess: Sequence[tuple[str, Preprocessor]] = (),
    limits: IntakeLimits,
    reason: str = "asked for",
    advance: Advance | None = None,
) -> Written:
    """Write a clip to a sink in a format: copied untouched, or decoded, prepared and encoded.

    What has to know the whole stream first (loudness) makes a second pass over samples that wait
    in an unnamed file.

    Args:
        clip: What there is.
        target: What is wanted; `None` for rate or channels keeps the clip's own.
        sink: Where the bytes go; it need not be able to seek.
        converters: All announced converters, also those that miss a package.
        preprocess: What is done on the way, in order.
        limits: For decoding.
        reason: Why, for the record.
        advance: Takes seconds while they are decoded.

    Returns:
        The format, and the record; its `result_n_bytes` is left to who knows the sink.

    Raises:
        OssicleError: It does not decode, or nothing installed writes the target.
    """
    if not preprocess and is_in_format(clip, target):
        with clip.open() as file:
            _copy(file, sink)
        return Written(clip.format, _untouched(clip))
    with ExitStack() as stack:
        source = stack.enter_context(decode(clip, limits=limits, converters=converters))
        blocks = iter(source) if advance is None else _followed(source, advance)
        early, late = split_at_measurements(preprocess)
        chains = [Chain(early, sample_rate=source.sample_rate, channels=source.channels)]
        blocks = chains[0].run(blocks)
        if late:
            from ossicle.preprocess import Spool
            from ossicle.signal.meters import Meter

            spool = stack.enter_context(Spool(memory_bytes=_SPOOL_BYTES))
            meter = Meter(chains[0].sample_rate, chains[0].channels)
            for block in blocks:
                meter.add(block)
                spool.append(block)
            shape = {"sample_rate": chains[0].sample_rate, "channels": chains[0].channels}
            chains.append(Chain(late, **shape, measurements=meter.result()))
            blocks = chains[1].run(spool)
        last = chains[-1]
        stream = BlockStream(
            blocks,
            sample_rate=last.sample_rate,
            channels=last.channels,
            frames=None if preprocess else source.frames,
        )
        encoded = _encode(stream, target, sink, converters, reason)
        prepared = tuple(step for chain in chains for step in chain.steps({}))
        record = AudioRecord(
            source=str(clip.format),
            result=str(encoded.format),
            duration_s=source.decoded_s,
            result_duration_s=encoded.frames / (encoded.format.sample_rate or 1),
            n_bytes=clip.n_bytes,
            steps=(*decoding_steps(clip, source, reason), *prepared, *encoded.steps),
        )
    return Written(encoded.format, record)


def _encode(
    stream: BlockStream,
    target: AudioFormat,
    sink: BinaryIO,
    converters: Sequence[ConverterSpec],
    reason: str,
) -> Encoded:
    if not sink.seekable():
        writer = find_writer(target, converters, incremental=True)
        rule = writer.writing(target)
        if rule is None or not rule.is_incremental:
            # Its header is written last, and this sink cannot go back.
            with tempfile.TemporaryFile() as file:
                encoded = encode_stream(stream, target, file, converters=converters, reason=reason)
                file.seek(0)
                _copy(file, sink)
            return encoded
    return encode_stream(stream, target, sink, converters=converters, reason=reason)


def _copy(file: BinaryIO, sink: BinaryIO) -> None:
    while piece := file.read(_COPY_BYTES):
        sink.write(piece)


def _followed(stream: BlockStream, advance: Advance) -> Iterator[Samples]:
    for block in stream:
        yield block
        advance(len(block) / stream.sample_rate)


def _untouched(clip: AudioClip) -> AudioRecord:
    return AudioRecord(
        source=str(clip.format),
        result=str(clip.format),
        duration_s=clip.duration_s,
        result_duration_s=clip.duration_s,
        n_bytes=clip.n_bytes,
        result_n_bytes=clip.n_bytes,
        steps=(Step(action="pass_through", reason="it is in this format already"),),
    )
