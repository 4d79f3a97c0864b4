"""What the author of a format converter implements."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from ossicle.audio import AudioClip, AudioFormat, BlockStream


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecRule:
    """A format that a converter reads or writes.

    Attributes:
        container: Such as `ogg`.
        encodings: Such as `opus`; `None` means any in this container.
        cost: CPU milliseconds per minute of 24 kHz mono audio, measured roughly; decides between
            converters.
        sample_rates: When writing: the rates the encoder takes; `None` means any.
        max_channels: When writing: most channels the encoder takes; `None` means any.
        is_incremental: When writing: whether bytes come out while blocks go in, also into a sink
            that cannot seek.
    """

    container: str
    encodings: tuple[str, ...] | None = None
    cost: float = 100.0
    sample_rates: tuple[int, ...] | None = None
    max_channels: int | None = None
    is_incremental: bool = False

    def covers(self, form: AudioFormat) -> bool:
        """Whether the container and encoding are this rule's."""
        return form.container == self.container and (
            self.encodings is None or form.encoding in self.encodings
        )


class FormatConverter(ABC):
    """Turns encoded audio into samples and back, in constant memory."""

    @abstractmethod
    def decode(self, clip: AudioClip) -> BlockStream:
        """The samples of a clip, as blocks.

        The framework guarantees: the format is one of the declared `reads`; header and metadata
        passed the intake's gate; what comes out is counted and cut off at the limits.
        The implementer guarantees: blocks are float32 `(frames, channels)`, full scale ±1.0, in
        memory that does not grow with the length; encoder delay and padding are removed where the
        format tells them; nothing is allocated by what a header claims; no name of the clip
        reaches a native library, and nothing else is opened or fetched; closing early frees all.

        Raises:
            MalformedAudioError: The bytes do not decode.
            UnsupportedFormatError: A variant that this converter does not know.
            DependencyMissingError: The library it stands on is not there.
        """

    @abstractmethod
    def encode(self, stream: BlockStream, target: AudioFormat, sink: BinaryIO) -> None:
        """Write all blocks of a stream to a sink in the target's format.

        The framework guarantees: the target is one of the declared `writes`; the stream has the
        target's sample rate and channels; the sink is writable, and seekable unless the rule says
        `is_incremental`.
        The implementer guarantees: constant memory; samples are rounded, not truncated, and
        clipped, not wrapped; what is written decodes to exactly as many frames as went in where
        the format can say so; the sink is left open.

        Raises:
            UnsupportedFormatError: A target that this converter cannot write after all.
            DependencyMissingError: The library it stands on is not there.
        """

    def convert(self, clip: AudioClip, target: AudioFormat, sink: BinaryIO) -> None:
        """Decode and encode; overridden where a converter knows a shorter way."""
        with self.decode(clip) as stream:
            self.encode(stream, target, sink)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConverterSpec:
    """How a plugin announces a converter, without importing what it stands on.

    Attributes:
        name: Unique among converters.
        summary: One line for listings.
        factory: Builds the converter.
        reads: What it decodes.
        writes: What it encodes.
        requires: Packages that must be there.
        api_version: Version of this interface that the plugin was written for.
    """

    name: str
    summary: str
    factory: Callable[[], FormatConverter]
    reads: tuple[CodecRule, ...] = ()
    writes: tuple[CodecRule, ...] = ()
    requires: tuple[Requirement, ...] = ()
    api_version: int = 1

    def reading(self, form: AudioFormat) -> CodecRule | None:
        """The rule by which it decodes this format, or `None`."""
        return next((rule for rule in self.reads if rule.covers(form)), None)

    def writing(self, form: AudioFormat) -> CodecRule | None:
        """The rule by which it encodes this format, or `None`."""
        return next((rule for rule in self.writes if rule.covers(form)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """An optional package.

    Attributes:
        package: Import name of its top-level package.
        extra: The extra that brings it, or `None`.
        brings: What it adds, in words, for `ossicle doctor`.
        install: The command that installs it; `None` derives it from `extra`.
    """

    package: str
    extra: str | None = None
    brings: str = ""
    install: str | None = None

    @property
    def is_met(self) -> bool:
        """Whether the package can be found; it is not imported."""
        return importlib.util.find_spec(self.package) is not None

    @property
    def fix(self) -> str:
        """The command that installs it."""
        if self.install is not None:
            return self.install
        return (
            f'pip install "ossicle[{self.extra}]"' if self.extra else f"pip install {self.package}"
        )
