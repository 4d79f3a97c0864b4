"""Whatever sound a synthesizer gives as raw samples of the agreed format."""

from __future__ import annotations

from ossicle.audio import AudioClip, AudioFormat
from ossicle.errors import InvalidReplyError, OssicleError


class FrameCutter:
    """Cuts raw bytes that arrive in pieces into whole frames.

    Args:
        form: Raw, with its encoding and channels.
    """

    def __init__(self, form: AudioFormat) -> None:
        self._width = form.frame_width or 1
        self._rest = b""

    def whole(self, data: bytes) -> bytes:
        """The whole frames so far; a part of one is held back until the rest of it comes."""
        data = self._rest + data
        cut = len(data) - len(data) % self._width
        self._rest = data[cut:]
        return data[:cut]


def is_same(form: AudioFormat, other: AudioFormat) -> bool:
    """Whether samples of one format can stand behind samples of the other."""
    return (form.container, form.encoding, form.sample_rate, form.channels) == (
        other.container,
        other.encoding,
        other.sample_rate,
        other.channels,
    )


def raw_samples(clip: AudioClip, form: AudioFormat, *, provider: str) -> bytes:
    """A clip decoded, mixed and resampled to raw 16-bit samples; blocking.

    Args:
        clip: Of any format.
        form: Raw `pcm_s16le` with its rate and channels.
        provider: Who gave the clip, for the error.

    Raises:
        InvalidReplyError: Nothing here makes such samples of it.
    """
    # Announcing a plugin that is a cascade must not load numpy.
    from ossicle.signal.mix import downmix
    from ossicle.signal.quantize import float_to_s16
    from ossicle.signal.resampling import resample

    assert form.sample_rate is not None
    assert form.channels is not None
    try:
        pcm = clip.to_pcm()
        mixed = downmix(pcm.samples, form.channels)
    except OssicleError as error:
        raise InvalidReplyError(
            f"{provider} spoke {clip.format} where {form} was agreed on, which cannot be "
            f"converted ({error.code})",
            provider=provider,
            billed=True,
            fix=error.fix or "Use another model as the synthesizer of the cascade.",
        ) from error
    samples = resample(mixed, sample_rate_in=pcm.sample_rate, sample_rate_out=form.sample_rate)
    return float_to_s16(samples).astype("<i2", copy=False).tobytes()
