"""The header gate: arithmetic that every claim has to pass before anything else believes it."""

from __future__ import annotations

from ossicle.audio.facts import AudioFacts
from ossicle.audio.format import SAMPLE_WIDTHS, AudioFormat, Container
from ossicle.errors import MalformedAudioError

MAX_CHANNELS = 64
"""More channels than this are taken for a broken header."""

MAX_SAMPLE_RATE = 768_000
"""Hz; the highest rate of any converter sold, and above what FLAC can say (655 350)."""


def checked_format(
    container: Container, encoding: str, *, sample_rate: int, channels: int
) -> AudioFormat:
    """The format, if a real recording can have such a rate and so many channels.

    Raises:
        MalformedAudioError: The header is impossible.
    """
    if not 1 <= channels <= MAX_CHANNELS:
        raise MalformedAudioError(
            f"the {container} header claims {channels} channels",
            format=container,
            fix="Export the audio again; its header is damaged.",
        )
    if not 1 <= sample_rate <= MAX_SAMPLE_RATE:
        raise MalformedAudioError(
            f"the {container} header claims a sample rate of {sample_rate} Hz",
            format=container,
            fix="Export the audio again; its header is damaged.",
        )
    return AudioFormat(
        container=container, encoding=encoding, sample_rate=sample_rate, channels=channels
    )


def pcm_facts(
    format: AudioFormat,
    *,
    n_bytes: int,
    data_offset: int,
    data_bytes: int,
    bit_depth: int | None = None,
    notes: tuple[str, ...] = (),
) -> AudioFacts:
    """Facts of samples with a fixed size: uncompressed ones, mu-law and A-law.

    Args:
        format: As checked; its sample rate and channels are known.
        n_bytes: Size of the file.
        data_offset: Where the samples begin.
        data_bytes: Bytes of samples that are really there.
        bit_depth: Bits that carry signal, or `None` for the whole sample.
        notes: Words so far; a last part of a frame adds `truncated`.
    """
    assert format.channels is not None
    assert format.sample_rate is not None
    sample_width = format.sample_width or 1
    width = sample_width * format.channels
    frames, rest = divmod(max(data_bytes, 0), width)
    if rest and "truncated" not in notes and "sizes_unknown" not in notes:
        notes = (*notes, "truncated")
    return AudioFacts(
        format=format,
        n_bytes=n_bytes,
        frames=frames,
        duration_s=frames / format.sample_rate,
        data_offset=data_offset,
        data_bytes=frames * width,
        bit_depth=(bit_depth or sample_width * 8) if format.is_pcm else None,
        notes=notes,
    )


def is_fixed_width(encoding: str) -> bool:
    """Whether one sample always takes the same number of bytes (see `pcm_facts`)."""
    return encoding in ("mulaw", "alaw") or pcm_width(encoding) is not None


def pcm_width(encoding: str) -> int | None:
    """Bytes of one sample of a `pcm_…` encoding, or `None`."""
    if not encoding.startswith("pcm_"):
        return None
    return SAMPLE_WIDTHS.get(encoding[4:].removesuffix("le").removesuffix("be"))


def integer_encoding(width: int, *, big_endian: bool, unsigned_8: bool = False) -> str | None:
    """The name of integer samples of `width` bytes, or `None` when there is none.

    Args:
        width: Bytes per sample.
        big_endian: Whether the most significant byte comes first.
        unsigned_8: Whether samples of one byte are unsigned.
    """
    if width == 1:
        return "pcm_u8" if unsigned_8 else "pcm_s8"
    if width in (2, 3, 4):
        return f"pcm_s{8 * width}{'be' if big_endian else 'le'}"
    return None


def float_encoding(width: int, *, big_endian: bool) -> str | None:
    """The name of floating-point samples of `width` bytes, or `None` when there is none."""
    if width in (4, 8):
        return f"pcm_f{8 * width}{'be' if big_endian else 'le'}"
    return None
