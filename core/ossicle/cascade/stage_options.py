"""Which of a request's settings reach which stage; what no stage can take is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from ossicle.cascade.stages import LanguageModel, PerRequest, Recognizer, Synthesizer
from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import Request, Task

Stage = TypeVar("Stage")

_SAMPLING = ("temperature", "seed")
_OF_A_SINGLE_STAGE = (*_SAMPLING, "instructions", "max_output_tokens")
_STAGES: dict[Task, str] = {
    "respond": "language_model",
    "speak": "synthesizer",
    "transcribe": "recognizer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOptions:
    """The stages of a cascade, as given or as they work for one request."""

    recognizer: Recognizer | None = None
    language_model: LanguageModel | None = None
    synthesizer: Synthesizer | None = None

    def for_request(self, request: Request) -> StageOptions:
        """The stages for one request, each with those of its settings that are its own.

        Temperature and seed are the language model's, or of the one stage that a task is about. The
        language is that of the speech: it goes to who hears, and to who speaks where there is
        nothing to hear.

        Raises:
            UnsupportedFeatureError: The stage takes no settings of requests, or not these.
        """
        name = _STAGES[request.task]
        stage = getattr(self, name)
        if stage is not None and not isinstance(stage, PerRequest):
            settings = _SAMPLING if request.task == "respond" else _OF_A_SINGLE_STAGE
            for setting in settings:
                if getattr(request, setting) not in (None, ""):
                    raise UnsupportedFeatureError(
                        f"the {name} of this cascade takes no {setting}",
                        feature=setting,
                        fix=f"Leave it out, or let a model that takes it be the {name}.",
                    )
        return StageOptions(
            recognizer=_bound(self.recognizer, request),
            language_model=_bound(self.language_model, request),
            synthesizer=_bound(self.synthesizer, request),
        )


def _bound(stage: Stage, request: Request) -> Stage:
    return stage.for_request(request) if isinstance(stage, PerRequest) else stage
