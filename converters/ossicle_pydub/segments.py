"""Between pydub's `AudioSegment` and our clips and samples."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ossicle.audio import AudioClip, AudioFormat, SampleFormat
from ossicle.audio.wav import wav_header
from ossicle.errors import DependencyMissingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ossicle.audio.pcm import Samples

_SAMPLE_FORMATS: dict[int, SampleFormat] = {1: "u8", 2: "s16", 4: "s32"}
_TYPES = {1: "<i1", 2: "<i2", 4: "<i4"}


def segment_class() -> Any:
    """The class `AudioSegment` of pydub.

    Pydub warns while it is imported (of a missing ffmpeg, of audioop's end, of its own escapes);
    none of that concerns who reads WAV, and where warnings are errors it would break the import.

    Raises:
        DependencyMissingError: pydub is not installed, or its audioop is missing.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pydub import AudioSegment
    except ImportError as error:
        raise DependencyMissingError(
            "pydub cannot be imported", package=error.name or "pydub", extra="pydub"
        ) from error
    return AudioSegment


def audiosegment_to_clip(segment: Any) -> AudioClip:
    """A WAV clip in memory with a segment's samples, bit by bit.

    Args:
        segment: A `pydub.AudioSegment` of any width.
    """
    sample_format = _SAMPLE_FORMATS[segment.sample_width]
    form = AudioFormat(
        container="wav",
        encoding="pcm_u8" if sample_format == "u8" else f"pcm_{sample_format}le",
        sample_rate=segment.frame_rate,
        channels=segment.channels,
    )
    data = wav_bytes(segment)
    padding = bytes(len(data) & 1)  # chunks have an even length, and the header counts on it
    return AudioClip.from_bytes(wav_header(form, int(segment.frame_count())) + data + padding)


def clip_to_audiosegment(clip: AudioClip) -> Any:
    """A `pydub.AudioSegment` of 16 bits with a clip's samples, decoded within the default limits.

    Args:
        clip: In any format that something installed reads.

    Raises:
        AudioLimitError: It decodes to more than the limits allow.
        MalformedAudioError: It does not decode.
        UnsupportedFormatError: Nothing installed reads it.
        DependencyMissingError: pydub is not installed.
    """
    from ossicle.signal.quantize import float_to_s16

    segments = segment_class()
    pcm = clip.to_pcm()
    return segments(
        data=float_to_s16(pcm.samples).tobytes(),
        sample_width=2,
        frame_rate=pcm.sample_rate,
        channels=pcm.channels,
    )


def wav_bytes(segment: Any) -> bytes:
    """A segment's samples as WAV stores them: 8 bits are unsigned there, signed in pydub."""
    data: bytes = segment.raw_data
    if segment.sample_width != 1:
        return data
    import numpy as np

    return (np.frombuffer(data, np.uint8) ^ 0x80).tobytes()


def segment_samples(segment: Any) -> NDArray[Any]:
    """A segment's samples as integers, shape `(frames, channels)`, without a copy."""
    import numpy as np

    values = np.frombuffer(segment.raw_data, _TYPES[segment.sample_width])
    return values.reshape(-1, segment.channels)


def scaled(values: NDArray[Any]) -> Samples:
    """Signed integers of any width as float32 of full scale ±1.0."""
    import numpy as np

    scale = np.float32(2.0 ** (1 - 8 * values.dtype.itemsize))
    samples: Samples = np.multiply(values, scale, dtype=np.float32, casting="unsafe")
    return samples
