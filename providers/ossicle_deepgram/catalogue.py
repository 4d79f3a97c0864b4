"""What the vendor's models can do: dated data (`catalogue.json`), and cautious guesses."""

from __future__ import annotations

from collections.abc import Mapping

from ossicle.messages import Task
from ossicle.rest import Catalogue, ModelRecord, assumed_like
from ossicle_deepgram.options import PROVIDER

DEFAULT_MODELS: Mapping[Task, str] = {"transcribe": "nova-3", "speak": "aura-2-thalia-en"}
"""The model of each task when the user names none; a model that speaks is a voice."""


def _assumed(model: str, known: Mapping[str, ModelRecord]) -> ModelRecord:
    """A cautious guess by the kind of name."""
    task: Task = "speak" if model.lower().startswith("aura") else "transcribe"
    like = known[DEFAULT_MODELS[task]].capabilities
    return ModelRecord(capabilities=assumed_like(like, model, languages=None))


CATALOGUE = Catalogue(
    "ossicle_deepgram",
    provider=PROVIDER,
    record=ModelRecord,
    assume=_assumed,
    example="nova-3",
)
