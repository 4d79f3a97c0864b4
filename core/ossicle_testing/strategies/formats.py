"""Audio formats: any that can be named, plain samples, and what something installed writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from hypothesis import strategies as st

from ossicle.abc import CodecRule, ConverterSpec
from ossicle.audio import SAMPLE_WIDTHS, AudioFormat, Container
from ossicle.plugins import default_host, missing
from ossicle_testing.short_repr import ShortRepr
from ossicle_testing.strategies.signals import RATES

_ENCODINGS = (
    "pcm_s16le", "pcm_s24be", "pcm_u8", "pcm_f32le", "mulaw", "alaw", "ima_adpcm", "flac", "alac",
    "mp3", "aac", "opus", "vorbis", "amr_nb", "ac3", "wma", "unknown",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Writer(ShortRepr):
    """A converter and one of its rules.

    Attributes:
        converter: Who writes.
        rule: What.
        encoding: Which encoding of the rule.
    """

    converter: ConverterSpec
    rule: CodecRule
    encoding: str

    def target(self, *, sample_rate: int, channels: int) -> AudioFormat:
        """The format it writes at this rate and with these channels."""
        return AudioFormat(
            container=self.rule.container,  # type: ignore[arg-type]  # checked by AudioFormat
            encoding=self.encoding,
            sample_rate=sample_rate,
            channels=channels,
        )

    def __repr__(self) -> str:
        """Short, for what Hypothesis prints: `soundfile:ogg/opus`."""
        return f"{self.converter.name}:{self.rule.container}/{self.encoding}"


def installed_writers(specs: Iterable[ConverterSpec] | None = None) -> tuple[Writer, ...]:
    """Everything that converters write here, by their own word; the cheapest first.

    Args:
        specs: Of the converters; `None` takes those that are installed and complete.
    """
    if specs is None:
        specs = (spec for spec in default_host().converters() if not missing(spec.requires))
    found = (
        Writer(converter=spec, rule=rule, encoding=encoding)
        for spec in specs
        for rule in spec.writes
        for encoding in rule.encodings or ()
    )
    return tuple(sorted(found, key=lambda writer: (writer.rule.cost, writer.rule.container)))


def audio_formats() -> st.SearchStrategy[AudioFormat]:
    """Any value that `AudioFormat` takes, sensible or not."""
    return st.builds(
        AudioFormat,
        container=st.sampled_from(sorted(get_args(Container))),
        encoding=st.sampled_from(_ENCODINGS),
        sample_rate=st.none() | st.sampled_from(RATES) | st.integers(1, 768_000),
        channels=st.none() | st.integers(1, 64),
        bit_rate=st.none() | st.sampled_from((16_000, 64_000, 320_000)),
    )


def pcm_formats(*, max_channels: int = 8) -> st.SearchStrategy[AudioFormat]:
    """Formats of raw little-endian samples, with rate and channels."""
    return st.builds(
        AudioFormat.pcm,
        sample_rate=st.sampled_from(RATES),
        channels=st.integers(1, max_channels),
        sample_format=st.sampled_from(("s16", *sorted(set(SAMPLE_WIDTHS) - {"s16"}))),
    )
