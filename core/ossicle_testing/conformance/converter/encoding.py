"""What encoding must keep to."""

from __future__ import annotations

import io

import numpy as np
import pytest

from ossicle.abc import ConverterSpec
from ossicle.audio import AudioFormat, Pcm
from ossicle.errors import MalformedAudioError, OssicleError, UnsupportedFormatError
from ossicle_testing.conformance.converter.trial_audio import (
    EXACT,
    UNCOUNTED,
    FullSink,
    PipeSink,
    at_rate,
    clip_of,
    encode,
    endless,
    judge_wav,
    most_noise_db,
    noise_db,
    reader_of,
    signal_for,
    targets_of,
)
from ossicle_testing.conformance.probes import watching_accesses
from ossicle_testing.conformance.suite import Conformance, check
from ossicle_testing.strategies.formats import Writer, installed_writers

_LIES = {"sizes_unknown", "truncated", "trailing_bytes", "block_align"}
"""What the sniffer notes of a file whose header does not fit its samples."""

_BLOCKED = ("ima_adpcm", "ms_adpcm", "gsm")


class EncodingChecks(Conformance, is_part=True):
    """Checks of `encode`."""

    def writers_or_skip(self, spec: ConverterSpec) -> tuple[Writer, ...]:
        """What it writes; skips where it only reads."""
        found = installed_writers([spec])
        if not found:
            pytest.skip("it only reads")
        return found

    @check("writes what it claims: every rate and channel count, with as many frames as went in")
    def test_it_writes_what_it_claims(self, spec: ConverterSpec) -> None:
        """Judged by the reader that the framework would choose."""
        for writer in self.writers_or_skip(spec):
            for target in targets_of(writer):
                signal = signal_for(target)
                data = encode(spec, signal.pcm, target)
                if target.container == "wav":
                    judge_wav(data)
                clip = clip_of(data, target)
                # Into a sink that cannot seek, the length is not known when the header is written.
                lies = _LIES - {"sizes_unknown"} if writer.rule.is_incremental else _LIES
                odd = set(clip.facts.notes if clip is not None else ()) & lies
                assert not odd, f"{target}: the file is said to be {odd}"
                decoded = _read_back(spec, data, target)
                if decoded is None:
                    continue
                assert decoded.channels == target.channels, target
                if writer.rule.container != "adts" and writer.encoding not in _BLOCKED:
                    assert decoded.frames == signal.frames, target
                noise = noise_db(signal.pcm.samples, decoded.samples)
                assert noise <= most_noise_db(writer.encoding), (target, noise)
                self.draft.prove(f"writes {writer.rule.container}/{writer.encoding}")

    @check("writes the same however the stream is cut")
    def test_chunked_is_whole(self, spec: ConverterSpec) -> None:
        """Blocks of 4,096, of 1,000 and of one odd length decode to the same audio."""
        for writer in self.writers_or_skip(spec):
            target = targets_of(writer)[0]
            pcm = signal_for(target).pcm
            found = [encode(spec, pcm, target, block_frames=size) for size in (4096, 997, 6001)]
            read = [_read_back(spec, data, target) for data in found]
            if read[0] is None:
                assert found[0] == found[1] == found[2], target
                continue
            for other in read[1:]:
                assert other is not None
                assert other.frames == read[0].frames, target
                # A lossy encoder may decide otherwise where a block ends, which cannot be heard.
                limit = -200.0 if writer.encoding in EXACT else -30.0
                assert noise_db(read[0].samples, other.samples) < limit, target

    @check("writes an empty stream and a single frame")
    def test_the_shortest_streams_are_written(self, spec: ConverterSpec) -> None:
        """What comes out is audio of that length, where the format can hold it."""
        for writer in self.writers_or_skip(spec):
            target = targets_of(writer)[0]
            for frames in (0, 1):
                data = encode(spec, signal_for(target, frames=frames).pcm, target)
                is_counted = writer.rule.container not in UNCOUNTED
                if writer.encoding in EXACT and is_counted and frames:
                    decoded = _read_back(spec, data, target)
                    assert decoded is None or decoded.frames == frames, target

    @check("rounds samples instead of truncating them")
    def test_samples_are_rounded(self, spec: ConverterSpec) -> None:
        """The error of a sample is at most half a step, and its mean is none."""
        for writer in self.writers_or_skip(spec):
            if writer.encoding not in EXACT:
                continue
            target = targets_of(writer)[0]
            steps = np.linspace(-30011, 30011, 7201, dtype=np.float64)
            samples = (steps / 32768).astype(np.float32).reshape(-1, 1)
            pcm = _spread(samples, target)
            decoded = _read_back(spec, encode(spec, pcm, target), target)
            if decoded is None:
                continue
            error = (decoded.samples - pcm.samples).astype(np.float64) * 32768
            assert np.abs(error).max() <= 0.51, target
            assert abs(error.mean()) < 0.05, target

    @check("clips what is beyond full scale instead of wrapping it")
    def test_samples_are_clipped(self, spec: ConverterSpec) -> None:
        """Also exactly at full scale."""
        for writer in self.writers_or_skip(spec):
            if not writer.encoding.startswith(("pcm_", "flac", "mulaw", "alaw")):
                continue
            target = targets_of(writer)[0]
            values = np.repeat(np.array([1.0, -1.0, 1.5, -1.5, 8.0, -8.0], np.float32), 400)
            pcm = _spread(values.reshape(-1, 1), target)
            decoded = _read_back(spec, encode(spec, pcm, target), target)
            if decoded is None:
                continue
            wanted = np.clip(pcm.samples, -1, 1)
            if writer.encoding.startswith("pcm_f"):
                wanted = np.where(np.abs(decoded.samples) > 1, pcm.samples, wanted)
            assert np.abs(decoded.samples - wanted).max() < 0.05, target

    @check("leaves the sink open and the samples as they are")
    def test_the_sink_stays_open(self, spec: ConverterSpec) -> None:
        """Both belong to the caller; the samples are read-only here."""
        for writer in self.writers_or_skip(spec):
            target = targets_of(writer)[0]
            pcm = signal_for(target).pcm
            sink = io.BytesIO()
            spec.factory().encode(pcm.stream(1000), target, sink)
            assert not sink.closed, target
            assert sink.getvalue(), target

    @check("streams where it says so: bytes come out while blocks go in, also into a pipe")
    def test_incremental_rules_stream(self, spec: ConverterSpec) -> None:
        """What a pipe gets decodes like what a file gets."""
        rules = [one for one in self.writers_or_skip(spec) if one.rule.is_incremental]
        if not rules:
            pytest.skip("no rule is incremental")
        for writer in rules:
            target = targets_of(writer)[0]
            pipe, seen = PipeSink(), list[int]()
            stream = endless(target, blocks=40, after=lambda _: seen.append(len(pipe.data)))  # noqa: B023 - used within the turn
            spec.factory().encode(stream, target, pipe)  # type: ignore[arg-type]  # a raw sink
            assert seen[-1] > len(pipe.data) // 3, (target, "nothing came before the end")
            decoded = _read_back(spec, bytes(pipe.data), target)
            if decoded is not None:
                assert abs(decoded.frames - 40 * 8192) <= 4096, target

    @check("opens nothing while it writes")
    def test_writing_opens_nothing(self, spec: ConverterSpec) -> None:
        """No temporary file of a predictable name, no program."""
        for writer in self.writers_or_skip(spec):
            target = targets_of(writer)[0]
            pcm = signal_for(target).pcm
            encode(spec, pcm, target)
            with watching_accesses() as accesses:
                encode(spec, pcm, target)
            assert accesses.seen == [], target

    @check("hands on what goes wrong in the stream or the sink, and leaves nothing behind")
    def test_faults_around_it_pass(self, spec: ConverterSpec) -> None:
        """A decoder that fails under way must not look like the end of the audio."""
        for writer in self.writers_or_skip(spec):
            target = targets_of(writer)[0]
            fault = MalformedAudioError("the audio breaks off here")

            def break_off(number: int, fault: Exception = fault) -> None:
                if number == 3:
                    raise fault

            with pytest.raises(MalformedAudioError) as caught:
                spec.factory().encode(
                    endless(target, blocks=6, after=break_off), target, io.BytesIO()
                )
            assert caught.value is fault, target
            with pytest.raises((OSError, OssicleError)):
                spec.factory().encode(
                    endless(target, blocks=6, after=lambda _: None), target, FullSink()
                )

    @check("refuses rates and channels that it does not claim with its own error, or writes them")
    def test_what_is_not_claimed_is_refused_cleanly(self, spec: ConverterSpec) -> None:
        """Never with a library's error."""
        for writer in self.writers_or_skip(spec):
            target = targets_of(writer)[0].at(sample_rate=7777, channels=9)
            try:
                encode(spec, signal_for(target, frames=500).pcm, target)
            except UnsupportedFormatError as error:
                assert error.what  # noqa: PT017 - both outcomes are right


def _spread(samples: np.ndarray, target: AudioFormat) -> Pcm:
    """One column of samples in every channel of a target."""
    columns = np.repeat(samples, target.channels or 1, axis=1)
    return Pcm(samples=np.ascontiguousarray(columns), sample_rate=target.sample_rate or 0)


def _read_back(spec: ConverterSpec, data: bytes, target: AudioFormat) -> Pcm | None:
    """What was written, decoded; `None` where nothing here reads it."""
    clip = clip_of(data, target)
    if clip is None:
        return None
    assert clip.format.container == target.container, target
    assert clip.format.encoding == target.encoding, target
    reader = reader_of(clip.format, spec)
    if reader is None:
        return None
    pcm = reader.factory().decode(clip).read()
    return at_rate(pcm, target.sample_rate or 0, encoding=target.encoding)
