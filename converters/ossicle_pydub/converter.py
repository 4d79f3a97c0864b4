"""`PydubConverter`: a full converter on `pydub.AudioSegment`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from ossicle.abc import FormatConverter
from ossicle.audio import BLOCK_FRAMES, AudioClip, AudioFormat, BlockStream
from ossicle.errors import AudioLimitError, UnsupportedFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ossicle.audio.pcm import Samples

DEFAULT_MAX_BYTES = 256 << 20
"""Of samples as pydub holds them."""


class PydubConverter(FormatConverter):
    """Reads and writes through `AudioSegment`, which holds everything in memory.

    That is pydub's nature, so this one is bounded instead of constant in memory, and costs more
    than the others: the planner takes it only when it is asked for, or nothing else is there. WAV
    headers are read by ossicle, since pydub believes wrong ones.

    Args:
        trust_ffmpeg: Whether an `ffmpeg` program may be run for formats that pydub does not read
            by itself. ffmpeg follows references inside of files: leave this off for inputs that
            the application did not make.
        max_bytes: Most bytes of samples to hold.
    """

    def __init__(self, *, trust_ffmpeg: bool = False, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._trust_ffmpeg = trust_ffmpeg
        self._max_bytes = max_bytes

    def decode(self, clip: AudioClip) -> BlockStream:
        """The samples of a clip, as blocks of at most 65,536 frames.

        Raises:
            AudioLimitError: It has more samples than may be held.
            MalformedAudioError: The bytes do not decode.
            UnsupportedFormatError: pydub does not read it, or only ffmpeg does and is not trusted.
            DependencyMissingError: pydub is not installed, or there is no ffmpeg program.
        """
        segment = self._segment(clip)
        self._check_size(len(segment.raw_data))
        return BlockStream(
            _blocks(segment),
            sample_rate=segment.frame_rate,
            channels=segment.channels,
            frames=int(segment.frame_count()),
        )

    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        """Collect all blocks in an `AudioSegment` and export it.

        Raises:
            AudioLimitError: There are more samples than may be held.
            UnsupportedFormatError: pydub does not write it, or only ffmpeg does and is not
                trusted.
            DependencyMissingError: pydub is not installed, or there is no ffmpeg program.
        """
        if not (target.is_pcm or self._trust_ffmpeg):
            raise self._not_trusted(target, "written")
        segment = self._collected(stream, target)
        if target.container == "raw":
            from ossicle_pydub.segments import wav_bytes

            sink.write(wav_bytes(segment))
        elif target.container == "wav":
            from ossicle_pydub.segments import audiosegment_to_clip

            sink.write(audiosegment_to_clip(segment).read_bytes())
        else:
            from ossicle_pydub.ffmpeg import encode_with_ffmpeg

            sink.write(encode_with_ffmpeg(segment, target))

    def _segment(self, clip: AudioClip) -> Any:
        form, facts = clip.format, clip.facts
        if form.is_pcm and form.container in ("wav", "raw") and facts.data_bytes is not None:
            self._check_size(facts.data_bytes)
            data = b""
            with clip.open() as file:
                for offset, n_bytes in facts.parts or ((facts.data_offset or 0, facts.data_bytes),):
                    file.seek(offset)
                    data += file.read(n_bytes)
            width = form.frame_width or 1
            return _from_wav_samples(data[: len(data) - len(data) % width], form)
        if not self._trust_ffmpeg:
            raise self._not_trusted(form, "read")
        from ossicle_pydub.ffmpeg import decode_with_ffmpeg

        return decode_with_ffmpeg(clip)

    def _collected(self, stream: BlockStream, target: AudioFormat) -> Any:
        from ossicle.signal.quantize import float_to_s16, float_to_s32, float_to_u8
        from ossicle_pydub.segments import segment_class

        width = target.sample_width or 2
        quantizers: dict[int, Callable[[Samples], NDArray[Any]]] = {
            1: float_to_u8,
            4: float_to_s32,
        }
        quantize = quantizers.get(width, float_to_s16)
        data = bytearray()
        for block in stream:
            data += quantize(block).tobytes()
            self._check_size(len(data))
        return segment_class()(
            data=_signed(bytes(data)) if width == 1 else bytes(data),
            sample_width=width,
            frame_rate=stream.sample_rate,
            channels=stream.channels,
        )

    def _check_size(self, n_bytes: int) -> None:
        if n_bytes > self._max_bytes:
            raise AudioLimitError(
                f"pydub would hold {n_bytes} bytes of samples",
                limit="decoded_bytes",
                measured=n_bytes,
                allowed=self._max_bytes,
                fix="Use the soundfile or av converter, which stream.",
            )

    def _not_trusted(self, form: AudioFormat, verb: str) -> UnsupportedFormatError:
        return UnsupportedFormatError(
            f"{form.container}/{form.encoding} is {verb} by pydub through ffmpeg only",
            format=str(form),
            fix="Use another converter, or trust_ffmpeg=True for audio of your own making.",
        )


def _blocks(segment: Any) -> Iterator[Samples]:
    from ossicle_pydub.segments import scaled, segment_samples

    values = segment_samples(segment)
    for start in range(0, len(values), BLOCK_FRAMES):
        yield scaled(values[start : start + BLOCK_FRAMES])


def _from_wav_samples(data: bytes, form: AudioFormat) -> Any:
    from ossicle.signal.quantize import unpack_s24
    from ossicle_pydub.segments import segment_class

    width = form.sample_width
    if width == 1:
        data = _signed(data)
    elif width == 3:
        # pydub widens to 32 bits itself, byte by byte, and adds one to what is negative.
        data, width = (unpack_s24(data) << 8).tobytes(), 4
    return segment_class()(
        data=data, sample_width=width, frame_rate=form.sample_rate, channels=form.channels
    )


def _signed(data: bytes) -> bytes:
    """Unsigned 8-bit samples as pydub holds them, and back."""
    import numpy as np

    return (np.frombuffer(data, np.uint8) ^ 0x80).tobytes()
