"""What is played, sample by sample, as a sound card made of files gets it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.cli.live.conftest import RATE, SoundCard, speech

from ossicle.signal import float_to_s16, int_to_float, resample

PROGRAM = """
import sys
from pathlib import Path
from ossicle.audio import AudioFormat
from ossicle_cli.live import loudspeaker
from ossicle_cli.live.devices import find_device
from ossicle.messages import AudioDelta

device = find_device("mouthfile", "loudspeaker")
if sys.argv[2] == "refuses":  # as hardware does that knows one rate only
    loudspeaker.takes = lambda device, sample_rate, channels: sample_rate == device.sample_rate
data = Path(sys.argv[1]).read_bytes()
form = AudioFormat.pcm(sample_rate=24_000, channels=1)
mouth = loudspeaker.Loudspeaker(device)
assert mouth.finish() is None
mouth.stop()
for start in range(0, len(data), 1001):
    mouth.play(AudioDelta(data=data[start : start + 1001], format=form))
assert mouth.finish() is None
print(device.sample_rate)
"""


def play(card: SoundCard, data: bytes, manner: str) -> int:
    """Play through the card; the rate that the device has by default."""
    source = card.home / "answer.raw"
    source.write_bytes(data)
    found = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(source), manner],
        env={**os.environ, **card.environment, "PYTHONPATH": found},
        capture_output=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr.decode()
    return int(done.stdout)


@pytest.mark.slow
def test_an_answer_cut_within_samples_is_played_as_it_is(sound_card: SoundCard) -> None:
    data = float_to_s16(speech()).astype("<i2").tobytes()
    play(sound_card, data, "takes")
    assert sound_card.played(len(data)) == data


def test_a_device_of_another_rate_gets_the_same_sound(sound_card: SoundCard) -> None:
    said = float_to_s16(speech())
    rate = play(sound_card, said.astype("<i2").tobytes(), "refuses")
    assert rate != RATE
    expected = resample(int_to_float(said, 16), sample_rate_in=RATE, sample_rate_out=rate)
    played = np.frombuffer(sound_card.played(2 * len(expected)), "<i2")
    assert len(played) == len(expected)
    difference = played - expected[:, 0] * 32768
    assert np.abs(difference).max() == pytest.approx(0.0, abs=0.51)
