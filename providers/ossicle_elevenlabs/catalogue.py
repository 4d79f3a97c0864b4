"""What the vendor's models can do: dated data (`catalogue.json`), and cautious guesses."""

from __future__ import annotations

from collections.abc import Mapping

from ossicle.messages import Task
from ossicle.rest import Catalogue, ModelRecord, assumed_like
from ossicle_elevenlabs.options import PROVIDER

DEFAULT_MODELS: Mapping[Task, str] = {"speak": "eleven_multilingual_v2", "transcribe": "scribe_v2"}
"""The model of each task when the user names none; none of them answers (`respond`)."""

_SHORTEST_TEXT = 5000
"""The shortest of all texts that a model of this vendor takes."""


class ElevenLabsModel(ModelRecord):
    """All that is known of one model.

    Attributes:
        takes_language: Whether a speech model takes the language.
        takes_context: Whether a speech model takes the text before and after.
        credits_per_character: What the vendor's cost header counts for a character; `None`:
            unknown.
    """

    takes_language: bool = True
    takes_context: bool = True
    credits_per_character: float | None = None


def _assumed(model: str, known: Mapping[str, ElevenLabsModel]) -> ElevenLabsModel:
    """A cautious guess by the kind of name."""
    task: Task = "transcribe" if "scribe" in model.lower() else "speak"
    like = known[DEFAULT_MODELS[task]].capabilities
    allowed = _SHORTEST_TEXT if task == "speak" else None
    return ElevenLabsModel(
        capabilities=assumed_like(like, model, languages=None, max_text_chars=allowed)
    )


CATALOGUE = Catalogue(
    "ossicle_elevenlabs",
    provider=PROVIDER,
    record=ElevenLabsModel,
    assume=_assumed,
    example="eleven_multilingual_v2",
)
