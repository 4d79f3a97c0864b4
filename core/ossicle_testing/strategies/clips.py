"""Clips in every container that something installed writes, and headers that lie."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import strategies as st

from ossicle.abc import ConverterSpec
from ossicle.audio import AudioClip
from ossicle_testing.short_repr import ShortRepr
from ossicle_testing.strategies.formats import Writer, installed_writers
from ossicle_testing.strategies.signals import RATES, Signal, SignalKind, signals

_HEADER_BYTES = 128
_LIES = (b"\xff", b"\x00", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"RIFF")


@dataclass(frozen=True, kw_only=True, repr=False)
class WrittenClip(ShortRepr):
    """A clip and where it comes from.

    Attributes:
        signal: What was written.
        writer: By whom.
        clip: The result.
    """

    signal: Signal
    writer: Writer
    clip: AudioClip


def written(signal: Signal, writer: Writer) -> WrittenClip:
    """The signal as this writer writes it; the rate and channels have to be the rule's."""
    sink = io.BytesIO()
    target = writer.target(sample_rate=signal.sample_rate, channels=signal.channels)
    writer.converter.factory().encode(signal.pcm.stream(), target, sink)
    if writer.rule.container == "raw":
        form = target.sample_format
        clip = AudioClip.from_pcm(
            sink.getvalue(),
            sample_rate=signal.sample_rate,
            channels=signal.channels,
            sample_format=form,
        )
    else:
        clip = AudioClip.from_bytes(sink.getvalue())
    return WrittenClip(signal=signal, writer=writer, clip=clip)


def _has_own_header(writer: Writer) -> bool:
    # Raw samples say nothing of themselves; only little-endian ones can be named by a caller.
    return writer.rule.container != "raw"


@st.composite
def written_clips(
    draw: st.DrawFn,
    *,
    converters: Iterable[ConverterSpec] | None = None,
    kinds: tuple[SignalKind, ...] = ("tone", "silence", "speech", "noise", "clipped"),
    min_frames: int = 1,
    max_frames: int = 2048,
    max_channels: int = 2,
) -> WrittenClip:
    """Signals written by any installed converter, each at a rate and with channels it takes.

    Args:
        draw: Given by Hypothesis.
        converters: To choose from; `None` takes those that are installed.
        kinds: Of signals.
        min_frames: At least so many.
        max_frames: At most so many.
        max_channels: At most so many.
    """
    choice = [writer for writer in installed_writers(converters) if _has_own_header(writer)]
    choice.sort(key=lambda writer: writer.rule.container != "wav")  # the plainest first
    # The container first, so that one that is written in a single way is not drowned by WAV.
    container = draw(st.sampled_from(list(dict.fromkeys(one.rule.container for one in choice))))
    writer = draw(st.sampled_from([one for one in choice if one.rule.container == container]))
    rates = writer.rule.sample_rates or RATES
    signal = draw(
        signals(
            kinds=kinds,
            min_frames=min_frames,
            max_frames=max_frames,
            sample_rates=rates,
            max_channels=min(max_channels, writer.rule.max_channels or max_channels),
        )
    )
    return written(signal, writer)


def clips(
    *,
    converters: Iterable[ConverterSpec] | None = None,
    kinds: tuple[SignalKind, ...] = ("tone", "silence", "speech", "noise", "clipped"),
    min_frames: int = 1,
    max_frames: int = 2048,
    max_channels: int = 2,
) -> st.SearchStrategy[AudioClip]:
    """Valid clips in any container that installed converters write; see `written_clips`."""
    made = written_clips(
        converters=converters,
        kinds=kinds,
        min_frames=min_frames,
        max_frames=max_frames,
        max_channels=max_channels,
    )
    return made.map(lambda made: made.clip)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Damage(ShortRepr):
    """One thing done to encoded bytes, counted from the start.

    Attributes:
        at: Where; beyond the end it does nothing.
        overwrite: What stands there afterwards.
        insert: What is pushed in there.
        cut: Whether everything from there on is lost.
    """

    at: int
    overwrite: bytes = b""
    insert: bytes = b""
    cut: bool = False

    def __call__(self, data: bytes) -> bytes:
        """The bytes after the damage."""
        if self.at > len(data):
            return data
        if self.cut:
            return data[: self.at]
        overwrite = self.overwrite[: len(data) - self.at]
        tail = data[self.at + len(overwrite) :]
        return data[: self.at] + overwrite + self.insert + tail


def damages(*, max_at: int = _HEADER_BYTES) -> st.SearchStrategy[Damage]:
    """Lies and cuts within the first bytes of a file."""
    at = st.integers(0, max_at)
    lies = st.sampled_from(_LIES) | st.binary(min_size=1, max_size=4)
    return st.one_of(
        st.builds(Damage, at=at, cut=st.just(True)),
        st.builds(Damage, at=at, overwrite=lies),
        st.builds(Damage, at=at, insert=lies),
    )


@st.composite
def malformed_headers(
    draw: st.DrawFn, *, converters: Iterable[ConverterSpec] | None = None, max_damages: int = 3
) -> bytes:
    """Files whose header was changed: mostly no audio any more, sometimes still.

    Args:
        draw: Given by Hypothesis.
        converters: That write the files before they are damaged; `None` takes those installed.
        max_damages: At most so many changes.
    """
    data = draw(clips(converters=converters, max_frames=256)).read_bytes()
    for damage in draw(st.lists(damages(), min_size=1, max_size=max_damages)):
        data = damage(data)
    return data
