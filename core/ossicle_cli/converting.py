"""From one file to another in constant memory, prepared on the way."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from ossicle.abc import BlockTransform, Preprocessor
from ossicle.audio import AudioFormat, BlockStream
from ossicle.conversion.encoding import encode_stream
from ossicle.conversion.paths import find_writer
from ossicle.errors import ConfigurationError
from ossicle.intake import IntakeLimits, decode
from ossicle.preprocess import Spool
from ossicle.signal import Meter
from ossicle_cli.progress import Advance, followed

if TYPE_CHECKING:
    from ossicle.audio import AudioClip
    from ossicle.audio.pcm import Samples
    from ossicle.plugins import PluginHost

Effects = dict[str, dict[str, float]]
"""What each preprocessor measurably did, by name."""

_COPY_BYTES = 1 << 20
_SPOOL_BYTES = 8 << 20
"""Small, so that an hour of audio is prepared and converted in less than 100 MB."""


def find_preprocessors(host: PluginHost, names: Sequence[str]) -> list[tuple[str, Preprocessor]]:
    """The named preprocessors, in order.

    Raises:
        ConfigurationError: Nobody announces one of them.
    """
    makers = {spec.name: spec.factory for spec in host.preprocessors()}
    for name in names:
        if name not in makers:
            raise ConfigurationError(
                f"unknown preprocessor {name!r}",
                fix=f"Use some of speech, {', '.join(sorted(makers)) or 'none'}.",
            )
    return [(name, makers[name]()) for name in names]


def convert(
    clip: AudioClip,
    target: AudioFormat,
    sink: BinaryIO,
    *,
    host: PluginHost,
    preprocess: Sequence[tuple[str, Preprocessor]],
    limits: IntakeLimits,
    advance: Advance,
) -> Effects:
    """Decode, prepare and encode block by block.

    What has to know the whole stream first (loudness) makes a second pass over samples that wait
    in an unnamed file.

    Args:
        clip: What there is.
        target: What is wanted; `None` for rate or channels keeps the clip's own.
        sink: Where the bytes go.
        host: Whose converters are used.
        preprocess: What is done on the way.
        limits: For decoding.
        advance: Told how many seconds were decoded.

    Raises:
        OssicleError: It does not decode, or nothing installed writes the target.
    """
    converters = host.converters()
    with decode(clip, limits=limits, converters=converters) as source, _spool() as spool:
        stream, effects = _prepared(followed(source, advance), preprocess, spool)
        writer = find_writer(target, converters, incremental=not sink.seekable())
        rule = writer.writing(target)
        if sink.seekable() or (rule is not None and rule.is_incremental):
            encode_stream(stream, target, sink, converters=converters)
        else:
            _by_file(stream, target, sink, converters)
        return effects()


def _spool() -> Spool:
    return Spool(memory_bytes=_SPOOL_BYTES)


def _by_file(stream: BlockStream, target: AudioFormat, sink: BinaryIO, converters: Any) -> None:
    """For formats whose header is written last, on the way to where nobody can go back."""
    with tempfile.TemporaryFile() as file:
        encode_stream(stream, target, file, converters=converters)
        file.seek(0)
        while piece := file.read(_COPY_BYTES):
            sink.write(piece)


def _prepared(
    source: BlockStream, preprocess: Sequence[tuple[str, Preprocessor]], spool: Spool
) -> tuple[BlockStream, Callable[[], Effects]]:
    """The stream after all preprocessors, and what tells afterwards what they did."""
    cut = next(
        (n for n, (_, one) in enumerate(preprocess) if one.needs_measurements), len(preprocess)
    )
    early, late = preprocess[:cut], preprocess[cut:]
    first = _Chain(early, source)
    if not late:
        return first.stream, first.effects
    meter = Meter(first.stream.sample_rate, first.stream.channels)
    for block in first.stream:
        meter.add(block)
        spool.append(block)
    kept = first.stream.map(iter(spool))
    second = _Chain(late, kept, measurements=meter.result())
    return second.stream, lambda: first.effects() | second.effects()


class _Chain:
    """Preprocessors of one stream, one after the other."""

    def __init__(
        self,
        preprocess: Sequence[tuple[str, Preprocessor]],
        source: BlockStream,
        measurements: Any = None,
    ) -> None:
        self._transforms: list[tuple[str, BlockTransform]] = []
        rate, channels = source.sample_rate, source.channels
        for name, maker in preprocess:
            transform = maker.start(sample_rate=rate, channels=channels, measurements=measurements)
            rate, channels = transform.sample_rate, transform.channels
            self._transforms.append((name, transform))
        self.stream = source
        if preprocess:
            self.stream = source.map(self._blocks(source), sample_rate=rate, channels=channels)

    def effects(self) -> Effects:
        return {name: dict(transform.effect()) for name, transform in self._transforms}

    def _blocks(self, source: BlockStream) -> Iterator[Samples]:
        for block in source:
            yield from self._through(block, 0)
        for position, (_, transform) in enumerate(self._transforms):
            yield from self._through(transform.finish(), position + 1)

    def _through(self, block: Samples, start: int) -> Iterator[Samples]:
        for _, transform in self._transforms[start:]:
            block = transform.process(block)
        if len(block):
            yield block
