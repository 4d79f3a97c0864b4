"""Which engine hears and which one speaks: the first that can work on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ossicle.abc import Capabilities, Requirement
from ossicle.cascade import Recognizer, Synthesizer
from ossicle.errors import ConfigurationError, DependencyMissingError
from ossicle_local.models import (
    HIBARI_NEEDS,
    HIBARI_RATE,
    HIBARI_VOICES,
    MOONSHINE_NEEDS,
    PICO_NEEDS,
    PICO_RATE,
    PICO_VOICES,
    SPHINX_NEEDS,
    assistant_record,
)

Stage = TypeVar("Stage", bound=Recognizer | Synthesizer, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine(Generic[Stage]):
    """One way to hear or to speak.

    Attributes:
        name: By which settings choose it.
        label: What it is, in words.
        needs: Packages that must be there.
        build: Makes the stage; imports what it needs.
        sample_rate: Of what it speaks, in Hz; 0 for one that hears.
        voices: What it can speak with.
    """

    name: str
    label: str
    needs: tuple[Requirement, ...]
    build: Callable[[], Stage]
    sample_rate: int = 0
    voices: tuple[str, ...] = ()

    @property
    def is_installed(self) -> bool:
        """Whether all packages can be found; nothing is imported."""
        return all(need.is_met for need in self.needs)


def _moonshine() -> Recognizer:
    from ossicle_local.recognizer import MoonshineHearer

    return MoonshineHearer()


def _sphinx() -> Recognizer:
    from ossicle_local.sphinx import SphinxHearer

    return SphinxHearer()


def _hibari() -> Synthesizer:
    from ossicle_local.voice import HibariSpeaker

    return HibariSpeaker()


def _pico() -> Synthesizer:
    from ossicle_local.pico import PicoSpeaker

    return PicoSpeaker()


HEARING: tuple[Engine[Recognizer], ...] = (
    Engine(name="moonshine", label="Moonshine tiny-en", needs=MOONSHINE_NEEDS, build=_moonshine),
    Engine(name="pocketsphinx", label="PocketSphinx", needs=SPHINX_NEEDS, build=_sphinx),
)
"""Recognisers, best first."""

SPEAKING: tuple[Engine[Synthesizer], ...] = (
    Engine(
        name="hibari",
        label="hibari",
        needs=HIBARI_NEEDS,
        build=_hibari,
        sample_rate=HIBARI_RATE,
        voices=tuple(HIBARI_VOICES),
    ),
    Engine(
        name="pico",
        label="SVOX Pico",
        needs=PICO_NEEDS,
        build=_pico,
        sample_rate=PICO_RATE,
        voices=tuple(PICO_VOICES),
    ),
)
"""Voices, best first."""


def expected(engines: Sequence[Engine[Stage]]) -> Engine[Stage]:
    """The first engine whose packages are there, else the best one."""
    return next((engine for engine in engines if engine.is_installed), engines[0])


def build_first(
    engines: Sequence[Engine[Stage]], *, wanted: str | None = None
) -> tuple[Engine[Stage], Stage]:
    """Build the first engine that can work here.

    Args:
        engines: Best first.
        wanted: Name of the only one that will do; `None`: any.

    Raises:
        DependencyMissingError: None can work; the error is that of the best one.
        ConfigurationError: There is none of the wanted name.
    """
    candidates = [engine for engine in engines if wanted in (None, engine.name)]
    if not candidates:
        raise ConfigurationError(
            f"there is no local engine {wanted!r}",
            fix=f"Use one of {', '.join(engine.name for engine in engines)}.",
        )
    errors: list[DependencyMissingError] = []
    for engine in candidates:
        try:
            return engine, engine.build()
        except DependencyMissingError as error:
            errors.append(error)
    raise errors[0]


def record_of(hearing: Engine[Recognizer], speaking: Engine[Synthesizer]) -> Capabilities:
    """What the assistant can do with these two."""
    return assistant_record(
        sample_rate=speaking.sample_rate,
        voices=speaking.voices,
        default_voice=speaking.voices[0],
        engines=f"{hearing.label} hears, rules answer, {speaking.label} speaks",
    )
