"""How drawn values are printed: in one line, with what is not as usual."""

from __future__ import annotations

from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any


class ShortRepr:
    """For dataclasses (with `repr=False`) that people read in a report of Hypothesis.

    Fields that hold their default are left out; what is printed can be typed in again.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """The class and the fields that are not as usual."""
        shown = []
        for one in fields(self):  # type: ignore[arg-type]
            value = getattr(self, one.name)
            if one.default is MISSING or value != one.default:
                plain = value.value if isinstance(value, StrEnum) else value
                shown.append(f"{one.name}={plain!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The same for Hypothesis, which would print every field of every part otherwise."""
        printer.text(repr(self))
