"""A clip as a piece of HTML for notebooks: its facts, its waveform and a player.

Only numbers and names of ours are written: nothing of the clip's own metadata is shown, and its
bytes stand as base64 in a `data:` address. Nothing is fetched, and nothing runs.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ossicle.audio.format import AudioFormat
from ossicle.audio.wav import can_be_wav, repair_wav, wav_header
from ossicle.audio.waveform_overview import Outline, OutlineMeter
from ossicle.errors import OssicleError

if TYPE_CHECKING:
    from ossicle.audio.clip import AudioClip
    from ossicle.audio.pcm import BlockStream

SHOWN_BYTES = 8 << 20
"""Larger sounds are not put into the page: a notebook keeps what it shows."""

DRAWN_S = 900.0
"""Longer clips are not decoded for a picture."""

_COLUMNS = 600
_HEIGHT = 96
_PLAYED = frozenset({
    "flac/flac", "mp3/mp3", "mp3/mp2", "ogg/opus", "ogg/vorbis", "ogg/flac", "mp4/aac",
    "adts/aac", "matroska/opus", "matroska/vorbis",
})  # fmt: skip
"""What browsers play as it is, besides WAV of plain samples."""

BOX = "class='ossicle tex2jax_ignore mathjax_ignore' style='max-width:640px;margin:.4em 0'"
"""Attributes of the outermost element: formulas in what was said are not typeset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoded:
    outline: Outline
    wav: bytes | None
    duration_s: float


def clip_html(clip: AudioClip, decode: Callable[[AudioClip], BlockStream]) -> str:
    """The clip's facts, its waveform and a player; what cannot be shown is said in words.

    Args:
        clip: What to show.
        decode: Gives its samples within limits.
    """
    length = "" if clip.duration_s is None else f", {clip.duration_s:.2f} s"
    parts = [f"<div>{html.escape(f'{clip.format}{length}, {clip.n_bytes} bytes')}</div>"]
    decoded = None
    try:
        if clip.n_bytes > SHOWN_BYTES or (clip.duration_s or 0.0) > DRAWN_S:
            parts.append(_said("Too long to be drawn here: see ossicle inspect."))
        else:
            decoded = _decoded(clip, decode)
            parts.append(_picture(decoded))
    except OssicleError as error:
        parts.append(_said(f"Not drawn: {error}"))
    try:
        parts.append(_player(clip, decoded))
    except OssicleError as error:
        parts.append(_said(f"Not played: {error}"))
    return f"<div {BOX}>{''.join(parts)}</div>"


def _decoded(clip: AudioClip, decode: Callable[[AudioClip], BlockStream]) -> _Decoded:
    """One pass over the samples, in memory that is bounded by `DRAWN_S` and `SHOWN_BYTES`."""
    needs_wav = not _is_played(clip.format)
    pieces: list[bytes] = []
    frames = n_bytes = 0
    with decode(clip) as stream:
        rate, channels = stream.sample_rate, stream.channels
        meter = OutlineMeter(column_frames=max(1, rate // 200), channels=channels)
        for block in stream:
            meter.add(block)
            frames += len(block)
            n_bytes += 2 * block.size
            if needs_wav and n_bytes <= SHOWN_BYTES:
                pieces.append(np.rint(np.clip(block, -1, 1) * 32767).astype("<i2").tobytes())
    wav = None
    if needs_wav and n_bytes <= SHOWN_BYTES:
        form = AudioFormat.pcm(sample_rate=rate, channels=channels)
        wav = wav_header(form, frames) + b"".join(pieces)
    return _Decoded(outline=meter.result(), wav=wav, duration_s=frames / rate)


def _is_played(form: AudioFormat) -> bool:
    if form.container == "wav":
        return can_be_wav(form.encoding)
    return f"{form.container}/{form.encoding}" in _PLAYED


def _player(clip: AudioClip, decoded: _Decoded | None) -> str:
    if _is_played(clip.format):
        if clip.n_bytes > SHOWN_BYTES:
            return _said(f"The sound itself is larger than {SHOWN_BYTES >> 20} MiB.")
        data, media_type = repair_wav(clip.read_bytes(), clip.facts), clip.format.media_type
    elif decoded is not None and decoded.wav is not None:
        data, media_type = decoded.wav, "audio/wav"
    else:
        return _said("No player: browsers do not play this format, or it is too long.")
    source = f"data:{html.escape(media_type)};base64,{base64.b64encode(data).decode('ascii')}"
    return f"<audio controls preload='metadata' style='width:100%' src='{source}'></audio>"


def _picture(decoded: _Decoded) -> str:
    """The waveform as vector graphics: peaks, the root mean square inside, clipping in red."""
    outline = decoded.outline
    if not len(outline.maxima):
        return _said("It holds no samples.")
    low, high = _fitted(outline.minima, np.minimum), _fitted(outline.maxima, np.maximum)
    core = _fitted(outline.rms, np.maximum)
    clipped = [number for number in range(len(low)) if low[number] <= -1 or high[number] >= 0.9999]
    red = "".join(f"M{number} 0V{_HEIGHT}" for number in clipped)
    middle = _HEIGHT / 2
    return (
        f"<svg viewBox='0 0 {len(low)} {_HEIGHT}' preserveAspectRatio='none' role='img' "
        f"aria-label='Waveform' style='width:100%;height:{_HEIGHT}px;display:block'>"
        f"<path d='M0 {middle:g}H{len(low)}' stroke='currentColor' stroke-opacity='.3'/>"
        f"<path d='{red}' stroke='#d6202e' stroke-opacity='.35'/>"
        f"<path d='{_area(low, high)}' fill='#2e7d8c' fill-opacity='.6'/>"
        f"<path d='{_area(np.maximum(low, -core), np.minimum(high, core))}' fill='#2e7d8c'/></svg>"
        f"<div style='display:flex;justify-content:space-between;opacity:.7;font-size:85%'>"
        f"<span>0 s</span><span>{decoded.duration_s:.2f} s</span></div>"
    )


def _fitted(values: NDArray[np.float32], how: np.ufunc) -> NDArray[np.float32]:
    """The values in at most `_COLUMNS` columns."""
    if len(values) <= _COLUMNS:
        return values
    starts = np.linspace(0, len(values), _COLUMNS + 1)[:-1].astype(np.intp)
    return np.asarray(how.reduceat(values, starts), np.float32)


def _area(low: NDArray[np.float32], high: NDArray[np.float32]) -> str:
    """The path between two lines; a flat line is still a line."""
    scale = _HEIGHT / 2 - 1

    def points(values: NDArray[np.float32], shift: float) -> list[str]:
        heights = _HEIGHT / 2 - np.clip(values, -1, 1) * scale + shift
        return [f"{column + 0.5:g} {height:.1f}" for column, height in enumerate(heights)]

    return f"M{'L'.join([*points(high, -0.5), *reversed(points(low, 0.5))])}Z"


def _said(text: str) -> str:
    return f"<div style='opacity:.7'>{html.escape(text)}</div>"
