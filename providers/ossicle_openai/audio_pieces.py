"""Long recordings cut at silence into files that the vendor takes. Blocking; no event loop.

Only uncompressed WAV is cut, since that needs no decoder: pieces are whole frames of the original
samples behind a header of their own. The core gives WAV where it knows that a clip is too long.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ossicle.audio import AudioClip
from ossicle.audio.wav import wav_header
from ossicle.errors import AudioLimitError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEARCH_S = 30.0
"""How far before the limit a pause is looked for."""

_WINDOW_S = 0.02
_PAUSE_WINDOWS = 10
"""A pause is judged over this many windows, so that a stop consonant is none."""

_MARGIN_S = 10.0
"""Kept from the vendor's limit, as its own count of the duration may differ."""

_CUTTABLE = frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioPiece:
    """A part of a recording as a file of its own.

    Attributes:
        clip: The file.
        start_s: Where it begins in the recording.
        duration_s: Its length; `None` for a whole clip of unknown length.
    """

    clip: AudioClip
    start_s: float = 0.0
    duration_s: float | None = None


def needs_cutting(clip: AudioClip, *, max_bytes: int, max_duration_s: float | None) -> bool:
    """Whether a clip is beyond what one request takes, as far as its header says."""
    if clip.n_bytes > max_bytes:
        return True
    duration_s = clip.duration_s
    return max_duration_s is not None and duration_s is not None and duration_s > max_duration_s


def cut_clip(
    clip: AudioClip, *, max_bytes: int, max_duration_s: float | None
) -> Generator[AudioPiece, None, None]:
    """The clip in pieces that fit, cut in the quietest place before each limit.

    No frame is lost or repeated: the pieces' samples, joined, are the clip's. One piece at a time
    is in memory.

    Args:
        clip: Any clip when it fits as it is; else WAV with uncompressed samples.
        max_bytes: Of one file.
        max_duration_s: Of one file.

    Raises:
        AudioLimitError: It does not fit and cannot be cut.
    """
    if not needs_cutting(clip, max_bytes=max_bytes, max_duration_s=max_duration_s):
        yield AudioPiece(clip=clip, duration_s=clip.duration_s)
        return
    facts, form = clip.facts, clip.format
    width, rate = form.frame_width, form.sample_rate
    if form.container != "wav" or form.encoding not in _CUTTABLE or not width or not rate:
        raise _too_long(clip, max_bytes, max_duration_s)
    header_bytes = len(wav_header(form, 0))
    frames = (facts.data_bytes or 0) // width
    most = (max_bytes - header_bytes) // width
    if max_duration_s is not None:
        most = min(most, int(max(1.0, max_duration_s - _MARGIN_S) * rate))
    if most < 1:
        raise _too_long(clip, max_bytes, max_duration_s)
    with clip.open() as file:
        begin = 0
        while begin < frames:
            end = min(frames, begin + most)
            if end < frames:
                end = _quiet_place(file, clip, begin=begin, end=end)
            data = _read(file, clip, begin, end)
            yield AudioPiece(
                clip=AudioClip.from_bytes(wav_header(form, end - begin) + data),
                start_s=begin / rate,
                duration_s=(end - begin) / rate,
            )
            begin = end


def _quiet_place(file: BinaryIO, clip: AudioClip, *, begin: int, end: int) -> int:
    """The frame in the middle of the quietest stretch before `end`."""
    rate = clip.format.sample_rate or 1
    reach = min(int(_SEARCH_S * rate), (end - begin) // 3)
    window = max(1, int(_WINDOW_S * rate))
    samples = _samples(_read(file, clip, end - reach, end), clip)
    count = len(samples) // window
    if count < 1:
        return end
    power = np.square(samples[: count * window].reshape(count, window)).mean(axis=1)
    stretch = min(_PAUSE_WINDOWS, count)
    summed = np.convolve(power, np.ones(stretch), mode="valid")
    # The last of equally quiet places: longer pieces, fewer requests.
    best = len(summed) - 1 - int(np.argmin(summed[::-1]))
    return end - reach + best * window + stretch * window // 2


def _read(file: BinaryIO, clip: AudioClip, begin: int, end: int) -> bytes:
    width = clip.format.frame_width or 1
    file.seek((clip.facts.data_offset or 0) + begin * width)
    return file.read((end - begin) * width)


def _samples(data: bytes, clip: AudioClip) -> NDArray[np.float32]:
    """Mono samples, only good for comparing levels."""
    channels = clip.format.channels or 1
    match clip.format.encoding:
        case "pcm_u8":
            values = np.frombuffer(data, np.uint8).astype(np.float32) - 128.0
        case "pcm_s16le":
            values = np.frombuffer(data, "<i2").astype(np.float32)
        case "pcm_s24le":
            # The upper two bytes of three tell loud from quiet.
            values = np.frombuffer(data, np.uint8).reshape(-1, 3)[:, 1:].copy().view("<i2")
            values = values.reshape(-1).astype(np.float32)
        case "pcm_s32le":
            values = np.frombuffer(data, "<i4").astype(np.float32)
        case _:
            values = np.nan_to_num(np.frombuffer(data, "<f4").astype(np.float32)).clip(-8.0, 8.0)
    mono: NDArray[np.float32] = values.reshape(-1, channels).mean(axis=1)
    return mono


def _too_long(clip: AudioClip, max_bytes: int, max_duration_s: float | None) -> AudioLimitError:
    is_size = clip.n_bytes > max_bytes
    measured = clip.n_bytes if is_size else clip.duration_s
    allowed = max_bytes if is_size or max_duration_s is None else max_duration_s
    unit = "bytes" if is_size else "s"
    return AudioLimitError(
        f"{clip.format.name} of {measured} {unit} is more than the {allowed} {unit} of one "
        "transcription, and only uncompressed WAV can be cut",
        limit="encoded_bytes" if is_size else "duration_s",
        measured=measured,
        allowed=allowed,
        format=str(clip.format),
        fix="Convert it to 16-bit WAV, or cut it.",
    )
