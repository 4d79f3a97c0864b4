"""What is known of a plugin before and after it was loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PluginState = Literal["ready", "limited", "blocked", "broken"]
"""`ready`: works. `limited`: loaded, but something it stands on is missing. `blocked`: a third
party's, not allowed by the application. `broken`: could not be loaded or registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginListing:
    """One line of `ossicle plugins`.

    Attributes:
        name: Name of the entry point, or of the object that the application registered.
        distribution: The installed distribution it comes from, or `None`.
        version: Of the distribution.
        module: Where its hooks live.
        is_first_party: Whether it ships with ossicle.
        state: Whether it works here.
        reason: Why it does not.
        fix: What would help.
        provides: What it announced, such as `provider echo`.
    """

    name: str
    module: str
    distribution: str | None = None
    version: str | None = None
    is_first_party: bool = False
    state: PluginState = "ready"
    reason: str | None = None
    fix: str | None = None
    provides: tuple[str, ...] = ()
