"""Converters with one defect each."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from tests.nightly.broken_plugins import good_converter as good
from tests.nightly.broken_plugins.broken_plugin import BrokenPlugin, with_spec
from tests.nightly.broken_plugins.good_converter import RULE, SPEC, GoodConverter

from ossicle.abc import CodecRule, ConverterSpec
from ossicle.audio import AudioClip, AudioFormat, BlockStream
from ossicle.errors import OssicleError
from ossicle.signal.blocks import Samples
from ossicle_soundfile.plugin import ossicle_register_converters
from ossicle_testing.conformance import ConverterConformance

[SOUNDFILE] = ossicle_register_converters()


class GoodConverterSuite(ConverterConformance):
    @pytest.fixture
    def spec(self) -> ConverterSpec:
        return SPEC


BROKEN_PLUGINS: list[BrokenPlugin] = []


def put(name: str, spec: ConverterSpec, check: str, because: str) -> None:
    suite = with_spec(GoodConverterSuite, spec)
    BROKEN_PLUGINS.append(BrokenPlugin(name=name, suite=suite, check=check, because=because))


def broken(check: str, because: str) -> Callable[[type[GoodConverter]], type[GoodConverter]]:
    def add(kind: type[GoodConverter]) -> type[GoodConverter]:
        words = "".join(f" {c.lower()}" if c.isupper() else c for c in kind.__name__).strip()
        put(f"a converter: {words}", replace(SPEC, factory=kind), check, because)
        return kind

    return add


def claimed_bytes(clip: AudioClip) -> int:
    """What a plain header says of the samples that follow."""
    return int.from_bytes(clip.read_bytes()[40:44], "little")


class Reading(GoodConverter):
    """Blocks come out changed."""

    def change(self, blocks: Iterator[Samples]) -> Iterator[Any]:
        return blocks

    def decode(self, clip: AudioClip) -> BlockStream:
        stream = super().decode(clip)
        return BlockStream(
            self.change(iter(stream)), sample_rate=stream.sample_rate, channels=stream.channels,
            frames=stream.frames, close=stream.close,
        )  # fmt: skip


class Writing(GoodConverter):
    """Blocks are changed before they are written."""

    def change(self, block: Samples) -> Samples:
        return block

    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        blocks = (self.change(block) for block in stream)
        changed = BlockStream(
            blocks, sample_rate=stream.sample_rate, channels=stream.channels, frames=stream.frames
        )
        super().encode(changed, target, sink)


@broken("test_samples_are_rounded", r"<= 0\.51|< 0\.05")
class Truncates(Writing):
    def change(self, block: Samples) -> Samples:
        return (np.floor(block * 32768) / 32768).astype(np.float32)


@broken("test_samples_are_clipped", r"< 0\.05")
class Wraps(Writing):
    def change(self, block: Samples) -> Samples:
        wrapped = np.rint(block * 32768).astype(np.int64).astype(np.int16)
        return (wrapped / 32768).astype(np.float32)


@broken("test_chunked_is_whole", r"< -200")
class NormalisesBlocks(Writing):
    def change(self, block: Samples) -> Samples:
        return (block * (1.0 - len(block) / 100_000)).astype(np.float32)


@broken("test_it_writes_what_it_claims", "== 6001")
class LosesTheLastFrame(Writing):
    def change(self, block: Samples) -> Samples:
        return block[:-1] if len(block) != 4096 else block


@broken("test_channels_keep_their_place", "noise|wav")
class SwapsChannels(Writing):
    def change(self, block: Samples) -> Samples:
        return np.ascontiguousarray(block[:, ::-1])


@broken("test_channels_keep_their_place", "noise|wav")
class MixesChannels(Reading):
    def change(self, blocks: Iterator[Samples]) -> Iterator[Any]:
        for block in blocks:
            yield np.repeat(block.mean(axis=1, keepdims=True), block.shape[1], axis=1)


@broken("test_blocks_have_their_shape", "float")
class GivesDoubles(Reading):
    def change(self, blocks: Iterator[Samples]) -> Iterator[Any]:
        for block in blocks:
            yield block.astype(np.float64)


@broken("test_blocks_have_their_shape", "ndim|== 2")
class GivesFlatBlocks(Reading):
    def change(self, blocks: Iterator[Samples]) -> Iterator[Any]:
        for block in blocks:
            yield block[:, 0]


@broken("test_it_reads_what_it_claims", "6001|4096")
class ReadsOneBlock(Reading):
    def change(self, blocks: Iterator[Samples]) -> Iterator[Any]:
        yield next(blocks)


@broken("test_it_reads_what_it_claims", r"-6\.02")
class ReadsAtHalfScale(Reading):
    def change(self, blocks: Iterator[Samples]) -> Iterator[Any]:
        for block in blocks:
            yield block / 2


@broken("test_memory_is_constant", "reads wav")
class ReadsAllAtOnce(Reading):
    def change(self, blocks: Iterator[Samples]) -> Iterator[Any]:
        yield from list(blocks)


class ReadsLossyFilesAtOnce(GoodConverter):
    def decode(self, clip: AudioClip) -> BlockStream:
        inner = SOUNDFILE.factory().decode(clip)
        blocks = [block.copy() for block in inner]
        return BlockStream(
            blocks, sample_rate=inner.sample_rate, channels=inner.channels, frames=inner.frames,
            close=inner.close,
        )  # fmt: skip


MP3 = tuple(rule for rule in SOUNDFILE.reads if rule.container == "mp3")
put(
    "a converter: reads lossy files at once",
    replace(SPEC, factory=ReadsLossyFilesAtOnce, reads=MP3, writes=()),
    "test_memory_is_constant", "reads mp3",
)  # fmt: skip


@broken("test_memory_is_constant", "good-wav")
class WritesAllAtOnce(GoodConverter):
    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        blocks = [block.copy() for block in stream]
        held = BlockStream(
            blocks, sample_rate=stream.sample_rate, channels=stream.channels, frames=stream.frames
        )
        super().encode(held, target, sink)


@broken("test_the_sink_stays_open", "not True|closed")
class ClosesTheSink(GoodConverter):
    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        super().encode(stream, target, sink)
        sink.close()


@broken("test_early_close_frees_all", "handles")
class KeepsFilesOpen(GoodConverter):
    kept: list[BinaryIO] = []

    def decode(self, clip: AudioClip) -> BlockStream:
        self.kept.append(clip.open())
        return super().decode(clip)


@broken("test_damaged_bytes_are_survived", "struct.error|ValueError|error")
class LetsParsersSpeak(GoodConverter):
    def decode(self, clip: AudioClip) -> BlockStream:
        if claimed_bytes(clip) > clip.n_bytes:
            raise ValueError("buffer size must be a multiple of element size")
        return super().decode(clip)


@broken("test_damaged_bytes_are_survived", "MiB|Memory")
class BelievesTheHeader(GoodConverter):
    def decode(self, clip: AudioClip) -> BlockStream:
        self.buffer = bytearray(min(claimed_bytes(clip), 64 << 20))
        return super().decode(clip)


@broken("test_nothing_else_is_opened", "open")
class LooksAround(GoodConverter):
    def decode(self, clip: AudioClip) -> BlockStream:
        Path(__file__).with_name("README.md").read_text()
        return super().decode(clip)


@broken("test_writing_opens_nothing", "open")
class WritesThroughAFile(GoodConverter):
    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\0")
        super().encode(stream, target, sink)


@broken("test_decoding_repeats", "")
class HasOnePlace(GoodConverter):
    def decode(self, clip: AudioClip) -> BlockStream:
        stream = super().decode(clip)
        self.blocks = iter(stream)

        def shared() -> Iterator[Samples]:
            while (block := next(self.blocks, None)) is not None:
                yield block

        return BlockStream(
            shared(), sample_rate=stream.sample_rate, channels=stream.channels, close=stream.close
        )


@broken("test_the_factory_builds_anew", "len")
class ClosesForAll(GoodConverter):
    last: BlockStream | None = None

    def decode(self, clip: AudioClip) -> BlockStream:
        stream = super().decode(clip)
        type(self).last = stream
        return BlockStream(
            iter(stream), sample_rate=stream.sample_rate, channels=stream.channels,
            close=lambda: type(self).last and type(self).last.close(),  # type: ignore[union-attr]
        )  # fmt: skip


@broken("test_threads_do_not_meet", "another thread")
class BelongsToOneThread(GoodConverter):
    def __init__(self) -> None:
        self.owner: int | None = None

    def decode(self, clip: AudioClip) -> BlockStream:
        self.owner = self.owner or threading.get_ident()
        if self.owner != threading.get_ident():
            raise RuntimeError("used from another thread")
        return super().decode(clip)


@broken("test_faults_around_it_pass", "DID NOT RAISE")
class TakesAFaultForTheEnd(GoodConverter):
    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        def until_it_breaks() -> Iterator[Samples]:
            try:
                yield from stream
            except OssicleError:
                return

        calm = BlockStream(
            until_it_breaks(), sample_rate=stream.sample_rate, channels=stream.channels
        )
        super().encode(calm, target, sink)


@broken("test_converting_is_decoding_and_encoding", "good-wav|wav")
class TakesAShortWay(GoodConverter):
    def convert(self, clip: AudioClip, target: AudioFormat, sink: BinaryIO) -> None:
        sink.write(clip.read_bytes()[:-2])


@broken("test_the_shortest_streams_are_written", "empty|StopIteration|Runtime")
class NeedsABlock(GoodConverter):
    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        blocks = list(stream)
        if not any(len(block) for block in blocks):
            raise RuntimeError("the stream is empty")
        held = BlockStream(blocks, sample_rate=stream.sample_rate, channels=stream.channels)
        super().encode(held, target, sink)


@broken("test_what_is_not_claimed_is_refused_cleanly", "KeyError")
class RefusesByAccident(GoodConverter):
    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        if target.channels == 9:
            raise KeyError(target.channels)
        super().encode(stream, target, sink)


@broken("test_further_chunks_are_skipped", "wav")
class ReadsToTheEnd(GoodConverter):
    def decode(self, clip: AudioClip) -> BlockStream:
        stream = super().decode(clip)
        file = clip.open()
        file.seek(44)
        frames = (clip.n_bytes - 44) // (2 * stream.channels)
        return BlockStream(
            good.blocks_of(file, stream.channels, frames), sample_rate=stream.sample_rate,
            channels=stream.channels, close=stream.close,
        )  # fmt: skip


@broken("test_it_writes_what_it_claims", "is said to be")
class LiesInItsHeader(GoodConverter):
    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        super().encode(stream, target, sink)
        sink.seek(40)
        sink.write(b"\xff\xff\xff\xff")
        sink.seek(0, 2)


def claiming(**fields: Any) -> ConverterSpec:
    return replace(SPEC, **fields)


put(
    "a converter: says that it streams and seeks",
    claiming(writes=(replace(RULE, is_incremental=True),)),
    "test_incremental_rules_stream", "(?i)seek|tell|Unsupported",
)  # fmt: skip
put(
    "a converter: claims to read FLAC",
    claiming(reads=(RULE, CodecRule(container="flac", encodings=("flac",)))),
    "test_it_reads_what_it_claims", "AssertionError",
)  # fmt: skip
put(
    "a converter: claims to write mu-law",
    claiming(writes=(replace(RULE, encodings=("pcm_s16le", "mulaw")),)),
    "test_it_writes_what_it_claims", "mulaw",
)  # fmt: skip
put(
    "a converter: two rules cover one format",
    claiming(reads=(RULE, RULE)),
    "test_it_announces_itself", "two rules",
)  # fmt: skip
put(
    "a converter: costs nothing",
    claiming(reads=(replace(RULE, cost=0.0),)),
    "test_it_announces_itself", "cost|> 0",
)  # fmt: skip
