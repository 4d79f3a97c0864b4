"""What a plugin needs that may not be there, said without importing it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass


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
