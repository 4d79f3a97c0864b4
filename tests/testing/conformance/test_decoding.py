"""What a converter is said to read is what was tried."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ossicle.abc import CodecRule, ConverterSpec
from ossicle.audio import AudioClip
from ossicle_soundfile.plugin import ossicle_register_converters
from ossicle_testing.conformance import Claim, ConverterConformance, run_suite
from ossicle_testing.conformance.converter.trial_audio import inputs_for

[SOUNDFILE] = ossicle_register_converters()
SPEC = replace(SOUNDFILE, reads=(CodecRule(container="flac"),), writes=())


class OpenReader(ConverterConformance):
    """Says that it reads anything in a container."""

    @pytest.fixture
    def spec(self) -> ConverterSpec:
        return SPEC

    @pytest.fixture
    def clips(self) -> list[AudioClip]:
        return [clip for _, _, _, clip in inputs_for(SPEC)]


def test_anything_is_never_proved_only_what_was_tried() -> None:
    trial = run_suite(
        OpenReader, checks=["test_it_reads_what_it_claims", "test_it_reads_further_clips"]
    )
    assert not trial.failures
    anything, tried = trial.report.claims
    assert tried == Claim(what="reads flac/flac", is_proved=True)
    assert (anything.what, anything.is_proved) == ("reads flac/any", False)
    assert anything.reason.startswith("more than can be tried")
