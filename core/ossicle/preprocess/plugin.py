"""The core's preprocessors, announced through the door that everyone uses."""

from __future__ import annotations

from collections.abc import Sequence

from ossicle.abc import PreprocessorSpec, hookimpl
from ossicle.preprocess.downmix import Downmix
from ossicle.preprocess.gain import Loudness
from ossicle.preprocess.high_pass import HighPassFilter
from ossicle.preprocess.rate import ResampleTo
from ossicle.preprocess.silence import TrimSilence


@hookimpl
def ossicle_register_preprocessors() -> Sequence[PreprocessorSpec]:
    """Announce what prepares audio."""
    return [
        PreprocessorSpec(name="downmix", summary="Mixes to mono.", factory=Downmix),
        PreprocessorSpec(name="resample", summary="Resamples to 24 kHz.", factory=ResampleTo),
        PreprocessorSpec(
            name="high_pass", summary="Takes out offset and rumble.", factory=HighPassFilter
        ),
        PreprocessorSpec(
            name="trim_silence", summary="Cuts silence at both ends.", factory=TrimSilence
        ),
        PreprocessorSpec(name="loudness", summary="Brings it to -16 LUFS.", factory=Loudness),
    ]
