"""What carries the audio does not change it."""

from __future__ import annotations

from collections.abc import Callable

from ossicle.audio import AudioClip, Pcm
from ossicle.errors import ConfigurationError
from ossicle_testing.laws.levels import near

_FLOAT_ERROR = 1e-6


def encoding_keeps_samples(
    clip: AudioClip,
    pcm: Pcm,
    *,
    decode: Callable[[AudioClip], Pcm] = AudioClip.to_pcm,
    max_error: float | None = None,
) -> None:
    """A clip decodes to the samples it was written from, as finely as its encoding can say.

    Args:
        clip: What was written; `strategies.written_clips` draws it together with its samples.
        pcm: From which it was written.
        decode: A decoder of yours, or the installed ones.
        max_error: How far two samples may lie apart; `None`: one step of the encoding (values are
            rounded to within half a step, and full scale itself is one step out of reach).

    Raises:
        AssertionError: They lie further apart, or there are more or fewer of them.
        ConfigurationError: The encoding is lossy and `max_error` is not given.
    """
    found = decode(clip)
    if found.sample_rate != pcm.sample_rate:
        raise AssertionError(f"the rate is {found.sample_rate} Hz instead of {pcm.sample_rate} Hz")
    near(found.samples, pcm.samples, max_error=_step(clip) if max_error is None else max_error)


def containers_agree(
    one: AudioClip,
    other: AudioClip,
    *,
    decode: Callable[[AudioClip], Pcm] = AudioClip.to_pcm,
    max_error: float = 0.0,
) -> None:
    """Two clips of the same audio decode to the same samples.

    Args:
        one: A clip.
        other: The same in another container.
        decode: A decoder of yours, or the installed ones.
        max_error: How far two samples may lie apart; 0 for encodings that hold the same values.

    Raises:
        AssertionError: They lie further apart, or there are more or fewer of them.
    """
    encoding_keeps_samples(other, decode(one), decode=decode, max_error=max_error)


def _step(clip: AudioClip) -> float:
    """From one value of an encoding to the next; full scale is ±1."""
    if clip.format.is_lossy:
        raise ConfigurationError(
            f"{clip.format} does not keep samples exactly", fix="Give max_error."
        )
    if clip.format.encoding.startswith("pcm_f"):
        return _FLOAT_ERROR
    return float(2.0 ** -((clip.facts.bit_depth or 16) - 1)) + _FLOAT_ERROR
