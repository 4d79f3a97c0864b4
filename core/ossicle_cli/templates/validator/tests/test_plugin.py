"""The validator works where users meet it: on the receipt of a call."""

from __future__ import annotations

from ossicle import Client
from ossicle.audio import AudioClip
from ossicle.signal import float_to_s16
from ossicle_testing.strategies.signals import Signal

from ossicle_newname import plugin


def test_a_client_tells_what_it_found() -> None:
    speech = Signal(kind="speech", frames=16000, sample_rate=16000).pcm.samples
    clip = AudioClip.from_pcm(float_to_s16(speech).tobytes(), sample_rate=16000)
    with Client("echo", plugins=[plugin]) as client:
        findings = client.explain(audio=clip, output={"text"}).inputs[0].findings
    assert "newname_start" in {finding.code for finding in findings}
