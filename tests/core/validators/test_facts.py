"""Validators that judge what the header tells: duration, size and format."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.core.signal.signals import noise, silence
from tests.core.validators.evidence import WAV, codes, context_for, evidence_of, findings

from ossicle.abc import AudioInput, FormatRule
from ossicle.errors import ConfigurationError
from ossicle.validators import DurationValidator, FormatValidator, SizeValidator


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (0, [("empty", "error")]),
        (1, [("too_short", "error")]),
        (2399, [("too_short", "error")]),
        (2400, []),
        (24_000, []),
    ],
)
def test_a_tenth_of_a_second_is_the_least(frames: int, expected: list[tuple[str, str]]) -> None:
    evidence = evidence_of(noise()[:frames])
    assert codes(DurationValidator(), evidence) == expected
    unmeasured = dataclasses.replace(evidence, measurements=None)
    assert codes(DurationValidator(), unmeasured) == expected


def test_the_models_own_limits_prevail() -> None:
    context = context_for(AudioInput(formats=(WAV,), min_duration_s=1.0, max_duration_s=2.0))
    validator = DurationValidator()
    assert codes(validator, evidence_of(noise(duration_s=0.9)), context) == [("too_short", "error")]
    assert codes(validator, evidence_of(noise(duration_s=1.5)), context) == []
    found = findings(validator, evidence_of(noise(duration_s=2.5)), context)
    assert [(f.code, f.measured, f.allowed, f.unit) for f in found] == [("too_long", 2.5, 2.0, "s")]


def test_an_unknown_duration_is_not_judged() -> None:
    evidence = evidence_of(noise())
    facts = dataclasses.replace(evidence.facts, duration_s=None, frames=None)
    unknown = dataclasses.replace(evidence, facts=facts, measurements=None)
    assert codes(DurationValidator(), unknown) == []


def test_unknown_limits_are_not_judged() -> None:
    evidence = evidence_of(noise())
    for context in (context_for(None), context_for(AudioInput(formats=(WAV,)))):
        assert codes(SizeValidator(), evidence, context) == []
        assert codes(DurationValidator(), evidence, context) == []


def test_more_bytes_than_the_model_takes_are_refused() -> None:
    evidence = evidence_of(noise())
    size = evidence.facts.n_bytes
    fits = context_for(AudioInput(formats=(WAV,), max_bytes=size))
    tight = context_for(AudioInput(formats=(WAV,), max_bytes=size - 1))
    assert codes(SizeValidator(), evidence, fits) == []
    assert codes(SizeValidator(), evidence, tight) == [("too_large", "error")]
    assert codes(SizeValidator(), evidence) == []


def test_a_format_the_model_does_not_take_is_refused() -> None:
    evidence = evidence_of(noise())
    mp3 = context_for(AudioInput(formats=(FormatRule(container="mp3"),)))
    found = findings(FormatValidator(), evidence, mp3)
    assert [(f.code, f.severity) for f in found] == [("format_not_taken", "error")]
    assert found[0].fix is not None
    assert "mp3" in found[0].fix
    both = context_for(AudioInput(formats=(FormatRule(container="mp3"), WAV)))
    assert codes(FormatValidator(), evidence, both) == []


def test_a_file_that_decodes_to_less_than_it_promises_is_damaged() -> None:
    evidence = evidence_of(noise(duration_s=1.0))
    longer = dataclasses.replace(
        evidence, facts=dataclasses.replace(evidence.facts, duration_s=2.0)
    )
    found = findings(FormatValidator(), longer)
    assert [(f.code, f.measured, f.allowed) for f in found] == [("damaged", 1.0, 2.0)]
    assert found[0].marks == ((1.0, 2.0),)
    estimated = dataclasses.replace(
        longer, facts=dataclasses.replace(longer.facts, is_estimate=True)
    )
    assert codes(FormatValidator(), estimated) == []


def test_a_truncated_file_is_named() -> None:
    evidence = evidence_of(noise())
    cut = dataclasses.replace(
        evidence, facts=dataclasses.replace(evidence.facts, notes=("truncated",))
    )
    assert codes(FormatValidator(), cut) == [("truncated", "warning")]


def test_samples_that_are_no_numbers_are_named() -> None:
    samples = noise()
    samples[5:8] = np.nan
    found = findings(FormatValidator(), evidence_of(samples))
    assert [(f.code, f.measured) for f in found] == [("not_a_number", 3.0)]


def test_clean_audio_has_no_findings() -> None:
    assert codes(FormatValidator(), evidence_of(silence())) == []


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), float("inf")])
def test_impossible_thresholds_are_refused(wrong: float) -> None:
    with pytest.raises(ConfigurationError):
        DurationValidator(min_duration_s=wrong)
    with pytest.raises(ConfigurationError):
        FormatValidator(missing_share=wrong)
