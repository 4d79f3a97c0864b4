"""What Gemini models can do: dated data (`catalogue.json`), and cautious guesses for the rest.

No model here gives text and audio in one answer: models that do so are only to be had over the
vendor's WebSocket interface (Live API), which this provider does not speak.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ossicle.messages import Task
from ossicle.rest import Catalogue, ModelRecord, assumed_like
from ossicle_gemini.options import PROVIDER

_DEFAULTS: Mapping[Task, str] = {
    "respond": "gemini-3.8-flash",
    "speak": "gemini-3.8-flash-tts",
    "transcribe": "gemini-3.5-transcribe",
}


class GeminiModel(ModelRecord):
    """All that is known of one model.

    Attributes:
        signs_thoughts: Whether its tool calls carry signatures that have to come back.
        style_is_metadata: Whether a speech model takes the style beside the text, and any voice
            id; older ones read a style out of the text.
    """

    signs_thoughts: bool = False
    style_is_metadata: bool = False


def default_models(today: datetime.date | None = None) -> dict[Task, str]:
    """The model of each task when the user names none; a model that has ended gives way."""
    today = today or datetime.datetime.now(tz=datetime.UTC).date()
    chosen: dict[Task, str] = {}
    for task, model in _DEFAULTS.items():
        given = CATALOGUE.known(today)[model].capabilities
        has_ended = given.shutdown is not None and today > given.shutdown
        chosen[task] = (given.successor or model) if has_ended else model
    return chosen


def record_for(model: str, today: datetime.date | None = None) -> GeminiModel:
    """The record of a model, named with or without `models/` before it; see `Catalogue.record`."""
    return CATALOGUE.record(model.removeprefix("models/"), today)


def _assumed(model: str, known: Mapping[str, GeminiModel]) -> GeminiModel:
    """A cautious guess by the kind of name: most refuse less than a wrong guess would."""
    name = model.lower()
    task: Task = "speak" if "tts" in name else "respond"
    task = "transcribe" if "transcribe" in name else task
    base = known[_DEFAULTS[task]].capabilities
    is_old = name.startswith(("gemini-1", "gemini-2", "gemini-3.0", "gemini-3.1"))
    changes: dict[str, Any] = {}
    if task == "speak" and is_old:
        # Older speech models answer in one piece.
        output = base.audio_output
        changes["streaming"] = False
        changes["audio_output"] = output and output.model_copy(update={"streamed": ()})
    return GeminiModel(
        capabilities=assumed_like(base, model, **changes),
        signs_thoughts=task == "respond" and not name.startswith(("gemini-1", "gemini-2")),
        style_is_metadata=task == "speak" and not is_old,
    )


CATALOGUE = Catalogue(
    "ossicle_gemini",
    provider=PROVIDER,
    record=GeminiModel,
    assume=_assumed,
    example="gemini-3.8-flash",
)
