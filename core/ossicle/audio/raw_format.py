"""Names that people write for headerless audio, such as `pcmu:8000:1`."""

from __future__ import annotations

import re

from ossicle.audio.format import AudioFormat
from ossicle.errors import UnsupportedFormatError

_ENCODINGS: dict[str, tuple[str, ...]] = {
    "mulaw": ("pcmu", "ulaw", "mulaw", "pcm_mulaw", "g711u", "ulaw8000"),
    "alaw": ("pcma", "alaw", "pcm_alaw", "g711a"),
    "pcm_s16le": ("s16", "s16le", "pcm", "pcm16", "pcm_s16", "linear16", "int16"),
    "pcm_s16be": ("s16be", "l16"),  # RFC 3551 section 4.5.11: network byte order
    "pcm_s24le": ("s24", "s24le", "pcm24", "pcm_s24", "int24"),
    "pcm_s24be": ("s24be", "l24"),
    "pcm_s32le": ("s32", "s32le", "pcm32", "pcm_s32", "int32"),
    "pcm_s32be": ("s32be",),
    "pcm_f32le": ("f32", "f32le", "float", "float32", "pcm_f32", "flt"),
    "pcm_f32be": ("f32be",),
    "pcm_f64le": ("f64", "f64le", "double", "float64", "pcm_f64", "dbl"),
    "pcm_f64be": ("f64be",),
    "pcm_u8": ("u8", "uint8"),
    "pcm_s8": ("s8", "int8", "l8"),
    "g722": ("g722",),
}
_NAMES = {name: encoding for encoding, names in _ENCODINGS.items() for name in (encoding, *names)}
# RFC 3551 table 4; G.722 is sampled at 16 kHz, whatever RTP says.
_USUAL_RATES = {"mulaw": 8000, "alaw": 8000, "g722": 16_000}
_RATE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(k?)(?:hz)?")
_CHANNELS = {"mono": 1, "stereo": 2}
_FIX = "Write ENCODING:RATE:CHANNELS, such as pcmu:8000:1, pcm_s16le:16000:2 or f32:48k."


def parse_input_format(text: str) -> AudioFormat:
    """The format of headerless audio that a name stands for.

    Args:
        text: An encoding, a sample rate in Hz and a count of channels, with colons between. The
            rate can be left out where there is a usual one (`pcmu`, `pcma`, `g722`), the
            channels are 1 if not given.

    Raises:
        UnsupportedFormatError: There is no such encoding, or a figure is none.

    Example:
        >>> str(parse_input_format("ulaw:8000"))
        'raw/mulaw 8000 Hz 1 ch'
    """
    name, *figures = (part.strip().lower() for part in text.split(":"))
    encoding = _NAMES.get(name.replace("-", "").replace("µ", "u"))
    if encoding is None or len(figures) > 2:
        raise UnsupportedFormatError(
            f"{text[:40]!r} names no format of headerless audio",
            format=text[:40],
            fix=f"{_FIX} Encodings: {', '.join(_ENCODINGS)}.",
        )
    rate = _rate(figures[0]) if figures else _USUAL_RATES.get(encoding)
    channels = figures[1].removesuffix("ch").strip() if len(figures) == 2 else "1"
    count = _CHANNELS.get(channels, int(channels) if channels.isdecimal() else 0)
    if rate is None or not 1 <= rate <= 768_000 or not 1 <= count <= 64:
        raise UnsupportedFormatError(
            f"{text[:40]!r} names no sample rate or count of channels that is possible",
            format=text[:40],
            fix=_FIX,
        )
    return AudioFormat(container="raw", encoding=encoding, sample_rate=rate, channels=count)


def _rate(text: str) -> int | None:
    found = _RATE.fullmatch(text)
    return None if found is None else round(float(found[1]) * (1000 if found[2] else 1))
