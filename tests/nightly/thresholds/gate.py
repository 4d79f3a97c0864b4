"""What the quality gate refuses, with the embedded recogniser as the judge: one table.

`python -m tests.nightly.thresholds.gate --strengths 20`. Speech is mixed with hum, chords, music,
fans and noise, clipped, and narrowed to a telephone's band, each at many strengths; and each noise
stands alone. Where the recogniser hears at least four words in five of what it hears of the clean
recording, a refusal is false; where it hears one in twenty or fewer, letting the audio through is a
miss. Exits with 0 when false refusals are at most 1 % and no noise alone but music gets through:
music with many voices looks like speech to a gate without a model.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from ossicle import AudioClip, Client, PipelineSettings, load
from ossicle.errors import AudioMissingError

Wave = NDArray[np.float64]
RATE = 16_000
SHARED = Path(__file__).parents[4] / "shared" / "audio" / "fetched" / "speech"
RECORDINGS = (
    "whisper--jfk.flac", "TTS--LJ001-0004.flac", "TTS--LJ001-0008.wav", "TTS--LJ001-0002.wav",
)  # fmt: skip
SENTENCES = (
    "The meeting starts at nine in the big room on the second floor.",
    "Please send me the report before lunch, and call the office.",
)
LOUDEST_DB, STEP_DB = 20.0, 3.0
HEARD, UNHEARD = 0.8, 0.05
MOST_FALSE = 0.01
LONGEST_S = 11


@dataclass(slots=True)
class Row:
    """Counts of one kind of recording."""

    heard: int = 0
    falsely_refused: int = 0
    unheard: int = 0
    missed: int = 0


def noises(seed: int) -> dict[str, Callable[[int], Wave]]:
    """Generators of so many samples, by name."""
    rng = np.random.default_rng(seed)

    def sloped(n: int, slope: float) -> Wave:
        frequencies = np.fft.rfftfreq(n, 1 / RATE)
        gain = np.where(frequencies > 20, np.maximum(frequencies, 20) ** slope, 0.0)
        return np.asarray(np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * gain, n), float)

    def harmonics(n: int, hertz: float, count: int, fall: float = 1.0) -> Wave:
        time = np.arange(n) / RATE
        waves = [np.sin(2 * np.pi * hertz * k * time + k) / k**fall for k in range(1, count + 1)]
        return np.asarray(np.sum(waves, axis=0), float)

    def music(n: int) -> Wave:
        found, step = np.zeros(n), RATE // 4
        for start in range(0, n, step):
            size = min(2 * step, n - start)
            root = 110 * 2 ** (rng.integers(0, 24) / 12)
            fade = np.exp(-4 * np.arange(size) / RATE)
            for interval in (1.0, 1.26, 1.5):
                found[start : start + size] += harmonics(size, root * interval, 6) * fade
            beat = min(step // 3, n - start)
            fade = np.exp(-np.arange(beat) / (0.02 * RATE))
            found[start : start + beat] += 1.5 * rng.standard_normal(beat) * fade
        return found

    return {
        "hum 50 Hz": lambda n: harmonics(n, 50, 1),
        "hum 60 Hz": lambda n: harmonics(n, 60, 12),
        "chord": lambda n: sum((harmonics(n, f, 5, 1.5) for f in (220, 277.2, 329.6)), np.zeros(n)),
        "music": music,
        "fan": lambda n: sloped(n, -1.0),
        "pink noise": lambda n: sloped(n, -0.5),
        "white noise": rng.standard_normal,
    }


def telephone(wave: Wave) -> Wave:
    """What lies between 300 and 3,400 Hz."""
    frequencies = np.fft.rfftfreq(len(wave), 1 / RATE)
    spectrum = np.fft.rfft(wave)
    spectrum[(frequencies < 300) | (frequencies > 3400)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(wave)), float)


def variants(speech: Wave, n_strengths: int, seed: int) -> Iterator[tuple[str, Wave]]:
    """Kind and recording: one recording of speech under everything, at each strength."""
    kinds = noises(seed)
    for number in range(n_strengths):
        snr_db = LOUDEST_DB - STEP_DB * number
        for name, make in kinds.items():
            yield name, _mixed(speech, make(len(speech)), snr_db)
        yield "clipped", np.clip(_peaking(speech, 1.0) * 10 ** (STEP_DB * number / 20), -1, 1)
        narrow = telephone(speech)
        noise = telephone(kinds["white noise"](len(speech)))
        yield "telephone", _mixed(narrow, noise, snr_db)


def _mixed(speech: Wave, noise: Wave, snr_db: float) -> Wave:
    gain = _rms(speech) / _rms(noise) * 10 ** (-snr_db / 20)
    return _peaking(speech + noise * gain, 0.5)


def _rms(wave: Wave) -> float:
    return float(np.sqrt(np.mean(wave**2) + 1e-20))


def _peaking(wave: Wave, peak: float) -> Wave:
    return np.asarray(wave * peak / (np.max(np.abs(wave)) + 1e-12), float)


def clip_of(wave: Wave) -> AudioClip:
    """The wave as 16-bit audio."""
    data = (np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes()
    return AudioClip.from_pcm(data, sample_rate=RATE)


def recall(expected: list[str], found: list[str]) -> float:
    """The share of the expected words that were found, in order."""
    lengths = [0] * (len(found) + 1)
    for word in expected:
        before = 0
        for at, other in enumerate(found, start=1):
            above = lengths[at]
            lengths[at] = before + 1 if word == other else max(above, lengths[at - 1])
            before = above
    return lengths[-1] / max(1, len(expected))


class Judge:
    """What the recogniser hears without the gate, and what the gate says."""

    def __init__(self) -> None:
        self._open = Client("local", settings=PipelineSettings(quality="off"))
        self._gated = Client("local")

    def words(self, wave: Wave) -> list[str]:
        """What the recogniser hears."""
        try:
            text = self._open.transcribe(clip_of(wave)).text
        except AudioMissingError:
            return []
        return re.findall(r"[a-z0-9']+", text.lower())

    def refuses(self, wave: Wave) -> bool:
        """Whether the gate would not send it."""
        return not self._gated.explain(audio=clip_of(wave), task="transcribe").would_send

    def speech(self) -> list[Wave]:
        """Clean recordings: real ones where they are beside this checkout, and spoken ones."""
        clips = [load(SHARED / name) for name in RECORDINGS if (SHARED / name).is_file()]
        spoken = [self._open.speak(text, output_format="wav").audio for text in SENTENCES]
        found = []
        for clip in (*clips, *(one for one in spoken if one is not None)):
            pcm = clip.to_pcm()
            wave = soxr.resample(pcm.samples.mean(axis=1).astype(float), pcm.sample_rate, RATE)
            found.append(wave[: LONGEST_S * RATE])
        return found

    def close(self) -> None:
        """End both clients."""
        self._open.close()
        self._gated.close()


def measure(n_strengths: int, seed: int) -> dict[str, Row]:
    """The table, by kind."""
    rows: dict[str, Row] = {}
    judge = Judge()
    try:
        for speech in judge.speech():
            expected = judge.words(_peaking(speech, 0.5))
            for kind, wave in variants(speech, n_strengths, seed):
                share = recall(expected, judge.words(wave))
                _count(rows.setdefault(kind, Row()), share, is_refused=judge.refuses(wave))
        for name, make in noises(seed + 1).items():
            for number in range(n_strengths):
                wave = _peaking(make(3 * RATE), 0.9 * 10 ** (-STEP_DB * number / 20))
                row = rows.setdefault(f"{name} alone", Row())
                _count(row, 0.0, is_refused=judge.refuses(wave))
    finally:
        judge.close()
    return rows


def _count(row: Row, share: float, *, is_refused: bool) -> None:
    if share >= HEARD:
        row.heard += 1
        row.falsely_refused += is_refused
    elif share <= UNHEARD:
        row.unheard += 1
        row.missed += not is_refused


def main() -> int:
    """Print the table; 0 when the gate holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strengths", type=int, default=20, help="of each kind")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    rows = measure(arguments.strengths, arguments.seed)
    for kind, row in sorted(rows.items()):
        print(  # noqa: T201 - a command's output
            f"{kind:18} heard {row.heard:4}, falsely refused {row.falsely_refused:3}; "
            f"unheard {row.unheard:4}, let through {row.missed:3}"
        )
    heard = sum(row.heard for row in rows.values())
    refused = sum(row.falsely_refused for row in rows.values())
    alone = {k: r for k, r in rows.items() if k.endswith("alone") and not k.startswith("music")}
    through = sum(row.missed for row in alone.values())
    silent = sum(row.unheard for row in alone.values())
    print(  # noqa: T201
        f"false refusals {refused} of {heard} ({100 * refused / max(heard, 1):.1f} %), "
        f"noise alone let through {through} of {silent}"
    )
    return 0 if refused <= MOST_FALSE * heard and not through else 1


if __name__ == "__main__":
    sys.exit(main())
