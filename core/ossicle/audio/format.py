"""What a piece of audio is encoded as, and the names people use for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, SupportsIndex, cast, get_args

from ossicle.errors import UnsupportedFormatError

Container = Literal[
    "raw", "wav", "w64", "aiff", "au", "caf", "voc", "flac", "ogg", "mp3", "adts", "mp4",
    "matroska", "asf", "amr", "ac3", "avi", "flv", "mpegts", "wavpack", "tta", "sphere",
]  # fmt: skip
"""How packets or samples are wrapped. `raw` is nothing but interleaved samples; RF64 and RIFX
count as `wav`, WebM as `matroska`, M4A as `mp4`, AIFC as `aiff`."""

SampleFormat = Literal["u8", "s8", "s16", "s24", "s32", "f32", "f64"]
"""How one PCM sample is stored, little-endian unless the name says otherwise."""

OutputFormat = Literal[
    "wav", "mp3", "flac", "opus", "aac", "pcm16", "mulaw", "alaw", "vorbis", "m4a", "webm", "caf",
    "aiff", "au",
]  # fmt: skip
"""Short names of the formats an application may ask for; `m4a` is AAC and `webm` is Opus."""

CONTAINERS: frozenset[str] = frozenset(get_args(Container))
OUTPUT_FORMATS: tuple[str, ...] = get_args(OutputFormat)
"""The names of `OutputFormat`, as a tuple."""

SAMPLE_WIDTHS: dict[str, int] = {
    "u8": 1, "s8": 1, "s16": 2, "s24": 3, "s32": 4, "f32": 4, "f64": 8,
}  # fmt: skip
"""Bytes per sample of each sample format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFormat:
    """The encoding of a piece of audio; a value, compared by content.

    Attributes:
        container: How it is wrapped.
        encoding: The codec: `pcm_s16le`, `pcm_s24be`, `pcm_u8`, `pcm_f32le`, `mulaw`, `alaw`,
            `ima_adpcm`, `ms_adpcm`, `gsm`, `flac`, `alac`, `mp3`, `mp2`, `mp1`, `aac`, `opus`,
            `vorbis`, `speex`, `amr_nb`, `amr_wb`, `ac3`, `eac3`, `dts`, `truehd`, `mlp`, `g722`,
            `wavpack`, `tta`, `nellymoser`, `wma`, `wma_pro`, `wma_lossless`, or `unknown`.
        sample_rate: In Hz; `None` when unknown or not asked for.
        channels: A count; `None` when unknown or not asked for.
        bit_rate: In bit/s, for lossy targets; `None` means the converter's default.
    """

    container: Container
    encoding: str
    sample_rate: int | None = None
    channels: int | None = None
    bit_rate: int | None = None

    def __post_init__(self) -> None:
        if self.container not in CONTAINERS:
            raise UnsupportedFormatError(
                f"unknown container {self.container!r}",
                fix=f"Use one of {', '.join(sorted(CONTAINERS))}.",
            )
        for name, value in (("sample_rate", self.sample_rate), ("channels", self.channels)):
            if value is not None and (not isinstance(value, SupportsIndex) or value < 1):
                raise UnsupportedFormatError(
                    f"{name} of {value!r} is impossible",
                    fix=f"Give a {name} of at least 1, as an int.",
                )

    @classmethod
    def named(
        cls,
        name: str,
        *,
        sample_rate: int | None = None,
        channels: int | None = None,
        bit_rate: int | None = None,
    ) -> AudioFormat:
        """The format that a short name such as `"mp3"` or `"pcm16"` stands for.

        Raises:
            UnsupportedFormatError: The name is not one of `OUTPUT_FORMATS`.
        """
        try:
            container, encoding = (_NAMED | _NAMED_FILES)[name]
        except KeyError:
            raise UnsupportedFormatError(
                f"unknown audio format {name!r}",
                format=name,
                fix=f"Use one of {', '.join(OUTPUT_FORMATS)}.",
            ) from None
        return cls(
            container=container,
            encoding=encoding,
            sample_rate=sample_rate,
            channels=channels,
            bit_rate=bit_rate,
        )

    @classmethod
    def pcm(
        cls, *, sample_rate: int, channels: int = 1, sample_format: SampleFormat = "s16"
    ) -> AudioFormat:
        """Raw interleaved little-endian samples.

        Raises:
            UnsupportedFormatError: There is no such sample format, or a count is impossible.
        """
        if sample_format not in SAMPLE_WIDTHS:
            raise UnsupportedFormatError(
                f"unknown sample format {sample_format!r}",
                format=str(sample_format),
                fix=f"Use one of {', '.join(SAMPLE_WIDTHS)}.",
            )
        suffix = "" if SAMPLE_WIDTHS[sample_format] == 1 else "le"
        return cls(
            container="raw",
            encoding=f"pcm_{sample_format}{suffix}",
            sample_rate=sample_rate,
            channels=channels,
        )

    @property
    def name(self) -> str:
        """The short name if one fits, else `container/encoding`."""
        for name, pair in _NAMED.items():
            if pair == (self.container, self.encoding):
                return name
        if self.container == "wav" and self.encoding.startswith("pcm_"):
            return "wav"
        if self.container in ("mp4", "adts") and self.encoding == "aac":
            return "aac"
        return f"{self.container}/{self.encoding}"

    @property
    def is_pcm(self) -> bool:
        """Whether the samples are uncompressed."""
        return self.encoding.startswith("pcm_")

    @property
    def is_lossy(self) -> bool:
        """Whether encoding to this format loses more than rounding does."""
        return not (self.is_pcm or self.encoding in _LOSSLESS)

    @property
    def sample_width(self) -> int | None:
        """Bytes per PCM sample, or `None` for compressed audio."""
        if not self.is_pcm:
            return None
        return SAMPLE_WIDTHS.get(self._sample_type)

    @property
    def sample_format(self) -> SampleFormat:
        """How one PCM sample is stored, byte order aside.

        Raises:
            UnsupportedFormatError: The audio is compressed, or its samples are of no known type.
        """
        name = self._sample_type
        if not self.is_pcm or name not in SAMPLE_WIDTHS:
            raise UnsupportedFormatError(
                f"{self} has no plain samples", format=str(self), fix="Decode it first."
            )
        return cast("SampleFormat", name)

    @property
    def _sample_type(self) -> str:
        return self.encoding.removeprefix("pcm_").removesuffix("le").removesuffix("be")

    @property
    def frame_width(self) -> int | None:
        """Bytes per frame (one sample of every channel), or `None` where that has no meaning."""
        width = self.sample_width
        return None if width is None or self.channels is None else width * self.channels

    @property
    def media_type(self) -> str:
        """The IANA media type (RFC 2586, 3003, 3551, 5334, 9559, 9639)."""
        if self.container == "raw":
            return "audio/L16" if self.encoding == "pcm_s16be" else "audio/pcm"
        return _MEDIA_TYPES[self.container]

    @property
    def extension(self) -> str:
        """The usual file name ending, without the dot."""
        if self.container == "ogg":
            return "opus" if self.encoding == "opus" else "ogg"
        return _EXTENSIONS.get(self.container, self.container)

    def at(self, *, sample_rate: int | None = None, channels: int | None = None) -> AudioFormat:
        """The same encoding at another rate or channel count; `None` keeps what is there."""
        return replace(
            self,
            sample_rate=sample_rate or self.sample_rate,
            channels=channels or self.channels,
        )

    def __str__(self) -> str:
        """For people: `flac 44100 Hz 2 ch`."""
        parts = [self.name]
        if self.sample_rate is not None:
            parts.append(f"{self.sample_rate} Hz")
        if self.channels is not None:
            parts.append(f"{self.channels} ch")
        return " ".join(parts)


