"""What Gemini models can do: dated data (`catalogue.json`), and cautious guesses for the rest.

No model here gives text and audio in one answer: models that do so are only to be had over the
vendor's WebSocket interface (Live API), which this provider does not speak.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from pydantic import TypeAdapter

from ossicle.abc import Capabilities
from ossicle.errors import UnknownModelError
from ossicle.messages import (
    AUDIO_TO_TEXT,
    MIXED_TO_TEXT,
    SPEAK,
    TEXT_TO_TEXT,
    TRANSCRIBE,
    ModalityRow,
    Task,
    Value,
)
from ossicle_gemini.options import PROVIDER

_DEFAULTS: Mapping[Task, str] = {
    "respond": "gemini-3.8-flash",
    "speak": "gemini-3.8-flash-tts",
    "transcribe": "gemini-3.5-transcribe",
}
_ROWS: Mapping[str, ModalityRow] = {
    row.name: row for row in (AUDIO_TO_TEXT, MIXED_TO_TEXT, TEXT_TO_TEXT, SPEAK, TRANSCRIBE)
}
_CAPABILITIES = TypeAdapter(Capabilities)


class ModelRecord(Value):
    """All that is known of one model.

    Attributes:
        capabilities: What the core asks for.
        signs_thoughts: Whether its tool calls carry signatures that have to come back.
        style_is_metadata: Whether a speech model takes the style beside the text, and any voice
            id; older ones read a style out of the text.
    """

    capabilities: Capabilities
    signs_thoughts: bool = False
    style_is_metadata: bool = False


def default_models(today: datetime.date) -> dict[Task, str]:
    """The model of each task when the user names none; a model that has ended gives way."""
    known = _known(today)
    chosen: dict[Task, str] = {}
    for task, model in _DEFAULTS.items():
        given = known[model].capabilities
        has_ended = given.shutdown is not None and today > given.shutdown
        chosen[task] = (given.successor or model) if has_ended else model
    return chosen


def all_capabilities(today: datetime.date) -> list[Capabilities]:
    """Every model that is described, with the prices of this day."""
    return [record.capabilities for record in _known(today).values()]


def record_for(model: str, today: datetime.date) -> ModelRecord:
    """What this model can do; an assumption where nobody described it.

    Args:
        model: The vendor's name, with or without `models/` before it.
        today: Decides which prices hold.

    Raises:
        UnknownModelError: The name cannot be one.
    """
    name = model.removeprefix("models/")
    if not name or any(char in "/:?#%\\" or char.isspace() for char in name):
        raise UnknownModelError(
            "the name of the model holds characters that no name has",
            fix="Give a name such as 'gemini-3.8-flash'.",
        )
    known = _known(today)
    record = known.get(name)
    return record if record is not None else _assumed(name, known)


@lru_cache(maxsize=4)
def _known(today: datetime.date) -> Mapping[str, ModelRecord]:
    text = resources.files("ossicle_gemini").joinpath("catalogue.json").read_text("utf-8")
    data = json.loads(text)
    found: dict[str, ModelRecord] = {}
    for entry in data["models"]:
        merged = {"as_of": data["as_of"], **data["templates"][entry["like"]], **entry}
        found[entry["model"]] = _record(merged, today)
    return found


def _record(entry: Mapping[str, Any], today: datetime.date) -> ModelRecord:
    fields = {name: value for name, value in entry.items() if name != "like"}
    own = {name: fields.pop(name, False) for name in ("signs_thoughts", "style_is_metadata")}
    changes = sorted(fields.pop("prices_from", {}).items())
    for day, prices in changes:
        if datetime.date.fromisoformat(day) <= today:
            fields["prices"] = prices
    fields["rows"] = {
        task: tuple(_ROWS[name] for name in names) for task, names in fields["rows"].items()
    }
    # Dates and decimals are text in JSON.
    capabilities = _CAPABILITIES.validate_python({"provider": PROVIDER, **fields})
    return ModelRecord(capabilities=capabilities, **own)


def _assumed(model: str, known: Mapping[str, ModelRecord]) -> ModelRecord:
    """A cautious guess by the kind of name: most refuse less than a wrong guess would."""
    name = model.lower()
    if "transcribe" in name:
        task: Task = "transcribe"
    else:
        task = "speak" if "tts" in name else "respond"
    base = known[_DEFAULTS[task]]
    is_old = name.startswith(("gemini-1", "gemini-2", "gemini-3.0", "gemini-3.1"))
    cautious: dict[str, Any] = {
        "model": model,
        "prices": None,
        "shutdown": None,
        "successor": None,
        "context_tokens": None,
        "max_output_tokens": None,
        "audio_tokens_per_s_in": None,
        "audio_tokens_per_s_out": None,
        "is_assumed": True,
        "source": f"assumed from the name, after {base.capabilities.model}",
    }
    if task == "speak" and is_old:
        # Older speech models answer in one piece.
        output = base.capabilities.audio_output
        cautious |= {
            "streaming": False,
            "audio_output": output and output.model_copy(update={"streamed": ()}),
        }
    return ModelRecord(
        capabilities=base.capabilities.model_copy(update=cautious),
        signs_thoughts=task == "respond" and not name.startswith(("gemini-1", "gemini-2")),
        style_is_metadata=task == "speak" and not is_old,
    )
