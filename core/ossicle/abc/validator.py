"""What the author of a validator implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ossicle.abc.converter import Requirement
from ossicle.audio import AudioFacts
from ossicle.messages import Finding, Task

if TYPE_CHECKING:
    from ossicle.abc.capabilities import Capabilities
    from ossicle.signal.meters import Measurements


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioEvidence:
    """What validators judge: made once, in a single pass, and shared by all of them.

    Attributes:
        facts: Of the encoded clip that would be sent.
        measurements: Of its samples; `None` when the clip passes through undecoded.
    """

    facts: AudioFacts
    measurements: Measurements | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationContext:
    """For whom the audio is judged.

    Attributes:
        task: What it will be used for.
        capabilities: Of the model it would be sent to; `None` outside a call.
    """

    task: Task = "respond"
    capabilities: Capabilities | None = None


class Validator(ABC):
    """Judges audio before anything is sent or paid."""

    name: str
    """Unique among validators; also how users switch it off."""

    @abstractmethod
    def validate(self, evidence: AudioEvidence, context: ValidationContext) -> Iterable[Finding]:
        """What is wrong with the audio; nothing when all is well.

        The framework guarantees: the measurements belong to exactly what would be sent.
        The implementer guarantees: no decoding, no I/O, no state; each finding carries the
        measured and the allowed value, and a fix in words.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorSpec:
    """How a plugin announces a validator.

    Attributes:
        name: The validator's `name`.
        summary: One line for listings.
        factory: Builds it with default thresholds.
        requires: Packages that must be there.
        api_version: Version of this interface that the plugin was written for.
    """

    name: str
    summary: str
    factory: Callable[[], Validator]
    requires: tuple[Requirement, ...] = ()
    api_version: int = 1
