"""What every validator must do."""

from __future__ import annotations

import dataclasses
import datetime
import math
import pickle
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest

from ossicle.abc import (
    API_VERSION,
    AudioEvidence,
    AudioInput,
    Capabilities,
    FormatRule,
    ValidationContext,
    Validator,
    ValidatorSpec,
)
from ossicle.audio import AudioClip
from ossicle.messages import AUDIO_TO_TEXT, TRANSCRIBE, Finding
from ossicle.signal import Samples, float_to_s16, measure
from ossicle_testing.conformance.probes import watching_accesses
from ossicle_testing.conformance.samples import probe_signals
from ossicle_testing.conformance.suite import Conformance, check
from ossicle_testing.strategies.signals import Signal

_CODE = re.compile(r"[a-z][a-z0-9_]{1,40}")
_MAX_MARKS = 500


class ValidatorConformance(Conformance, is_part=True):
    """Derive from this, give the fixture `spec`, and pytest runs the rest.

    Example:
        class TestMyValidator(ValidatorConformance):
            @pytest.fixture
            def spec(self):
                return MY_SPEC
    """

    kind = "validator"

    @pytest.fixture
    def spec(self) -> ValidatorSpec:
        """How the plugin announces the validator."""
        pytest.fail("give a fixture `spec` that returns a ValidatorSpec")

    @pytest.fixture(autouse=True)
    def _subject(self, spec: ValidatorSpec) -> None:
        self.draft.describe(spec.name, spec.factory, spec.requires)

    @check("announces itself under its own name, in one line, for this interface")
    def test_it_announces_itself(self, spec: ValidatorSpec) -> None:
        """Name, summary and version agree with what the factory builds."""
        made = spec.factory()
        assert isinstance(made, Validator)
        assert made.name == spec.name
        assert spec.api_version == API_VERSION
        assert spec.summary
        assert "\n" not in spec.summary

    @check("judges any evidence, also audio that was not decoded")
    def test_any_evidence_is_judged(self, spec: ValidatorSpec) -> None:
        """Empty, one frame, silence, extremes, many channels; it never raises."""
        for evidence, context in cases():
            findings = spec.factory().validate(evidence, context)
            assert isinstance(findings, Iterable)
            assert all(isinstance(finding, Finding) for finding in findings)

    @check("gives findings that a person and a program can use")
    def test_findings_are_well_formed(self, spec: ValidatorSpec) -> None:
        """A stable code, a value with its unit, a fix in words, marks within the audio."""
        for evidence, context in cases():
            for finding in judged(spec.factory(), evidence, context):
                _examine(finding, evidence)

    @check("judges the same evidence the same way every time, whatever came between")
    def test_it_has_no_state(self, spec: ValidatorSpec) -> None:
        """A used validator judges as a fresh one does."""
        used = spec.factory()
        fresh = [judged(spec.factory(), *case) for case in cases()]
        assert [judged(used, *case) for case in cases()] == fresh
        backwards = [judged(used, *case) for case in reversed(cases())]
        assert backwards[::-1] == fresh

    @check("can be asked from several threads at once")
    def test_threads_do_not_meet(self, spec: ValidatorSpec) -> None:
        """One validator, four threads."""
        shared = spec.factory()
        expected = [judged(shared, *case) for case in cases()]
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda case: judged(shared, *case), [*cases()] * 4))
        assert found == expected * 4

    @check("leaves the evidence as it is")
    def test_evidence_is_only_read(self, spec: ValidatorSpec) -> None:
        """Also the arrays in it."""
        for evidence, context in cases():
            before = _frozen(evidence)
            judged(spec.factory(), evidence, context)
            assert _frozen(evidence) == before

    @check("touches no file, network or program")
    def test_it_touches_nothing(self, spec: ValidatorSpec) -> None:
        """It judges what was measured."""
        for evidence, context in cases():
            judged(spec.factory(), evidence, context)
        with watching_accesses() as accesses:
            for evidence, context in cases():
                judged(spec.factory(), evidence, context)
        assert accesses.seen == []

    @check("gives findings that can be pickled and written as JSON")
    def test_findings_cross_processes(self, spec: ValidatorSpec) -> None:
        """Workers and reports hand them on."""
        for evidence, context in cases():
            found = judged(spec.factory(), evidence, context)
            assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own bytes
            for finding in found:
                assert Finding.model_validate_json(finding.model_dump_json()) == finding

    @check("is not fooled by samples that are no numbers")
    def test_nan_is_judged(self, spec: ValidatorSpec) -> None:
        """Measurements of `nan` and infinity come from broken decoders."""
        samples = np.full((1600, 1), math.nan, np.float32)
        samples[::3] = math.inf
        for finding in judged(spec.factory(), _evidence_of(samples, 16000), ValidationContext()):
            _examine(finding, None)


