"""The suite of converters, put together."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ossicle.abc import API_VERSION, ConverterSpec, FormatConverter
from ossicle_testing.conformance.converter.decoding import DecodingChecks
from ossicle_testing.conformance.converter.encoding import EncodingChecks
from ossicle_testing.conformance.converter.memory import decoding_growth, encoding_growth
from ossicle_testing.conformance.converter.trial_audio import (
    EXACT,
    at_rate,
    most_noise_db,
    noise_db,
    reader_of,
    stereo_clips,
    targets_of,
)
from ossicle_testing.conformance.suite import check
from ossicle_testing.strategies.formats import installed_writers

_MAX_GROWTH = 1 << 20


class ConverterConformance(DecodingChecks, EncodingChecks, is_part=True):
    """Derive from this, give the fixture `spec`, and pytest runs the rest.

    What it reads is tried with files that other installed converters write, or the converter
    itself; what nothing here writes stays claimed in the report.

    Example:
        class TestMyConverter(ConverterConformance):
            @pytest.fixture
            def spec(self):
                return MY_SPEC
    """

    @check("announces itself in one line, for this interface, with rules that make sense")
    def test_it_announces_itself(self, spec: ConverterSpec) -> None:
        """Rules do not overlap, costs are positive, rates and channels possible."""
        assert isinstance(spec.factory(), FormatConverter)
        assert spec.api_version == API_VERSION
        assert spec.summary
        assert "\n" not in spec.summary
        assert spec.reads or spec.writes, "it neither reads nor writes"
        for rules in (spec.reads, spec.writes):
            pairs = [
                (rule.container, encoding)
                for rule in rules
                for encoding in rule.encodings or ("any",)
            ]
            assert len(pairs) == len(set(pairs)), "two rules cover one format"
            for rule in rules:
                assert rule.cost > 0
                assert rule.max_channels is None or rule.max_channels >= 1
                assert rule.sample_rates is None or rule.sample_rates

    @check("builds converters that know nothing of each other")
    def test_the_factory_builds_anew(self, spec: ConverterSpec) -> None:
        """Or one that has no state."""
        if not any(True for _ in self.inputs(spec)):
            pytest.skip("nothing to read")
        _, _, _, clip = next(iter(self.inputs(spec)))
        one = spec.factory().decode(clip)
        other = spec.factory().decode(clip)
        one.close()
        assert len(other.read().samples)

    @check("keeps channels apart and in their place, both ways")
    def test_channels_keep_their_place(self, spec: ConverterSpec) -> None:
        """Two tones, one to the left and one to the right."""
        tried = 0
        for name, original, clip in stereo_clips(spec):
            reader = spec if spec.reading(clip.format) else reader_of(clip.format, spec)
            if reader is None:
                continue
            given = reader.factory().decode(clip).read()
            pcm = at_rate(given, original.sample_rate, encoding=clip.format.encoding)
            for channel in (0, 1):
                noise = noise_db(
                    original.samples[:, channel : channel + 1],
                    pcm.samples[:, channel : channel + 1],
                )
                assert noise <= most_noise_db(clip.format.encoding), (name, channel, noise)
            tried += 1
        if not tried:
            pytest.skip("nothing with two channels is read or written here")

    @check("can be used from several threads at once")
    def test_threads_do_not_meet(self, spec: ConverterSpec) -> None:
        """One converter, four threads; each clip decodes as it does alone."""
        inputs = self.inputs_or_skip(spec)
        made = spec.factory()
        clips = [clip for _, _, _, clip in inputs] * 4
        alone = [made.decode(clip).read().samples for clip in clips]
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda clip: made.decode(clip).read().samples, clips))
        for (name, *_), one, other in zip(inputs * 4, alone, found, strict=True):
            assert np.array_equal(one, other), name

    @check("converts to what decoding and encoding give")
    def test_converting_is_decoding_and_encoding(self, spec: ConverterSpec) -> None:
        """Also where it knows a shorter way."""
        inputs = [one for one in self.inputs(spec) if one[0].partition("/")[2] in EXACT]
        writers = [one for one in installed_writers([spec]) if one.encoding in EXACT]
        if not inputs or not writers:
            pytest.skip("it does not both read and write without loss")
        name, _, signal, clip = inputs[0]
        for writer in writers:
            target = targets_of(writer)[0].at(
                sample_rate=signal.sample_rate, channels=signal.channels
            )
            sinks = io.BytesIO(), io.BytesIO()
            spec.factory().convert(clip, target, sinks[0])
            with spec.factory().decode(clip) as stream:
                spec.factory().encode(stream, target, sinks[1])
            assert sinks[0].getvalue() == sinks[1].getvalue(), (name, target)

    @check("decodes and encodes in memory that does not grow with the length")
    def test_memory_is_constant(self, spec: ConverterSpec) -> None:
        """Ten times the audio, the same peak, give or take a few buffers."""
        found = decoding_growth(spec)
        for name, growth in found.items():
            assert growth < _MAX_GROWTH, (name, growth)
        writers = installed_writers([spec])
        if not found and not writers:
            pytest.skip("nothing here writes what it reads, so no long clip could be measured")
        for writer in writers:
            growth = encoding_growth(spec, writer)
            assert growth < _MAX_GROWTH, (writer, growth)
