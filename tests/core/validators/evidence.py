"""Evidence about signals with known faults, for the tests of this folder."""

from __future__ import annotations

import datetime

import numpy as np
from numpy.typing import NDArray

from ossicle.abc import (
    AudioEvidence,
    AudioInput,
    Capabilities,
    FormatRule,
    ValidationContext,
    Validator,
)
from ossicle.audio import AudioFacts, AudioFormat
from ossicle.messages import Finding
from ossicle.signal.meters import measure

Samples = NDArray[np.float32]


def evidence_of(samples: Samples, *, sample_rate: int = 24_000) -> AudioEvidence:
    """Measured samples, as if read from a WAV of 16 bits."""
    frames, channels = samples.shape
    form = AudioFormat.named("wav", sample_rate=sample_rate, channels=channels)
    facts = AudioFacts(
        format=form,
        n_bytes=44 + 2 * frames * channels,
        frames=frames,
        duration_s=frames / sample_rate,
    )
    return AudioEvidence(facts=facts, measurements=measure(samples, sample_rate=sample_rate))


def context_for(audio_input: AudioInput | None) -> ValidationContext:
    """A model that takes this audio."""
    return ValidationContext(
        capabilities=Capabilities(
            provider="test",
            model="test",
            rows={},
            audio_input=audio_input,
            source="test",
            as_of=datetime.date(2026, 1, 1),
        )
    )


WAV = FormatRule(container="wav")


def findings(
    validator: Validator,
    evidence: AudioEvidence,
    context: ValidationContext | None = None,
) -> list[Finding]:
    """What a validator finds; each with a fix in words, and with what it measured."""
    found = list(validator.validate(evidence, context or ValidationContext()))
    for finding in found:
        assert finding.fix
        assert finding.message
        assert (finding.measured is None) == (finding.allowed is None)
        assert len(finding.marks) <= 400
        assert Finding.model_validate_json(finding.model_dump_json()) == finding
    return found


def codes(
    validator: Validator,
    evidence: AudioEvidence,
    context: ValidationContext | None = None,
) -> list[tuple[str, str]]:
    """Code and severity of each finding."""
    return [(finding.code, finding.severity) for finding in findings(validator, evidence, context)]
