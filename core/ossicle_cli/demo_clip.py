"""What the demo says: a person's voice that came with an installed package."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ossicle.audio import AudioClip, AudioFormat, wav_header
from ossicle.intake import decode
from ossicle.signal import float_to_s16

if TYPE_CHECKING:
    from ossicle.signal import Samples

SPOKEN = "Good morning. Can you hear me?"
"""What the voice says where no recording is installed."""

_PACKAGE, _FILE = "moonshine_voice", Path("assets") / "two_cities.wav"
_TEXT = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, "
    "it was the age of foolishness, it was the epoch of belief"
)
_EARLIEST_S, _LATEST_S = 8.0, 12.0
_PAUSE_S = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the demo says.

    Attributes:
        clip: The sound.
        source: Where it comes from, with the licence.
        words: What is said in it, as far as that is known.
    """

    clip: AudioClip
    source: str
    words: str | None


def recorded_question() -> Question | None:
    """About ten seconds of a person reading, or `None` where the package is not installed."""
    spec = importlib.util.find_spec(_PACKAGE)
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    path = Path(folders[0]) / _FILE if folders else None
    if path is None or not path.is_file():
        return None
    version = importlib.metadata.version("moonshine-voice")
    return Question(
        clip=_cut(AudioClip.from_path(path)),
        source="the opening of Charles Dickens, A Tale of Two Cities (public domain), read aloud; "
        f"from the package moonshine-voice {version} (MIT)",
        words=_TEXT,
    )


def _cut(clip: AudioClip) -> AudioClip:
    """The beginning of a clip up to the quietest moment after 8 to 12 seconds."""
    with decode(clip) as stream:
        rate, channels = stream.sample_rate, stream.channels
        pieces: list[Samples] = []
        frames = 0
        for block in stream:
            pieces.append(block.copy())
            frames += len(block)
            if frames >= _LATEST_S * rate:
                break
    samples = np.concatenate(pieces)
    samples = samples[: _pause(samples, rate)]
    form = AudioFormat(container="wav", encoding="pcm_s16le", sample_rate=rate, channels=channels)
    data = float_to_s16(samples).tobytes()
    return AudioClip.from_bytes(wav_header(form, len(samples)) + data)


def _pause(samples: Samples, rate: int) -> int:
    size = max(1, int(_PAUSE_S * rate))
    first = int(_EARLIEST_S * rate)
    starts = np.arange(first, min(len(samples), int(_LATEST_S * rate)) - size, size)
    if not len(starts):
        return len(samples)
    power = [float(np.square(samples[start : start + size]).mean()) for start in starts]
    return int(starts[int(np.argmin(power))]) + size // 2
