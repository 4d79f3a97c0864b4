"""WAVEFORMATEX: the sample description that RIFF, Wave64 and ASF share.

Source: Microsoft, "WAVEFORMATEX" and "WAVEFORMATEXTENSIBLE" (mmreg.h), read 2026-11-22.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ossicle.audio.containers.header import (
    checked_format,
    float_encoding,
    integer_encoding,
    is_fixed_width,
)
from ossicle.audio.facts import AudioFacts
from ossicle.audio.format import AudioFormat, Container
from ossicle.errors import MalformedAudioError

_EXTENSIBLE = 0xFFFE
# The last 14 bytes of a sub-format GUID made from a format tag; ambisonic files use the other.
_GUID_TAILS = (
    bytes.fromhex("000000001000800000aa00389b71"),
    bytes.fromhex("0721d31186440c8c1ca00000"),
)
_COMPRESSED = {
    0x0002: "ms_adpcm", 0x0006: "alaw", 0x0007: "mulaw", 0x0011: "ima_adpcm", 0x0031: "gsm",
    0x0040: "g726", 0x0045: "g726", 0x0064: "g726", 0x0065: "g722", 0x028F: "g722",
    0x0050: "mp2", 0x0055: "mp3", 0x00FF: "aac", 0x2001: "dts", 0x0020: "yamaha_adpcm",
    0x0057: "amr_nb", 0x0058: "amr_wb", 0x5756: "wavpack", 0x77A1: "tta", 0x704F: "opus",
    0x0160: "wma", 0x0161: "wma",
    0x0162: "wma_pro", 0x0163: "wma_lossless", 0x1600: "aac", 0x1610: "aac", 0x2000: "ac3",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveFormat:
    """A checked sample description.

    Attributes:
        format: Container, encoding, rate and channels.
        block_align: Bytes of one frame, or of one compressed block.
        bytes_per_second: The average that the header claims; 0 if it claims none.
        bit_depth: Bits that carry signal; `None` for compressed audio.
        frames_per_block: Of a compressed block; `None` where that has no meaning.
        notes: `block_align` when that field was wrong and could be worked out.
    """

    format: AudioFormat
    block_align: int
    bytes_per_second: int
    bit_depth: int | None
    frames_per_block: int | None
    notes: tuple[str, ...] = ()

    def facts(
        self, *, n_bytes: int, data_offset: int, data_bytes: int, claimed_frames: int | None
    ) -> AudioFacts:
        """Facts of compressed data; for uncompressed see `header.pcm_facts`.

        Args:
            n_bytes: Size of the file.
            data_offset: Where the data begin.
            data_bytes: Bytes of data that are really there.
            claimed_frames: From a `fact` chunk; believed only if the blocks can hold so many.
        """
        sample_rate = self.format.sample_rate or 1
        frames: int | None = None
        duration_s: float | None = None
        if self.frames_per_block is not None:
            frames = -(-data_bytes // self.block_align) * self.frames_per_block
            duration_s = frames / sample_rate
            if claimed_frames is not None and 0 < claimed_frames < frames:
                # The last block is padded; some decoders cut it there and some do not.
                frames, duration_s = None, claimed_frames / sample_rate
        elif self.bytes_per_second >= 100:
            duration_s = data_bytes / self.bytes_per_second
        return AudioFacts(
            format=self.format,
            n_bytes=n_bytes,
            frames=frames,
            duration_s=duration_s,
            is_estimate=self.frames_per_block is None and duration_s is not None,
            data_offset=data_offset,
            data_bytes=data_bytes,
        )


def read_wave_format(data: bytes, *, container: Container, big_endian: bool = False) -> WaveFormat:
    """The sample description in the first bytes of a `fmt ` chunk.

    Raises:
        MalformedAudioError: It is cut off or impossible.
    """
    order = ">" if big_endian else "<"
    if len(data) < 14:
        raise MalformedAudioError(
            f"the fmt chunk has {len(data)} bytes", format=container, fix="Export the audio again."
        )
    tag, channels, sample_rate, bytes_per_second, block_align = struct.unpack_from(
        f"{order}HHIIH", data
    )
    bits = struct.unpack_from(f"{order}H", data, 14)[0] if len(data) >= 16 else 8
    valid_bits = bits
    if tag == _EXTENSIBLE and len(data) >= 40:
        valid_bits = struct.unpack_from(f"{order}H", data, 18)[0]
        tag = _sub_format(data[24:40], order)
    if tag in (1, 3):
        # Channels are checked first: they divide below.
        checked_format(container, "unknown", sample_rate=sample_rate, channels=channels)
        plain = bits // 8 * channels
        if bits % 8 == 0 and bytes_per_second == sample_rate * plain != sample_rate * block_align:
            # Two fields agree and one does not: the one is wrong, as all players take it.
            block_align = 0
        width, notes = _sample_width(container, block_align, channels, bits)
        if tag == 1:
            encoding = integer_encoding(width, big_endian=big_endian, unsigned_8=True)
        else:
            encoding = float_encoding(width, big_endian=big_endian)
        return WaveFormat(
            format=checked_format(
                container, encoding or "unknown", sample_rate=sample_rate, channels=channels
            ),
            block_align=width * channels,
            bytes_per_second=bytes_per_second,
            bit_depth=valid_bits if 0 < valid_bits <= 8 * width else 8 * width,
            frames_per_block=1,
            notes=notes,
        )
    return _compressed(
        data,
        encoding=_COMPRESSED.get(tag, "unknown"),
        order=order,
        container=container,
    )


def _sub_format(guid: bytes, order: str) -> int:
    if guid[2:] == _GUID_TAILS[0] or guid[4:] == _GUID_TAILS[1]:
        return int(struct.unpack_from(f"{order}H", guid)[0])
    if order == ">" and guid[8:] == _GUID_TAILS[0][6:]:
        # RIFX turns the first fields of the GUID round: 0000 0001 0000 0010 ...
        return int.from_bytes(guid[0:4], "big") & 0xFFFF
    return 0


def _sample_width(
    container: Container, block_align: int, channels: int, bits: int
) -> tuple[int, tuple[str, ...]]:
    """Bytes per sample; the block size decides, and only where it is 0 do the bits."""
    if block_align == 0 and 8 <= bits <= 64 and bits % 8 == 0:
        return bits // 8, ("block_align",)
    width, rest = divmod(block_align, channels)
    if rest or not 1 <= width <= 8 or not 1 <= bits <= 8 * width:
        raise MalformedAudioError(
            f"the {container} header claims blocks of {block_align} bytes"
            f" for {channels} channels of {bits} bits",
            format=container,
            fix="Export the audio again; its header is damaged.",
        )
    return width, ()


def _compressed(data: bytes, *, encoding: str, order: str, container: Container) -> WaveFormat:
    _, channels, sample_rate, bytes_per_second, block_align = struct.unpack_from(
        f"{order}HHIIH", data
    )
    form = checked_format(container, encoding, sample_rate=sample_rate, channels=channels)
    notes: tuple[str, ...] = ()
    if is_fixed_width(encoding):
        # One byte a sample is all there is; what else the block size says is wrong.
        if block_align not in (0, channels) and bytes_per_second != sample_rate * channels:
            raise MalformedAudioError(
                f"the {container} header claims blocks of {block_align} bytes"
                f" for {channels} channels of {encoding}",
                format=container,
                fix="Export the audio again; its header is damaged.",
            )
        notes = () if block_align in (0, channels) else ("block_align",)
        block_align = channels
    frames_per_block = _frames_per_block(encoding, block_align, channels)
    return WaveFormat(
        format=form,
        block_align=max(block_align, 1),
        bytes_per_second=bytes_per_second,
        bit_depth=None,
        frames_per_block=frames_per_block,
        notes=notes,
    )


def _frames_per_block(encoding: str, block_align: int, channels: int) -> int | None:
    """What a block must hold by its size; the header's own figure is not needed.

    Source: Microsoft "Multimedia Data Standards Update" 1994 (IMA and MS ADPCM, GSM 6.10).
    """
    if encoding == "ima_adpcm" and block_align > 4 * channels:
        return (block_align - 4 * channels) * 2 // channels + 1
    if encoding == "ms_adpcm" and block_align > 7 * channels:
        return (block_align - 7 * channels) * 2 // channels + 2
    if encoding == "gsm" and block_align == 65:
        return 320
    return None