def _examine(finding: Finding, evidence: AudioEvidence | None) -> None:
    assert _CODE.fullmatch(finding.code), finding.code
    assert finding.message.strip(), finding.code
    assert "\n" not in finding.message
    assert finding.fix, f"{finding.code} has no fix"
    assert finding.fix.strip()
    for value in (finding.measured, finding.allowed):
        assert value is None or not math.isnan(value), finding.code
    if finding.measured is None:
        assert finding.allowed is None, f"{finding.code}: allowed without measured"
    elif finding.allowed is not None:
        assert finding.measured != finding.allowed, f"{finding.code}: measured equals allowed"
    assert len(finding.marks) <= _MAX_MARKS
    length_s = None if evidence is None else evidence.facts.duration_s
    for start_s, end_s in finding.marks:
        assert 0 <= start_s <= end_s, finding.code
        assert length_s is None or end_s <= length_s + 0.1, finding.code


def judged(
    validator: Validator, evidence: AudioEvidence, context: ValidationContext
) -> list[Finding]:
    """All findings."""
    return list(validator.validate(evidence, context))


@cache
def cases() -> tuple[tuple[AudioEvidence, ValidationContext], ...]:
    """Evidence of every kind of signal in every context."""
    found = []
    for signal in (*probe_signals(), Signal(kind="tone", frames=48000, level_dbfs=-60.0)):
        for is_decoded in (True, False):
            evidence = _evidence_of(signal.pcm.samples, signal.sample_rate, is_decoded=is_decoded)
            found += [(evidence, context) for context in _contexts()]
    return tuple(found)


def _contexts() -> tuple[ValidationContext, ...]:
    tight = Capabilities(
        provider="any",
        model="any",
        rows={"respond": (AUDIO_TO_TEXT,), "transcribe": (TRANSCRIBE,)},
        audio_input=AudioInput(
            formats=(FormatRule(container="flac", sample_rates=(16000,), channels=(1,)),),
            max_bytes=4000,
            max_duration_s=0.3,
            min_duration_s=0.1,
        ),
        source="the conformance suite",
        as_of=datetime.date(2026, 11, 23),
    )
    deaf = tight.model_copy(update={"audio_input": None})
    return (
        ValidationContext(),
        ValidationContext(task="transcribe", capabilities=tight),
        ValidationContext(task="respond", capabilities=deaf),
    )


def _evidence_of(samples: Samples, sample_rate: int, *, is_decoded: bool = True) -> AudioEvidence:
    clip = AudioClip.from_pcm(
        float_to_s16(np.nan_to_num(samples, posinf=1.0, neginf=-1.0)).tobytes(),
        sample_rate=sample_rate,
        channels=samples.shape[1],
    )
    measured = measure(samples, sample_rate=sample_rate) if is_decoded else None
    return AudioEvidence(facts=clip.facts, measurements=measured)


def _frozen(evidence: AudioEvidence) -> bytes:
    measured = evidence.measurements
    values = (
        []
        if measured is None
        else [getattr(measured, one.name) for one in dataclasses.fields(measured)]
    )
    return pickle.dumps((evidence.facts, values))
