"""The base of every value that crosses a wire or a disk."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen, keyword-only record that refuses unknown fields and is stable in JSON.

    What is wrong with a field is said without its content, which may be a prompt or a transcript.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_inf_nan="strings", hide_input_in_errors=True
    )
