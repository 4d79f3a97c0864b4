"""How much of everything may come in from outside."""

from __future__ import annotations

from dataclasses import dataclass

from ossicle.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """Limits on audio from outside, counted while decoding and never believed from a header.

    Several, because each alone is passed by some bomb: 25 MiB of FLAC silence is 53 GiB of samples,
    and with 8 channels at 655 kHz a minute of it is 73 GiB.

    Attributes:
        encoded_bytes: Size of the encoded audio.
        decoded_s: Length in seconds.
        decoded_bytes: Size as float32 samples: frames × channels × 4.
        channels: A count.
        sample_rate: In Hz.
        decode_wall_s: Seconds of real time spent in the decoder in all; the caller's own do not
            count.
        metadata_bytes: Size of tags that a native library would read.
        metadata_entries: Count of such tags.

    Source: vLLM's audio limits after CVE-2025-6242 and its followers (25 MB, 600 s, 256 MiB), read
    2026-11-22; the others are measured to keep every decoder under a second of opening.
    """

    encoded_bytes: int = 25 << 20
    decoded_s: float = 600.0
    decoded_bytes: int = 256 << 20
    channels: int = 8
    sample_rate: int = 384_000
    decode_wall_s: float = 15.0
    metadata_bytes: int = 1 << 20
    metadata_entries: int = 1024

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                raise ConfigurationError(
                    f"an intake limit {name} of {getattr(self, name)} lets nothing in",
                    fix="Give a number above 0.",
                )


DEFAULT = IntakeLimits()
"""For bytes from anywhere."""

TRUSTED = IntakeLimits(
    encoded_bytes=1 << 40,
    decoded_s=86_400.0,
    decoded_bytes=1 << 42,
    channels=64,
    sample_rate=768_000,
    decode_wall_s=3 * 3600.0,
    metadata_bytes=64 << 20,
    metadata_entries=16_384,
)
"""For files that whoever runs the program chose: up to a day of audio."""
