"""What can be set, for all calls or for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ossicle.errors import ConfigurationError

SPEEDS = (5, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class MorseOptions:
    """Settings of the provider.

    Attributes:
        words_per_minute: Speed, by the length of the word PARIS.
    """

    words_per_minute: float = 25.0

    @property
    def unit_s(self) -> float:
        """Length of a dot in seconds.

        Source: ITU-R M.1677-1; PARIS and the space after it are 50 dots.
        """
        return 60.0 / (50.0 * self.words_per_minute)

    def changed(self, given: Mapping[str, Any]) -> MorseOptions:
        """The same with what an application gave.

        Raises:
            ConfigurationError: There is no such option, or its value is impossible.
        """
        for name in given:
            if name != "words_per_minute":
                raise ConfigurationError(
                    f"morse has no option {name!r}", fix="Use words_per_minute."
                )
        speed = given.get("words_per_minute", self.words_per_minute)
        if not isinstance(speed, int | float) or not SPEEDS[0] <= speed <= SPEEDS[1]:
            raise ConfigurationError(
                f"words_per_minute of {speed!r} is impossible",
                fix=f"Give a number from {SPEEDS[0]} to {SPEEDS[1]}.",
            )
        return replace(self, words_per_minute=float(speed))
