"""What decoding must keep to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from ossicle.abc import CodecRule, ConverterSpec
from ossicle.audio import AudioClip, BlockStream, Pcm
from ossicle.errors import MalformedAudioError, OssicleError
from ossicle_testing.conformance.converter.trial_audio import (
    EXACT,
    UNCOUNTED,
    at_rate,
    clip_of,
    damaged,
    encode,
    inputs_for,
    most_noise_db,
    noise_db,
    ramp,
    targets_of,
    with_chunks,
    writers_for,
)
from ossicle_testing.conformance.probes import (
    holdings,
    settled_holdings,
    watching_accesses,
    watching_allocations,
    watching_litter,
)
from ossicle_testing.conformance.suite import Conformance, check
from ossicle_testing.strategies.signals import Signal

_MAX_BLOCK_FRAMES = 1 << 19
_MAX_PEAK = 48 << 20
_MUTATIONS = 48

Input = tuple[str, CodecRule, Signal, AudioClip]


class DecodingChecks(Conformance, is_part=True):
    """Checks of `decode`."""

    kind = "converter"

    @pytest.fixture
    def spec(self) -> ConverterSpec:
        """How the plugin announces the converter."""
        pytest.fail("give a fixture `spec` that returns a ConverterSpec")

    @pytest.fixture(autouse=True)
    def _subject(self, spec: ConverterSpec) -> None:
        self.draft.describe(spec.name, spec.factory, spec.requires)
        for verb, rules in (("reads", spec.reads), ("writes", spec.writes)):
            for rule in rules:
                for encoding in rule.encodings or ("any",):
                    self.draft.claim(f"{verb} {rule.container}/{encoding}")

    def inputs(self, spec: ConverterSpec) -> list[Input]:
        """A clip of each encoding that it reads and something here writes."""
        return _inputs(spec)

    def inputs_or_skip(self, spec: ConverterSpec) -> list[Input]:
        """The same; skips where there are none."""
        found = self.inputs(spec)
        if not found:
            pytest.skip("nothing that it reads is written here")
        return found

    @pytest.fixture
    def clips(self) -> Sequence[AudioClip | tuple[AudioClip, Pcm]]:
        """Further clips, of what nothing installed writes, best with the audio that is in them."""
        return ()

    @check("decodes what it claims: float32 frames of the right rate, count and content")
    def test_it_reads_what_it_claims(self, spec: ConverterSpec) -> None:
        """Delay and padding removed, where the format states them."""
        for name, rule, signal, clip in self.inputs_or_skip(spec):
            stream = spec.factory().decode(clip)
            assert stream.channels == signal.channels, name
            told, given = stream.frames, stream.read()
            assert told is None or told == given.frames, name
            pcm = at_rate(given, signal.sample_rate, encoding=name.partition("/")[2])
            if rule.container not in UNCOUNTED and not _is_blocked(name):
                assert pcm.frames == signal.frames, name
            assert abs(pcm.frames - signal.frames) <= 4096, name
            noise = noise_db(signal.pcm.samples, pcm.samples)
            assert noise <= most_noise_db(name.partition("/")[2]), (name, noise)
            self.draft.prove(f"reads {name}")
        for rule in spec.reads:
            for encoding in rule.encodings or ():
                self.draft.doubt(
                    f"reads {rule.container}/{encoding}",
                    "nothing installed writes it: give the fixture `clips`",
                )
            if rule.encodings is None:
                self.draft.doubt(
                    f"reads {rule.container}/any",
                    "more than can be tried: the encodings that were tried are proved by name",
                )

    @check("decodes the further clips that it is given, with the audio that is in them")
    def test_it_reads_further_clips(
        self, spec: ConverterSpec, clips: Sequence[AudioClip | tuple[AudioClip, Pcm]]
    ) -> None:
        """At the rate, channels and length that their headers state."""
        if not clips:
            pytest.skip("no further clips are given")
        for given in clips:
            clip, original = (given, None) if isinstance(given, AudioClip) else given
            form, facts = clip.format, clip.facts
            rule = spec.reading(form)
            assert rule is not None, f"{form} is none of its formats"
            with spec.factory().decode(clip) as stream:
                assert form.channels in (None, stream.channels), form
                pcm = stream.read()
            assert np.isfinite(pcm.samples).all(), form
            assert np.abs(pcm.samples).max() > 0.001, f"{form} is silent"
            if facts.duration_s is not None and not facts.is_estimate:
                assert abs(pcm.duration_s - facts.duration_s) < 0.2, form
            if original is not None:
                assert abs(pcm.frames - original.frames) <= 2048, (form, pcm.frames)
                noise = noise_db(original.samples, pcm.samples)
                assert noise <= most_noise_db(form.encoding), (form, noise)
                if form.encoding in EXACT:
                    assert pcm.frames == original.frames, form
            self.draft.prove(f"reads {form.container}/{form.encoding}")

    @check("reads every sample exactly, of one frame and of one more than a block")
    def test_samples_are_exact(self, spec: ConverterSpec) -> None:
        """Steps of 16 bits, which every exact encoding holds."""
        tried = 0
        for rule in spec.reads:
            exact = [one for one in writers_for(rule, spec) if one.encoding in EXACT]
            for writer in {one.encoding: one for one in reversed(exact)}.values():
                target = targets_of(writer)[0]
                for frames in (1, 4097, 8193):
                    pcm = ramp(target, frames=frames)
                    clip = clip_of(encode(writer.converter, pcm, target), target)
                    if clip is None or not rule.covers(clip.format):
                        continue
                    given = spec.factory().decode(clip).read()
                    count = min(frames, given.frames)
                    assert count == frames or rule.container in UNCOUNTED, (target, frames)
                    error = np.abs(given.samples[:count] - pcm.samples[:count]).max()
                    assert error < 1e-6, (target, frames, error)
                    tried += 1
        if not tried:
            pytest.skip("it reads nothing exact that is written here")

    @check("gives blocks of float32 (frames, channels), none larger than a few hundred thousand")
    def test_blocks_have_their_shape(self, spec: ConverterSpec) -> None:
        """Each of them."""
        for name, _, signal, clip in self.inputs_or_skip(spec):
            with spec.factory().decode(clip) as stream:
                for block in stream:
                    assert block.dtype == np.float32, name
                    assert block.ndim == 2, name
                    assert block.shape[1] == signal.channels, name
                    assert len(block) <= _MAX_BLOCK_FRAMES, name
                    assert np.isfinite(block).all(), name

    @check("decodes the same, from memory or a file, once or again")
    def test_decoding_repeats(self, spec: ConverterSpec, tmp_path: Path) -> None:
        """Also when two streams of one converter are read by turns."""
        for name, _, _, clip in self.inputs_or_skip(spec):
            expected = spec.factory().decode(clip).read().samples
            made = spec.factory()
            sources = [clip, clip]
            if clip.format.container != "raw":
                path = tmp_path / "name-that-lies.xyz"
                path.write_bytes(clip.read_bytes())
                sources.append(AudioClip.from_path(path))
            with ExitStack() as opened:
                streams = [opened.enter_context(made.decode(source)) for source in sources]
                blocks: list[list[np.ndarray]] = [[] for _ in streams]
                for index, stream in enumerate(streams):
                    for block in stream:
                        blocks[index].append(block.copy())
                        break
                for index, stream in enumerate(streams):
                    blocks[index] += [block.copy() for block in stream]
                    assert np.array_equal(np.concatenate(blocks[index]), expected), name

    @check("frees everything when closed early, twice, or never begun")
    def test_early_close_frees_all(self, spec: ConverterSpec, tmp_path: Path) -> None:
        """No thread and no handle stays."""
        on_disk = []
        for number, (_, _, _, clip) in enumerate(self.inputs_or_skip(spec)):
            path = tmp_path / f"{number}.clip"
            path.write_bytes(clip.read_bytes())
            if clip.format.container != "raw":
                on_disk.append(AudioClip.from_path(path))
        for clip in on_disk:
            self._leave_early(spec, clip)
        before = holdings()
        with watching_litter() as litter:
            for _ in range(4):
                for clip in on_disk:
                    self._leave_early(spec, clip)
        assert not litter, litter[0]
        after = settled_holdings(before, by=4)
        assert not after.exceeds(before, by=4), (before, after)

    def _leave_early(self, spec: ConverterSpec, clip: AudioClip) -> None:
        stream = spec.factory().decode(clip)
        next(iter(stream))
        stream.close()
        stream.close()
        spec.factory().decode(clip).close()

    @check("raises nothing but ossicle's errors on damaged bytes, and allocates little")
    def test_damaged_bytes_are_survived(self, spec: ConverterSpec) -> None:
        """Flips, lies in sizes, cuts and repeats; nothing is allocated by what a header claims."""
        for name, rule, _, clip in self.inputs_or_skip(spec):
            if rule.container == "raw":
                continue
            for seed, data in enumerate(damaged(clip.read_bytes(), seed=7, count=_MUTATIONS)):
                try:
                    changed = AudioClip.from_bytes(data)
                except MalformedAudioError:
                    continue
                if rule.covers(changed.format):
                    self._decode_damaged(spec, changed, f"{name} mutation {seed}")

    def _decode_damaged(self, spec: ConverterSpec, clip: AudioClip, name: str) -> None:
        with watching_allocations() as allocations:
            try:
                with spec.factory().decode(clip) as stream:
                    frames, is_whole = _read_some(stream, name)
                    assert not is_whole or stream.frames in (None, frames), (
                        f"{name}: {stream.frames} frames are said to be sure, {frames} come"
                    )
            except OssicleError as error:
                _examine(error, name)
        assert allocations.peak < _MAX_PEAK, f"{name}: {allocations.peak >> 20} MiB"

    @check("skips what stands in a WAV besides the samples, before and behind them")
    def test_further_chunks_are_skipped(self, spec: ConverterSpec) -> None:
        """Of an odd length, with its byte of padding."""
        found = [one for one in self.inputs_or_skip(spec) if one[1].container == "wav"]
        if not found:
            pytest.skip("it reads no WAV")
        for name, _, _, clip in found:
            longer = AudioClip.from_bytes(with_chunks(clip.read_bytes()))
            plain, other = (spec.factory().decode(one).read() for one in (clip, longer))
            # What decoders make of the padding in a last block is theirs to say.
            same = -4096 if _is_blocked(name) else None
            assert np.array_equal(plain.samples[:same], other.samples[:same]), name

    @check("opens nothing but the clip itself")
    def test_nothing_else_is_opened(self, spec: ConverterSpec) -> None:
        """No file, address or program, whatever the content names."""
        for name, _, _, clip in self.inputs_or_skip(spec):
            spec.factory().decode(clip).read()
            with watching_accesses() as accesses:
                spec.factory().decode(clip).read()
            assert accesses.seen == [], name


def _read_some(stream: BlockStream, name: str) -> tuple[int, bool]:
    """Frames in up to 64 blocks, and whether that was all."""
    frames = 0
    for number, block in enumerate(stream):
        assert block.ndim == 2, name
        frames += len(block)
        if number == 63:
            return frames, False
    return frames, True


@lru_cache(maxsize=4)
def _cached_inputs(spec: ConverterSpec) -> tuple[Input, ...]:
    return tuple(inputs_for(spec))


def _inputs(spec: ConverterSpec) -> list[Input]:
    return list(_cached_inputs(spec))


def _examine(error: OssicleError, name: str) -> None:
    assert error.what, name
    assert len(str(error)) < 500, name


def _is_blocked(name: str) -> bool:
    """Encodings in blocks of a fixed length, whose last one is padded."""
    return name.endswith(("ima_adpcm", "ms_adpcm", "gsm"))
