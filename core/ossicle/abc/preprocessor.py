"""What the author of a preprocessor implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ossicle.abc.converter import Requirement

if TYPE_CHECKING:
    from ossicle.audio.pcm import Samples
    from ossicle.signal.meters import Measurements


class BlockTransform(ABC):
    """A stateful transform of one stream: blocks in, blocks out, exact at any block split.

    Attributes:
        sample_rate: Of what comes out, in Hz.
        channels: Of what comes out.
        latency_frames: How many output frames are held back until `finish`, at most.
    """

    sample_rate: int
    channels: int
    latency_frames: int = 0

    @abstractmethod
    def process(self, block: Samples) -> Samples:
        """Take a block of any length, also 0, and return what is ready, possibly nothing.

        The implementer guarantees: the input is not written to; the concatenated output does not
        depend on how the input was cut.
        """

    @abstractmethod
    def finish(self) -> Samples:
        """Return what was held back; called once, after the last block."""

    def effect(self) -> Mapping[str, float]:
        """What it measurably did, after `finish`, by name with unit.

        What comes out is `trimmed_s` shorter and `padded_s` longer than what went in; further names
        such as `gain_db` are free.
        """
        return {}


class Preprocessor(ABC):
    """Makes transforms, one per stream."""

    name: str
    """Unique among preprocessors; also how users name it in settings."""

    needs_measurements: bool = False
    """Whether the whole stream must be measured before the first block can be transformed."""

    @abstractmethod
    def start(
        self, *, sample_rate: int, channels: int, measurements: Measurements | None = None
    ) -> BlockTransform:
        """A fresh transform for a stream of this shape.

        The framework guarantees: `measurements` belong to this very stream when
        `needs_measurements` is set, and may be `None` otherwise.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class PreprocessorSpec:
    """How a plugin announces a preprocessor.

    Attributes:
        name: The preprocessor's `name`.
        summary: One line for listings.
        factory: Builds it with default settings.
        requires: Packages that must be there.
        api_version: Version of this interface that the plugin was written for.
    """

    name: str
    summary: str
    factory: Callable[[], Preprocessor]
    requires: tuple[Requirement, ...] = ()
    api_version: int = 1
