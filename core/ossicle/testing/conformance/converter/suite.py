"""The suite of converters, put together."""

from __future__ import annotations

import pytest

from ossicle.abc import API_VERSION, ConverterSpec, FormatConverter
from ossicle.testing.conformance.converter.memory import decoding_growth, encoding_growth
from ossicle.testing.conformance.converter.reading import ReadingChecks
from ossicle.testing.conformance.converter.writing import WritingChecks
from ossicle.testing.conformance.suite import check
from ossicle.testing.strategies.formats import installed_writers

_MAX_GROWTH = 1 << 20


class ConverterConformance(ReadingChecks, WritingChecks, is_part=True):
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

    @check("decodes and encodes in memory that does not grow with the length")
    def test_memory_is_constant(self, spec: ConverterSpec) -> None:
        """Ten times the audio, the same peak, give or take a few buffers."""
        for name, growth in decoding_growth(spec).items():
            assert growth < _MAX_GROWTH, (name, growth)
        for writer in installed_writers([spec]):
            growth = encoding_growth(spec, writer)
            assert growth < _MAX_GROWTH, (writer, growth)
