"""Preprocessors and validators: a good one of each, and broken ones made of it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.nightly.broken_plugins.broken_plugin import BrokenPlugin, with_spec

from ossicle.abc import (
    AudioEvidence,
    BlockTransform,
    Preprocessor,
    PreprocessorSpec,
    ValidationContext,
    Validator,
    ValidatorSpec,
)
from ossicle.messages import Finding
from ossicle.signal.blocks import Samples
from ossicle.signal.meters import Measurements
from ossicle_testing.conformance import PreprocessorConformance, ValidatorConformance

BROKEN_PLUGINS: list[BrokenPlugin] = []
DELAY = 3
HERE = Path(__file__)


class HalvingTransform(BlockTransform):
    """Half as loud, and three frames behind."""

    latency_frames = DELAY

    def __init__(self, sample_rate: int, channels: int) -> None:
        self.sample_rate, self.channels = sample_rate, channels
        self.held = np.zeros((0, channels), np.float32)

    def process(self, block: Samples) -> Samples:
        """All but the last three frames so far."""
        whole = np.concatenate([self.held, block * np.float32(0.5)])
        ready = max(0, len(whole) - DELAY)
        self.held = whole[ready:].copy()
        return whole[:ready]

    def finish(self) -> Samples:
        """The last three frames."""
        return self.held

    def effect(self) -> Mapping[str, float]:
        """What it did."""
        return {"gain_db": -6.02}


class Halving(Preprocessor):
    """Halves."""

    name = "halving"
    transform: type[BlockTransform] = HalvingTransform

    def start(
        self, *, sample_rate: int, channels: int, measurements: Measurements | None = None
    ) -> BlockTransform:
        """A fresh transform."""
        return self.transform(sample_rate, channels)  # type: ignore[call-arg]


HALVING = PreprocessorSpec(name="halving", summary="Half as loud", factory=Halving)


class GoodPreprocessorSuite(PreprocessorConformance):
    @pytest.fixture
    def spec(self) -> PreprocessorSpec:
        return HALVING


class PaddingTransform(HalvingTransform):
    """Silence behind the end, and says so."""

    latency_frames = DELAY + 100

    def finish(self) -> Samples:
        """The last three frames and silence."""
        return np.pad(self.held, ((0, 100), (0, 0)))

    def effect(self) -> Mapping[str, float]:
        """What it did."""
        return {"padded_s": 100 / self.sample_rate}


class RingingTransform(HalvingTransform):
    """Goes on until nothing is left of what it heard, as filters do."""

    latency_frames = 100

    def finish(self) -> Samples:
        """The last three frames and what rings."""
        return np.pad(self.held, ((0, 100 - len(self.held)), (0, 0)))


class PaddingSuite(GoodPreprocessorSuite):
    @pytest.fixture
    def spec(self) -> PreprocessorSpec:
        return replace(HALVING, factory=type("Pads", (Halving,), {"transform": PaddingTransform}))


class RingingSuite(GoodPreprocessorSuite):
    @pytest.fixture
    def spec(self) -> PreprocessorSpec:
        return replace(HALVING, factory=type("Rings", (Halving,), {"transform": RingingTransform}))


class HotValidator(Validator):
    """Warns of peaks at full scale."""

    name = "hot"
    code = "too_hot"
    fix: str | None = "Record at a lower level."

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """`too_hot`."""
        measured = evidence.measurements
        if measured is not None and measured.peak_dbfs > -1.0:
            yield self.finding(measured)

    def finding(self, measured: Measurements) -> Finding:
        """What is found."""
        return Finding(
            code=self.code, severity="warning", message=f"a peak of {measured.peak_dbfs:.1f} dBFS",
            measured=measured.peak_dbfs, allowed=-1.0, unit="dBFS", fix=self.fix,
        )  # fmt: skip


HOT = ValidatorSpec(name="hot", summary="Warns of peaks at full scale", factory=HotValidator)


class GoodValidatorSuite(ValidatorConformance):
    @pytest.fixture
    def spec(self) -> ValidatorSpec:
        return HOT


def words_of(kind: type) -> str:
    return "".join(f" {c.lower()}" if c.isupper() else c for c in kind.__name__).strip()


Kind = type[Any]


def preprocessor(check: str, because: str) -> Callable[[Kind], Kind]:
    def add(kind: Kind) -> Kind:
        made = kind
        if issubclass(kind, BlockTransform):
            made = type("Broken", (Halving,), {"transform": kind})
        suite = with_spec(GoodPreprocessorSuite, replace(HALVING, factory=made))
        name = f"a preprocessor: {words_of(kind)}"
        BROKEN_PLUGINS.append(BrokenPlugin(name=name, suite=suite, check=check, because=because))
        return kind

    return add


def validator(check: str, because: str) -> Callable[[Kind], Kind]:
    def add(kind: Kind) -> Kind:
        suite = with_spec(GoodValidatorSuite, replace(HOT, factory=kind))
        name = f"a validator: {words_of(kind)}"
        BROKEN_PLUGINS.append(BrokenPlugin(name=name, suite=suite, check=check, because=because))
        return kind

    return add


SPLIT = "test_chunked_is_whole"


@preprocessor(SPLIT, "array_equal|Signal")
class LooksAtBlocks(HalvingTransform):
    def process(self, block: Samples) -> Samples:
        return super().process(block / np.float32(1 + len(block) / 1000))


@preprocessor("test_the_input_is_only_borrowed", "Signal|read-only")
class WritesIntoItsInput(HalvingTransform):
    def process(self, block: Samples) -> Samples:
        found = super().process(block)
        block *= 0
        return found


@preprocessor("test_the_input_is_only_borrowed", "Signal|read-only")
class KeepsItsInput(HalvingTransform):
    def process(self, block: Samples) -> Samples:
        kept, self.kept = getattr(self, "kept", self.held), block
        return super().process(kept)

    def finish(self) -> Samples:
        return np.concatenate([super().process(self.kept), self.held])


@preprocessor("test_latency_is_as_declared", "")
class HoldsMoreThanItSays(HalvingTransform):
    latency_frames = DELAY - 1


@preprocessor("test_blocks_have_the_declared_shape", "float")
class GivesDoubles(HalvingTransform):
    def process(self, block: Samples) -> Samples:
        return super().process(block).astype(np.float64)


@preprocessor("test_blocks_have_the_declared_shape", "")
class GivesOneChannel(HalvingTransform):
    def process(self, block: Samples) -> Samples:
        return super().process(block)[:, :1]


@preprocessor("test_blocks_have_the_declared_shape", "isfinite|all")
class DividesByZero(HalvingTransform):
    def process(self, block: Samples) -> Samples:
        with np.errstate(all="ignore"):
            return (super().process(block) / np.float32(0)).astype(np.float32)


@preprocessor("test_the_length_fits_the_effect", "")
class LosesItsEnd(HalvingTransform):
    def finish(self) -> Samples:
        return self.held[:0]

    def process(self, block: Samples) -> Samples:
        return super().process(block)[: len(block) // 2]


@preprocessor("test_the_length_fits_the_effect", "")
class PadsInSilence(PaddingTransform):
    latency_frames = DELAY

    def effect(self) -> Mapping[str, float]:
        return {}


@preprocessor("test_the_length_fits_the_effect", "")
class TellsOfPaddingAndAddsNone(HalvingTransform):
    def effect(self) -> Mapping[str, float]:
        return {"padded_s": 100 / self.sample_rate}


@preprocessor("test_effects_are_named_and_finite", "nan|isfinite")
class TellsNothing(HalvingTransform):
    def effect(self) -> Mapping[str, float]:
        return {"gain_db": math.nan}


@preprocessor("test_effects_are_named_and_finite", "gain")
class TellsWithoutUnit(HalvingTransform):
    def effect(self) -> Mapping[str, float]:
        return {"gain": -6.02}


@preprocessor("test_it_touches_nothing", "open")
class ReadsSettings(HalvingTransform):
    def process(self, block: Samples) -> Samples:
        HERE.with_name("README.md").read_text()
        return super().process(block)


@preprocessor("test_memory_is_constant", "")
class RemembersEverything(HalvingTransform):
    def process(self, block: Samples) -> Samples:
        self.seen = [*getattr(self, "seen", []), block.copy()]
        return super().process(block)


@preprocessor("test_it_announces_itself", "halving|other")
class HasAnotherName(Halving):
    name = "other"


@preprocessor("test_streams_do_not_meet", "")
class HasOneTransform(Halving):
    def __init__(self) -> None:
        self.made: BlockTransform | None = None

    def start(self, *, sample_rate: int, channels: int, measurements: Any = None) -> Any:
        if self.made is None or self.made.channels != channels:
            self.made = HalvingTransform(sample_rate, channels)
        self.made.sample_rate = sample_rate
        return self.made


@preprocessor("test_measurements_are_needed_only_where_declared", "NoneType")
class NeedsMeasurements(Halving):
    def start(self, *, sample_rate: int, channels: int, measurements: Any = None) -> Any:
        assert measurements.frames >= 0
        return HalvingTransform(sample_rate, channels)


@preprocessor("test_threads_do_not_meet", "another thread")
class BelongsToOneThread(Halving):
    def __init__(self) -> None:
        self.owner: int | None = None

    def start(self, *, sample_rate: int, channels: int, measurements: Any = None) -> Any:
        self.owner = self.owner or threading.get_ident()
        if self.owner != threading.get_ident():
            raise RuntimeError("used from another thread")
        return HalvingTransform(sample_rate, channels)


@validator("test_any_evidence_is_judged", "NoneType")
class NeedsDecodedAudio(HotValidator):
    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        assert evidence.measurements.peak_dbfs < 99  # type: ignore[union-attr]
        return []


@validator("test_any_evidence_is_judged", "")
class GivesWords(HotValidator):
    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Any:
        return ["too hot"]


@validator("test_findings_are_well_formed", "Too Hot")
class HasNoStableCode(HotValidator):
    code = "Too Hot!"


@validator("test_findings_are_well_formed", "has no fix")
class HasNoFix(HotValidator):
    fix = None


@validator("test_findings_are_well_formed", "allowed without measured")
class MeasuresNothing(HotValidator):
    def finding(self, measured: Measurements) -> Finding:
        return super().finding(measured).model_copy(update={"measured": None})


@validator("test_findings_are_well_formed", "too_hot")
class MarksBeyondTheEnd(HotValidator):
    def finding(self, measured: Measurements) -> Finding:
        return super().finding(measured).model_copy(update={"marks": ((0.0, 1e6),)})


@validator("test_it_has_no_state", "")
class WarnsOnce(HotValidator):
    has_warned = False

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        if not self.has_warned:
            for finding in super().validate(evidence, context):
                self.has_warned = True
                yield finding


@validator("test_threads_do_not_meet", "another thread")
class SitsInOneThread(HotValidator):
    owner: int | None = None

    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        self.owner = self.owner or threading.get_ident()
        if self.owner != threading.get_ident():
            raise RuntimeError("used from another thread")
        return super().validate(evidence, context)


@validator("test_evidence_is_only_read", "")
class CorrectsTheEvidence(HotValidator):
    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        if evidence.measurements is not None:
            object.__setattr__(evidence.measurements, "dc_offset", 0.125)
        return super().validate(evidence, context)


@validator("test_it_touches_nothing", "open")
class ReadsThresholds(HotValidator):
    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        HERE.with_name("README.md").read_text()
        return super().validate(evidence, context)


@validator("test_findings_cross_processes", "(?i)pickle")
class FindsWhatCannotTravel(HotValidator):
    def finding(self, measured: Measurements) -> Finding:
        class Own(Finding):
            pass

        return Own(**super().finding(measured).model_dump())


@validator("test_it_announces_itself", "other")
class GoesByAnotherName(HotValidator):
    name = "other"


@validator("test_nan_is_judged", "")
class IsFooledByNan(HotValidator):
    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        measured = evidence.measurements
        if measured is not None and measured.nonfinite_samples:
            yield super().finding(measured).model_copy(update={"measured": math.nan})
