"""The base of every value that crosses a wire or a disk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

_SAID = frozenset(
    {
        "arguments", "content", "description", "document", "heard", "instructions", "refusal",
        "text", "transcript",
    }
)  # fmt: skip
"""Names of fields that hold what somebody said or wrote: their length is shown, never they."""


class Value(BaseModel):
    """A frozen, keyword-only record that refuses unknown fields and is stable in JSON.

    What is wrong with a field is said without its content, which may be a prompt or a transcript;
    nor does `repr` show any.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_inf_nan="strings", hide_input_in_errors=True
    )

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Names and values, with the length of what was said instead of the words."""
        for name, value in super().__repr_args__():
            is_said = name in _SAID and isinstance(value, str)
            yield name, _Characters(len(value)) if is_said else value


class _Characters(int):
    def __repr__(self) -> str:
        return f"<{int(self)} characters>"
