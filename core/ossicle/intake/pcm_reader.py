"""Reads uncompressed samples, mu-law and A-law without any native library, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ossicle.audio import BLOCK_FRAMES, AudioClip, BlockStream
from ossicle.errors import FileAccessError, UnsupportedFormatError
from ossicle.signal.quantize import alaw_decode, int_to_float, mulaw_decode, unpack_s24

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples

_Decoder = Callable[[bytes], NDArray[np.float32]]

MAX_BLOCK_SAMPLES = 1 << 19
"""Most samples in a block, so that many channels do not multiply the memory."""

CONTAINERS = ("raw", "wav", "w64", "aiff", "au", "caf", "sphere")
"""Containers in which the samples lie in one piece; where, `AudioFacts` says."""

ENCODINGS = (
    "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le",
    "pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_f64be", "mulaw", "alaw",
)  # fmt: skip


def read_pcm(clip: AudioClip) -> BlockStream:
    """The samples of a clip whose encoding is one of `ENCODINGS`.

    Integers of up to 24 bits come out exactly; 32-bit ones and doubles are rounded to float32.

    Raises:
        UnsupportedFormatError: It is compressed, or lies in a container of another kind.
        FileAccessError: The file is gone or was changed.
    """
    form, facts = clip.format, clip.facts
    decoder = _DECODERS.get(form.encoding)
    if (
        decoder is None
        or form.container not in CONTAINERS
        or form.sample_rate is None
        or form.channels is None
        or facts.data_offset is None
        or facts.data_bytes is None
    ):
        raise UnsupportedFormatError(
            f"{form} does not hold plain samples in one piece",
            format=str(form),
            fix="Use another converter.",
        )
    width = (form.sample_width or 1) * form.channels
    parts = facts.parts or ((facts.data_offset, facts.data_bytes),)
    frames = sum(n_bytes // width for _, n_bytes in parts)
    file = clip.open()
    return BlockStream(
        _blocks(file, parts, width, form.channels, decoder),
        sample_rate=form.sample_rate,
        channels=form.channels,
        frames=frames,
        close=file.close,
    )


def _blocks(
    file: BinaryIO,
    parts: Sequence[tuple[int, int]],
    width: int,
    channels: int,
    decoder: _Decoder,
) -> Iterator[Samples]:
    block_frames = max(1, min(BLOCK_FRAMES, MAX_BLOCK_SAMPLES // channels))
    try:
        for offset, n_bytes in parts:
            file.seek(offset)
            frames = n_bytes // width
            while frames > 0:
                data = file.read(min(frames, block_frames) * width)
                whole = len(data) // width
                if whole == 0:
                    break
                yield decoder(data[: whole * width]).reshape(whole, channels)
                frames -= whole
    except OSError as error:
        if isinstance(error, FileAccessError):
            raise
        raise FileAccessError(
            f"cannot read the audio file: {error.strerror}", fix="Check the file system."
        ) from error


def _u8(data: bytes) -> NDArray[np.float32]:
    return int_to_float(np.frombuffer(data, np.uint8), bits=8)


def _s8(data: bytes) -> NDArray[np.float32]:
    return np.frombuffer(data, np.int8).astype(np.float32) * np.float32(1 / 128)


def _s16le(data: bytes) -> NDArray[np.float32]:
    return int_to_float(np.frombuffer(data, "<i2"), bits=16)


def _s16be(data: bytes) -> NDArray[np.float32]:
    return int_to_float(np.frombuffer(data, ">i2"), bits=16)


def _s24le(data: bytes) -> NDArray[np.float32]:
    return int_to_float(unpack_s24(data), bits=24)


def _s24be(data: bytes) -> NDArray[np.float32]:
    return _s24le(np.frombuffer(data, np.uint8).reshape(-1, 3)[:, ::-1].tobytes())


def _s32le(data: bytes) -> NDArray[np.float32]:
    return int_to_float(np.frombuffer(data, "<i4"), bits=32)


def _s32be(data: bytes) -> NDArray[np.float32]:
    return int_to_float(np.frombuffer(data, ">i4"), bits=32)


def _float(kind: str) -> _Decoder:
    def decode(data: bytes) -> NDArray[np.float32]:
        values: NDArray[Any] = np.frombuffer(data, kind)
        # What float32 cannot hold becomes inf, and is refused where samples are counted.
        with np.errstate(over="ignore", invalid="ignore"):
            return values.astype(np.float32)

    return decode


def _mulaw(data: bytes) -> NDArray[np.float32]:
    return int_to_float(mulaw_decode(np.frombuffer(data, np.uint8)), bits=16)


def _alaw(data: bytes) -> NDArray[np.float32]:
    return int_to_float(alaw_decode(np.frombuffer(data, np.uint8)), bits=16)


_DECODERS: dict[str, _Decoder] = {
    "pcm_u8": _u8, "pcm_s8": _s8, "pcm_s16le": _s16le, "pcm_s24le": _s24le, "pcm_s32le": _s32le,
    "pcm_s16be": _s16be, "pcm_s24be": _s24be, "pcm_s32be": _s32be,
    "pcm_f32le": _float("<f4"), "pcm_f64le": _float("<f8"),
    "pcm_f32be": _float(">f4"), "pcm_f64be": _float(">f8"), "mulaw": _mulaw, "alaw": _alaw,
}  # fmt: skip
