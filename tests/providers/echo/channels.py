"""Ways on which sound is changed between two ends, for the tests of the tones."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = tuple[NDArray[np.float32], int]
    Channel = Callable[[NDArray[np.float32], int], Sound]


def resample(samples: NDArray[np.float32], sample_rate: int, target: int) -> Sound:
    import soxr

    return soxr.resample(samples, sample_rate, target), target


def through_file(samples: NDArray[np.float32], sample_rate: int, form: str, kind: str) -> Sound:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, format=form, subtype=kind)
    file.seek(0)
    data, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return data, rate


def lame(samples: NDArray[np.float32], sample_rate: int, bit_rate_k: int = 64) -> Sound:
    import lameenc
    import soundfile

    encoder = lameenc.Encoder()
    encoder.set_bit_rate(bit_rate_k)
    encoder.set_in_sample_rate(sample_rate)
    encoder.set_channels(samples.shape[1])
    data = encoder.encode(to_s16(samples).tobytes()) + encoder.flush()
    decoded, rate = soundfile.read(io.BytesIO(bytes(data)), dtype="float32", always_2d=True)
    return decoded, rate


def ffmpeg(
    samples: NDArray[np.float32], sample_rate: int, codec: str, container: str, bit_rate: int
) -> Sound:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=sample_rate)
        stream.bit_rate, stream.layout = bit_rate, "mono"
        frame = av.AudioFrame.from_ndarray(to_s16(samples).T, format="s16", layout="mono")
        frame.sample_rate = sample_rate
        fitted = av.AudioResampler(
            format=stream.codec_context.codec.audio_formats[0].name,
            layout="mono",
            rate=sample_rate,
            frame_size=stream.codec_context.frame_size,
        )
        for piece in (*fitted.resample(frame), *fitted.resample(None), None):
            for packet in stream.encode(piece):
                output.mux(packet)
    file.seek(0)
    pieces = []
    floats = av.AudioResampler(format="flt", layout="mono")
    with av.open(file, "r") as source:
        rate = source.streams.audio[0].rate
        for decoded in source.decode(audio=0):
            pieces += [piece.to_ndarray() for piece in floats.resample(decoded)]
    return np.concatenate(pieces, axis=1).T.astype(np.float32), rate


def to_s16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    whole: NDArray[np.int16] = np.rint(samples.clip(-1, 1) * 32767).astype("<i2")
    return whole


def quantised(samples: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    scale = 2 ** (bits - 1) - 1
    return np.asarray(np.rint(samples.clip(-1, 1) * scale) / scale, np.float32)


def high_passed(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Nothing below 80 Hz."""
    spectrum = np.fft.rfft(samples, axis=0)
    spectrum[np.fft.rfftfreq(len(samples), 1 / sample_rate) < 80] = 0
    return np.fft.irfft(spectrum, len(samples), axis=0).astype(np.float32)


def noisy(samples: NDArray[np.float32], snr_db: float, seed: int) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).standard_normal(samples.shape)
    noise *= np.sqrt(np.square(samples).mean() / 10 ** (snr_db / 10))
    return (samples + noise).astype(np.float32)
