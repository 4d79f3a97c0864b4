"""Channels that take each other away in a mono mix: the loudest is sent, and it is said."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from ossicle import AudioClip, PipelineSettings
from ossicle.audio import AudioFormat
from ossicle.intake import DEFAULT, PCM_SPEC
from ossicle.pipeline.checks import find_faults
from ossicle.pipeline.plan import ClipPlan
from ossicle.pipeline.prepare import AudioTools, prepare_clip
from ossicle.signal.mix import CancellationMeter

NOISE = np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32)


@pytest.mark.parametrize("split", [16_000, 1000, 777])
@pytest.mark.parametrize(
    ("shares", "taken"),
    [((1, -1), 0), ((0.9, -1), 1), ((1, -0.5), 0), ((1, -1, 0, 0), 0), ((0, 0, 0, 0, 1, 0), 4)],
)
def test_a_mix_that_loses_more_than_6_db_is_found(
    shares: tuple[float, ...], taken: int, split: int
) -> None:
    samples = np.outer(NOISE, shares).astype(np.float32)
    meter = CancellationMeter(len(shares))
    for start in range(0, len(samples), split):
        meter.add(samples[start : start + split])
    found = meter.result()
    assert found is not None
    assert found.channel == taken
    assert found.loss_db > 6.1
    if len(shares) == 2:
        assert found.correlation == pytest.approx(-1.0, abs=1e-6)


@pytest.mark.parametrize("shares", [(1, 1), (1, 0), (1, 0.3), (0, 0), (1, 1, 1, 1, 1, 1)])
def test_what_mixes_well_is_mixed(shares: tuple[float, ...]) -> None:
    meter = CancellationMeter(len(shares))
    meter.add(np.outer(NOISE, shares).astype(np.float32))
    assert meter.result() is None


def test_antiphase_stereo_is_sent_as_one_channel_and_said() -> None:
    clip = AudioClip.from_samples(np.stack([NOISE, -NOISE], axis=1), sample_rate=16_000)
    target = AudioFormat.named("wav", sample_rate=16_000, channels=1)
    plan = ClipPlan(
        source=clip.format, target=target, is_pass_through=False, preprocess=("downmix",),
        encoder="pcm", steps=(),
    )  # fmt: skip
    tools = AudioTools(converters=[PCM_SPEC], preprocessors={}, limits=DEFAULT)
    made = prepare_clip(clip, plan, tools, cancelled=threading.Event())
    (step,) = [one for one in made.record.steps if one.action == "downmix"]
    assert step.effect["taken_channel"] == 1.0
    assert made.measurements is not None
    assert made.measurements.rms_dbfs == pytest.approx(-20.0, abs=0.5)
    findings = find_faults(
        made, [], task="transcribe", capabilities=None, settings=PipelineSettings()
    )
    assert [one.code for one in findings] == ["channels_cancel"]
    assert findings[0].measured == pytest.approx(-1.0, abs=1e-6)
