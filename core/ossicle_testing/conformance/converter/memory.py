"""How much memory decoding and encoding take."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

from ossicle.abc import ConverterSpec
from ossicle.audio import AudioClip
from ossicle_testing.conformance.converter.trial_audio import (
    clip_of,
    encode,
    endless,
    targets_of,
    writers_for,
)
from ossicle_testing.conformance.probes import watching_allocations
from ossicle_testing.strategies.formats import Writer
from ossicle_testing.strategies.signals import Signal

_RATE = 24000
_NOTICEABLE = 1 << 16
_LOSSLESS = ("pcm_s16le", "pcm_s16be", "flac")


def decoding_growth(spec: ConverterSpec) -> dict[str, int]:
    """By how many bytes the peak grows with ten times the audio, for each container.

    Where something here writes it: without loss if that can be, for that is fastest.
    """
    found = {}
    for rule in spec.reads:
        fitting = sorted(writers_for(rule, spec), key=lambda one: one.encoding not in _LOSSLESS)
        for writer in fitting[:1]:
            clips = [_long_clip(writer, frames) for frames in (300_000, 3_000_000)]
            peaks = [_peak(_reading(spec, clip)) for clip in clips if clip is not None]
            if len(peaks) == 2:
                found[f"reads {rule.container}"] = peaks[1] - peaks[0]
    return found


def encoding_growth(spec: ConverterSpec, writer: Writer) -> int:
    """By how many bytes the peak grows with eight times the audio.

    Where it does, once more: what is imported or filled only once is no growth.
    """
    growth = 0
    for _ in range(2):
        few, many = (_peak(_writing(spec, writer, blocks)) for blocks in (12, 96))
        growth = many - few if not growth else min(growth, many - few)
        if growth < _NOTICEABLE:
            break
    return growth


def _long_clip(writer: Writer, frames: int) -> AudioClip | None:
    rates = writer.rule.sample_rates
    rate = _RATE if rates is None or _RATE in rates else rates[0]
    target = targets_of(writer)[0].at(sample_rate=rate, channels=1)
    signal = Signal(kind="tone", frames=frames, sample_rate=rate)
    return clip_of(encode(writer.converter, signal.pcm, target), target)


def _reading(spec: ConverterSpec, clip: AudioClip) -> Callable[[], None]:
    def run() -> None:
        with spec.factory().decode(clip) as stream:
            for _ in stream:
                pass

    return run


def _writing(spec: ConverterSpec, writer: Writer, blocks: int) -> Callable[[], None]:
    target = targets_of(writer)[0]

    def run() -> None:
        with tempfile.TemporaryFile() as sink:
            stream = endless(target, blocks=blocks, after=lambda _: None)
            spec.factory().encode(stream, target, sink)

    return run


def _peak(work: Callable[[], None]) -> int:
    with watching_allocations() as allocations:
        work()
    return allocations.peak
