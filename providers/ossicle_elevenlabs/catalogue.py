"""What the vendor's models can do: dated data (`catalogue.json`), and cautious guesses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from pydantic import TypeAdapter

from ossicle.abc import Capabilities
from ossicle.errors import UnknownModelError
from ossicle.messages import SPEAK, TRANSCRIBE, ModalityRow, Task, Value
from ossicle_elevenlabs.options import PROVIDER

DEFAULT_MODELS: Mapping[Task, str] = {"speak": "eleven_multilingual_v2", "transcribe": "scribe_v2"}
"""The model of each task when the user names none; it answers nobody (`respond`)."""

_ROWS: Mapping[Task, tuple[ModalityRow, ...]] = {"speak": (SPEAK,), "transcribe": (TRANSCRIBE,)}
_CAPABILITIES = TypeAdapter(Capabilities)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


class ModelRecord(Value):
    """All that is known of one model.

    Attributes:
        capabilities: What the core asks for.
        takes_language: Whether a speech model can be told the language.
        takes_context: Whether a speech model takes the text before and after.
        credits_per_character: What the vendor's cost header counts for a character; `None`:
            unknown.
    """

    capabilities: Capabilities
    takes_language: bool = True
    takes_context: bool = True
    credits_per_character: float | None = None


def all_capabilities() -> list[Capabilities]:
    """Every model that is described."""
    return [record.capabilities for record in _known().values()]


def record_for(model: str) -> ModelRecord:
    """What this model can do; an assumption where nobody described it.

    Raises:
        UnknownModelError: The name cannot be one.
    """
    if not _NAME.fullmatch(model):
        raise UnknownModelError(
            "the name of the model holds characters that no name has",
            fix="Give a name such as 'eleven_multilingual_v2' or 'scribe_v2'.",
        )
    return _known().get(model) or _assumed(model)


@lru_cache(maxsize=1)
def _known() -> Mapping[str, ModelRecord]:
    text = resources.files("ossicle_elevenlabs").joinpath("catalogue.json").read_text("utf-8")
    data = json.loads(text)
    found: dict[str, ModelRecord] = {}
    for entry in data["models"]:
        merged = {"as_of": data["as_of"], **data["templates"][entry["like"]], **entry}
        found[entry["model"]] = _record(merged)
    return found


def _record(entry: Mapping[str, Any]) -> ModelRecord:
    fields = {name: value for name, value in entry.items() if name != "like"}
    own = {name: fields.pop(name) for name in tuple(fields) if name in _OWN}
    task: Task = fields.pop("task")
    fields["rows"] = {task: _ROWS[task]}
    # Dates and decimals are text in JSON.
    capabilities = _CAPABILITIES.validate_python({"provider": PROVIDER, **fields})
    return ModelRecord(capabilities=capabilities, **own)


_OWN = frozenset({"takes_language", "takes_context", "credits_per_character"})


def _assumed(model: str) -> ModelRecord:
    """A cautious guess by the kind of name."""
    task: Task = "transcribe" if "scribe" in model.lower() else "speak"
    like = _known()[DEFAULT_MODELS[task]]
    return ModelRecord(
        capabilities=like.capabilities.model_copy(
            update={
                "model": model,
                "languages": None,
                # The shortest of all texts that a model of this vendor takes.
                "max_text_chars": 5000 if task == "speak" else None,
                "prices": None,
                "is_assumed": True,
                "source": f"assumed from the name, after {like.capabilities.model}",
            }
        )
    )
