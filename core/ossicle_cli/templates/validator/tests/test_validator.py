"""It finds speech at the edges, and nothing where there is a pause."""

from __future__ import annotations

import numpy as np
import pytest
from ossicle.abc import AudioEvidence, ValidationContext
from ossicle.audio import AudioClip
from ossicle.signal import float_to_s16, measure
from ossicle_testing.strategies.signals import Signal

from ossicle_newname.validator import NewnameValidator

RATE = 16000


def codes(*, before_s: float, after_s: float) -> list[str]:
    speech = Signal(kind="speech", frames=RATE, sample_rate=RATE).pcm.samples
    speech = speech[800:13000]  # from the middle of a syllable into that of another
    pauses = [np.zeros((round(pause_s * RATE), 1), np.float32) for pause_s in (before_s, after_s)]
    samples = np.concatenate([pauses[0], speech, pauses[1]])
    clip = AudioClip.from_pcm(float_to_s16(samples).tobytes(), sample_rate=RATE)
    evidence = AudioEvidence(facts=clip.facts, measurements=measure(samples, sample_rate=RATE))
    findings = NewnameValidator().validate(evidence, ValidationContext())
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("before_s", "after_s", "expected"),
    [
        (0.5, 0.5, []),
        (0.0, 0.5, ["newname_start"]),
        (0.5, 0.0, ["newname_end"]),
        (0.0, 0.0, ["newname_start", "newname_end"]),
    ],
)
def test_speech_at_an_edge_is_found(before_s: float, after_s: float, expected: list[str]) -> None:
    assert codes(before_s=before_s, after_s=after_s) == expected
