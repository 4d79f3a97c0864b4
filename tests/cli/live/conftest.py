"""A sound card made of files: ALSA reads one as the microphone and writes what is played."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shlex
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ossicle import load
from ossicle.signal import float_to_s16, resample

Samples = NDArray[np.float32]

RATE = 24_000
DATA = Path(__file__).parents[2] / "data"


class SoundCard:
    """What ALSA finds in a home directory of its own.

    The microphone gives its file as fast as it is read and then silence without end; reading stops
    while an answer is played. The loudspeaker is as fast.

    Args:
        home: An empty folder.
        loudspeaker: What ALSA writes to; `None`: a file, at its end.
    """

    def __init__(self, home: Path, *, loudspeaker: str | None = None) -> None:
        self.home = home
        self._played, self._said = home / "played.raw", home / "said.raw"
        self._said.write_bytes(bytes(2 * RATE))
        # A program, since a file would begin anew with every answer.
        target = loudspeaker or f"|cat >> {shlex.quote(str(self._played))}"
        form = f"format S16_LE; rate {RATE}; channels 1"
        (home / ".asoundrc").write_text(
            f"""
            pcm.earfile {{ type file; slave.pcm "null"; file "/dev/null"; format "raw"
                           infile "{self._said}" }}
            pcm.mouthfile {{ type file; slave.pcm "null"; format "raw"; file "{target}" }}
            pcm.ear {{ type plug; slave {{ pcm earfile; {form} }} }}
            pcm.mouth {{ type plug; slave {{ pcm mouthfile; {form} }} }}
            pcm.!default {{ type asym; capture.pcm "ear"; playback.pcm "mouth" }}
            """
        )

    def will_hear(self, *pieces: Samples) -> bytes:
        """Say these pieces into the microphone; the bytes that it gives, and silence after them."""
        data = np.concatenate(pieces)
        room = np.random.default_rng(1).standard_normal((len(data), 1)) * 10.0 ** (-70.0 / 20.0)
        said = float_to_s16((data + room).astype(np.float32)).astype("<i2").tobytes()
        # What it gives after the end are its last 0.1 s, again and again.
        self._said.write_bytes(said + bytes(2 * RATE))
        return said

    def played(self, n_bytes: int) -> bytes:
        """All that was played, once there is as much of it."""
        until = time.monotonic() + 10.0
        while time.monotonic() < until:
            if self._played.exists() and self._played.stat().st_size >= n_bytes:
                break
            time.sleep(0.02)
        return self._played.read_bytes()

    @property
    def environment(self) -> dict[str, str]:
        """Under which a process has this sound card and no other."""
        return {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home)}


@pytest.fixture(scope="session")
def has_portaudio() -> None:
    """Skips where there is no ALSA or no PortAudio to play a sound card with; not in CI."""
    missing = None
    if not sys.platform.startswith("linux"):
        pytest.skip("only ALSA makes a sound card of files")
    if importlib.util.find_spec("sounddevice") is None:
        missing = "sounddevice is not installed: pip install -e '.[dev]'"
    elif ctypes.util.find_library("portaudio") is None:
        missing = "PortAudio is not installed: run .ci/portaudio"
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


@pytest.fixture
def sound_card(tmp_path: Path, has_portaudio: None) -> SoundCard:
    """A sound card in a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    return SoundCard(home)


def speech() -> Samples:
    """Two seconds of a voice, at the sound card's rate."""
    pcm = load(DATA / "opus-mono-20ms.ogg").to_pcm()
    return resample(pcm.samples, sample_rate_in=pcm.sample_rate, sample_rate_out=RATE)


def quiet(duration_s: float) -> Samples:
    """Digital silence."""
    return np.zeros((round(duration_s * RATE), 1), np.float32)


def slam() -> Samples:
    """A door: half a second of noise that dies away."""
    time_s = np.arange(RATE // 2)[:, None] / RATE
    noise = np.random.default_rng(2).standard_normal((len(time_s), 1))
    return np.asarray(0.2 * noise * np.exp(-6.0 * time_s), np.float32)
