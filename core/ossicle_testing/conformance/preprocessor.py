"""What every preprocessor must do."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ossicle.abc import API_VERSION, BlockTransform, Preprocessor, PreprocessorSpec
from ossicle.signal import Measurements, Samples, measure
from ossicle_testing.conformance.probes import watching_accesses, watching_allocations
from ossicle_testing.conformance.samples import CUTS, cut_blocks, probe_signals
from ossicle_testing.conformance.suite import Conformance, check
from ossicle_testing.strategies.signals import Signal

_EFFECT = re.compile(r"[a-z0-9_]+_(s|db|hz|dbfs|lufs|dbtp|share|frames|samples|channels|bytes)")
_SLACK_FRAMES = 2
_MAX_GROWTH = 8 << 20


class PreprocessorConformance(Conformance, is_part=True):
    """Derive from this, give the fixture `spec`, and pytest runs the rest.

    Example:
        class TestMyPreprocessor(PreprocessorConformance):
            @pytest.fixture
            def spec(self):
                return MY_SPEC
    """

    kind = "preprocessor"

    @pytest.fixture
    def spec(self) -> PreprocessorSpec:
        """How the plugin announces the preprocessor."""
        pytest.fail("give a fixture `spec` that returns a PreprocessorSpec")

    @pytest.fixture(autouse=True)
    def _subject(self, spec: PreprocessorSpec) -> None:
        self.draft.describe(spec.name, spec.factory, spec.requires)

    @check("announces itself under its own name, in one line, for this interface")
    def test_it_announces_itself(self, spec: PreprocessorSpec) -> None:
        """Name, summary and version agree with what the factory builds."""
        made = spec.factory()
        assert isinstance(made, Preprocessor)
        assert made.name == spec.name
        assert spec.api_version == API_VERSION
        assert spec.summary
        assert "\n" not in spec.summary

    @check("gives float32 blocks of the declared channels, finite, at the declared rate")
    def test_blocks_have_the_declared_shape(self, spec: PreprocessorSpec) -> None:
        """For every kind of signal, also the empty one."""
        for signal in probe_signals():
            transform = start(spec, signal)
            assert transform.sample_rate > 0
            assert transform.latency_frames >= 0
            for block in run_blocks(transform, [signal.pcm.samples]):
                assert isinstance(block, np.ndarray), signal
                assert block.dtype == np.float32, signal
                assert block.ndim == 2, signal
                assert block.shape[1] == transform.channels, signal
                assert np.isfinite(block).all(), signal

    @check("keeps the duration as its rates say, but for what it reports and rings out")
    def test_the_length_fits_the_effect(self, spec: PreprocessorSpec) -> None:
        """Frames out are frames in at the new rate, less `trimmed_s`, more `padded_s`.

        A filter that is not cut at the end rings for `latency_frames` more, at most.
        """
        for signal in probe_signals():
            transform = start(spec, signal)
            frames = len(joined(transform, [signal.pcm.samples]))
            effect = transform.effect()
            told_s = signal.duration_s - effect.get("trimmed_s", 0.0) + effect.get("padded_s", 0.0)
            least = told_s * transform.sample_rate - _SLACK_FRAMES
            most = least + 2 * _SLACK_FRAMES + transform.latency_frames
            assert least <= frames <= most, (signal, frames, least, most)

    @check("is exact at any block split")
    def test_chunked_is_whole(self, spec: PreprocessorSpec) -> None:
        """Blocks of one frame, of none, odd ones and large ones give the same samples."""
        for signal in probe_signals():
            whole = joined(start(spec, signal), [signal.pcm.samples])
            for cut in CUTS:
                blocks = cut_blocks(signal.pcm.samples, cut)
                assert np.array_equal(joined(start(spec, signal), blocks), whole), (signal, cut)

    @check("does not write to its input, nor keep it")
    def test_the_input_is_only_borrowed(self, spec: PreprocessorSpec) -> None:
        """A block may be overwritten as soon as the next one is there."""
        for signal in probe_signals():
            samples = signal.pcm.samples
            whole = joined(start(spec, signal), [samples])
            transform, shared = start(spec, signal), np.empty((512, signal.channels), np.float32)
            pieces = []
            for begin in range(0, len(samples), 512):
                block = shared[: len(samples[begin : begin + 512])]
                block[:] = samples[begin : begin + 512]
                before = block.copy()
                pieces.append(np.array(transform.process(block), copy=True))
                assert np.array_equal(block, before), signal
                shared[:] = math.nan
            pieces.append(transform.finish())
            assert np.array_equal(np.concatenate(pieces), whole), signal

    @check("holds back no more frames than it declares")
    def test_latency_is_as_declared(self, spec: PreprocessorSpec) -> None:
        """`finish` returns at most `latency_frames`."""
        for signal in probe_signals():
            for cut in CUTS:
                transform = start(spec, signal)
                for block in cut_blocks(signal.pcm.samples, cut):
                    transform.process(block)
                assert len(transform.finish()) <= transform.latency_frames, (signal, cut)

    @check("starts each stream afresh")
    def test_streams_do_not_meet(self, spec: PreprocessorSpec) -> None:
        """Two transforms of one preprocessor, fed by turns, do not hear each other."""
        made = spec.factory()
        for first, second in zip(probe_signals(), probe_signals()[1:], strict=False):
            expected = joined(start(spec, first), [first.pcm.samples])
            one, other = start(spec, first, made=made), start(spec, second, made=made)
            assert one is not other
            pieces = []
            for block in cut_blocks(first.pcm.samples, (100,)):
                pieces.append(np.array(one.process(block), copy=True))
                other.process(second.pcm.samples[:100])
            other.finish()
            pieces.append(one.finish())
            assert np.array_equal(np.concatenate(pieces), expected), (first, second)

    @check("can be used from several threads at once")
    def test_threads_do_not_meet(self, spec: PreprocessorSpec) -> None:
        """One preprocessor, four threads, a stream each."""
        made = spec.factory()
        signals = [*probe_signals()] * 2
        measured = {signal: measured_of(signal) for signal in signals}

        def work(signal: Signal) -> Samples:
            transform = start(spec, signal, made=made, measured=measured[signal])
            return joined(transform, cut_blocks(signal.pcm.samples, CUTS[0]))

        alone = [work(signal) for signal in signals]
        with ThreadPoolExecutor(4) as pool:
            for signal, one, other in zip(signals, alone, pool.map(work, signals), strict=True):
                assert np.array_equal(one, other), signal

    @check("reports its effect in finite numbers with a unit in the name")
    def test_effects_are_named_and_finite(self, spec: PreprocessorSpec) -> None:
        """Such as `trimmed_s` and `gain_db`."""
        for signal in probe_signals():
            transform = start(spec, signal)
            joined(transform, [signal.pcm.samples])
            for name, value in transform.effect().items():
                assert _EFFECT.fullmatch(name), name
                assert math.isfinite(value), (signal, name, value)

    @check("starts without measurements unless it says that it needs them")
    def test_measurements_are_needed_only_where_declared(self, spec: PreprocessorSpec) -> None:
        """The pipeline measures a stream beforehand only for those who ask."""
        if spec.factory().needs_measurements:
            pytest.skip("it needs measurements")
        signal = probe_signals()[0]
        transform = spec.factory().start(
            sample_rate=signal.sample_rate, channels=signal.channels, measurements=None
        )
        assert isinstance(transform, BlockTransform)
        transform.process(signal.pcm.samples)
        transform.finish()

    @check("touches no file, network or program")
    def test_it_touches_nothing(self, spec: PreprocessorSpec) -> None:
        """It is a function of samples."""
        signal = probe_signals()[0]
        joined(start(spec, signal), [signal.pcm.samples])
        measured = measured_of(signal)
        with watching_accesses() as accesses:
            joined(start(spec, signal, measured=measured), [signal.pcm.samples])
        assert accesses.seen == []

    @check("works in memory that does not grow with the length")
    def test_memory_is_constant(self, spec: PreprocessorSpec) -> None:
        """Four minutes pass; what stays behind is small."""
        signal = Signal(kind="noise", frames=24000, sample_rate=8000)
        whole = Signal(kind="noise", frames=240 * 8000, sample_rate=8000)
        transform = start(spec, whole)
        transform.process(signal.pcm.samples)
        with watching_allocations() as allocations:
            for _ in range(80):
                transform.process(signal.pcm.samples)
        assert allocations.held < _MAX_GROWTH // 4


def start(
    spec: PreprocessorSpec,
    signal: Signal,
    *,
    made: Preprocessor | None = None,
    measured: Measurements | None = None,
) -> BlockTransform:
    """A fresh transform for a signal, with its measurements, as the pipeline starts it."""
    return (made or spec.factory()).start(
        sample_rate=signal.sample_rate,
        channels=signal.channels,
        measurements=measured or measured_of(signal),
    )


def measured_of(signal: Signal) -> Measurements:
    """What the meter says of a signal."""
    return measure(signal.pcm.samples, sample_rate=signal.sample_rate)


def run_blocks(transform: BlockTransform, blocks: Sequence[Samples]) -> list[Samples]:
    """What comes out, block by block, the rest last."""
    return [*(transform.process(block) for block in blocks), transform.finish()]


def joined(transform: BlockTransform, blocks: Sequence[Samples]) -> Samples:
    """What comes out, in one piece; each block is copied before the next goes in."""
    pieces = [np.array(transform.process(block), copy=True) for block in blocks]
    return np.concatenate([*pieces, transform.finish()])