_LOSSLESS = ("flac", "alac", "wavpack", "tta", "truehd", "mlp", "wma_lossless")

_NAMED: dict[str, tuple[Container, str]] = {
    "wav": ("wav", "pcm_s16le"),
    "mp3": ("mp3", "mp3"),
    "flac": ("flac", "flac"),
    "opus": ("ogg", "opus"),
    "aac": ("adts", "aac"),
    "pcm16": ("raw", "pcm_s16le"),
    "mulaw": ("wav", "mulaw"),
    "alaw": ("wav", "alaw"),
    "vorbis": ("ogg", "vorbis"),
}

_NAMED_FILES: dict[str, tuple[Container, str]] = {
    "m4a": ("mp4", "aac"),
    "webm": ("matroska", "opus"),
    "caf": ("caf", "pcm_s16be"),
    "aiff": ("aiff", "pcm_s16be"),
    "au": ("au", "pcm_s16be"),
}
"""Names that can be asked for; `AudioFormat.name` says `aac` of M4A, as vendors do."""

_MEDIA_TYPES: dict[str, str] = {
    "wav": "audio/wav", "w64": "audio/x-w64", "aiff": "audio/aiff", "au": "audio/basic",
    "caf": "audio/x-caf", "voc": "audio/x-voc", "flac": "audio/flac", "ogg": "audio/ogg",
    "mp3": "audio/mpeg", "adts": "audio/aac", "mp4": "audio/mp4", "matroska": "audio/webm",
    "asf": "audio/x-ms-wma", "amr": "audio/amr", "ac3": "audio/ac3", "avi": "video/x-msvideo",
    "flv": "video/x-flv", "mpegts": "video/mp2t", "wavpack": "audio/x-wavpack",
    "tta": "audio/x-tta", "sphere": "audio/x-nist",
}  # fmt: skip

_EXTENSIONS: dict[str, str] = {
    "raw": "pcm", "adts": "aac", "mp4": "m4a", "matroska": "webm", "asf": "wma",
    "mpegts": "ts", "wavpack": "wv", "sphere": "sph",
}  # fmt: skip
