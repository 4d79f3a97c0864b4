"""What is written is, byte by byte, what the format's description says."""

from __future__ import annotations

import io
import struct

import numpy as np
from hypothesis import given, settings
from ossicle.audio import AudioClip, AudioFormat, Pcm
from ossicle_testing.strategies import signals
from ossicle_testing.strategies.signals import Signal

from ossicle_newname.converter import NewnameConverter


def written(pcm: Pcm) -> bytes:
    target = AudioFormat(
        container="au",
        encoding="pcm_s16be",
        sample_rate=pcm.sample_rate,
        channels=pcm.channels,
    )
    sink = io.BytesIO()
    NewnameConverter().encode(pcm.stream(1000), target, sink)
    return sink.getvalue()


def test_a_file_written_by_hand() -> None:
    samples = np.array([[0.0], [0.5], [-1.0], [2.0]], np.float32)
    header = b".snd" + struct.pack(">5I", 24, 8, 3, 8000, 1)
    by_hand = header + bytes.fromhex("0000 4000 8000 7fff")
    assert written(Pcm(samples=samples, sample_rate=8000)) == by_hand


@settings(deadline=None)
@given(signals(max_frames=4000))
def test_any_signal_comes_back_within_half_a_step(signal: Signal) -> None:
    clip = AudioClip.from_bytes(written(signal.pcm))
    back = NewnameConverter().decode(clip).read()
    wanted = np.clip(signal.pcm.samples, -1, 32767 / 32768)
    assert back.samples.shape == wanted.shape
    assert np.abs(back.samples - wanted).max(initial=0) <= 0.51 / 32768
