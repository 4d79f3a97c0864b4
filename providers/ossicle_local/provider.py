"""Puts the local assistant together."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from pydantic import ValidationError

from ossicle.abc import ProviderSettings
from ossicle.cascade import CascadeProvider, LanguageModel
from ossicle.errors import ConfigurationError
from ossicle.messages import Value
from ossicle_local.brain import RuleBrain
from ossicle_local.engines import HEARING, SPEAKING, build_first, record_of


class LocalOptions(Value):
    """Settings of the local provider.

    Attributes:
        hearing: `moonshine` or `pocketsphinx`; `None`: the best that is installed.
        speaking: `hibari` or `pico`; `None`: the best that is installed.
    """

    hearing: str | None = None
    speaking: str | None = None


def build_local(settings: ProviderSettings) -> CascadeProvider:
    """The local assistant; models are loaded when first used.

    Raises:
        ConfigurationError: An option is unknown.
        DependencyMissingError: Nothing that is installed can hear, or speak.
    """
    try:
        options = LocalOptions.model_validate(dict(settings.options))
    except ValidationError as error:
        names = ", ".join(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
        raise ConfigurationError(
            f"settings of the local provider are wrong at: {names}",
            fix="It knows: hearing, speaking.",
        ) from error
    return local_assistant(hearing=options.hearing, speaking=options.speaking)


def local_assistant(
    *,
    language_model: LanguageModel | None = None,
    hearing: str | None = None,
    speaking: str | None = None,
    now: Callable[[], datetime.datetime] = datetime.datetime.now,
) -> CascadeProvider:
    """The local ears and voice around any brain.

    Args:
        language_model: Who answers; `None`: the rules.
        hearing: Name of a recogniser; `None`: the best that is installed.
        speaking: Name of a voice engine; `None`: the best that is installed.
        now: The clock of the rules.

    Raises:
        ConfigurationError: There is no engine of that name.
        DependencyMissingError: Nothing that is installed can hear, or speak.
    """
    ears, recognizer = build_first(HEARING, wanted=hearing)
    mouth, synthesizer = build_first(SPEAKING, wanted=speaking)
    return CascadeProvider(
        recognizer=recognizer,
        language_model=RuleBrain(now=now) if language_model is None else language_model,
        synthesizer=synthesizer,
        capabilities=record_of(ears, mouth),
    )
