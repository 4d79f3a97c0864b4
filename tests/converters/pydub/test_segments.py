"""Ways between pydub's segments and our clips."""

from __future__ import annotations

import numpy as np
import pytest
from tests.converters.signals import decode_bytes, encode_bytes, make_voice

from ossicle.audio import AudioFormat
from ossicle.intake import PcmConverter
from ossicle_pydub import audiosegment_to_clip, clip_to_audiosegment
from ossicle_pydub.segments import segment_class

pytest.importorskip("pydub")


@pytest.mark.parametrize(
    ("sample_width", "encoding"), [(1, "pcm_u8"), (2, "pcm_s16le"), (4, "pcm_s32le")]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_segment_becomes_a_wav_bit_by_bit(
    sample_width: int, encoding: str, channels: int
) -> None:
    rng = np.random.default_rng(sample_width)
    data = rng.integers(0, 256, 60 * sample_width * channels, dtype=np.uint8).tobytes()
    segment = segment_class()(
        data=data, sample_width=sample_width, frame_rate=11_025, channels=channels
    )
    clip = audiosegment_to_clip(segment)
    assert (clip.format.encoding, clip.format.channels, clip.facts.frames) == (
        encoding,
        channels,
        60,
    )
    found = decode_bytes(PcmConverter(), clip.read_bytes()).samples
    expected = np.array(segment.get_array_of_samples(), np.float64) / 2 ** (8 * sample_width - 1)
    np.testing.assert_array_equal(found.reshape(-1), expected.astype(np.float32))


@pytest.mark.parametrize("frames", [0, 1, 2001])
def test_a_clip_becomes_a_segment_and_the_same_clip_again(frames: int) -> None:
    data = encode_bytes(
        PcmConverter(), make_voice(frames=frames, channels=2), AudioFormat.named("wav")
    )
    from ossicle.audio import AudioClip

    clip = AudioClip.from_bytes(data)
    segment = clip_to_audiosegment(clip)
    assert (segment.channels, segment.sample_width, segment.frame_count()) == (2, 2, frames)
    assert audiosegment_to_clip(segment) == clip
