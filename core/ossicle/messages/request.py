"""What reaches a provider: ready to send, nothing left to validate but what only it can know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_serializer

from ossicle.audio import AudioFormat
from ossicle.messages.parts import Message, Modality, Task, ToolCallPart, ToolResultPart
from ossicle.messages.tools import Tool, ToolChoice
from ossicle.messages.value import Value


class Request(Value):
    """One call to one model.

    Attributes:
        task: What kind of call it is.
        model: The provider's own name of the model.
        messages: History first, the newest message last. For `speak` one user message of text;
            for `transcribe` one user message of audio.
        instructions: How to behave; a system message in most dialects. `None`: not asked for.
        output: What the answer is made of.
        voice: Name of the voice, or `None` for the provider's default.
        output_format: The format in which the provider shall give the audio: one that its
            capabilities name for this way of delivery. `None` when no audio is asked for.
        stream: Whether the answer shall come in pieces.
        tools: What the model may call.
        tool_choice: `None` leaves the vendor's default.
        language: BCP 47 tag of the speech, where the task can use it; `None`: detect.
        max_output_tokens: Upper bound of the answer; `None` leaves the vendor's.
        temperature: Sampling temperature; `None` leaves the vendor's.
        seed: For repeatable sampling, where the vendor has it.
        provider_options: This provider's own extras, as given by the application; the provider
            validates them.
        deadline: Moment by `anyio.current_time()` after which no answer is of use; `None`: never.
    """

    task: Task
    model: str
    messages: tuple[Message, ...] = Field(min_length=1)
    instructions: str | None = None
    output: frozenset[Modality] = frozenset({"text"})
    voice: str | None = None
    output_format: AudioFormat | None = None
    stream: bool = False
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    language: str | None = None
    max_output_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = None
    seed: int | None = None
    provider_options: Mapping[str, Any] = Field(default_factory=dict)
    deadline: float | None = None

    @property
    def inputs(self) -> frozenset[Modality]:
        """What the newest message holds."""
        return self.messages[-1].modalities

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything in words: what must not stand in an error, whoever quotes it."""
        found = [] if self.instructions is None else [self.instructions]
        for message in self.messages:
            found.append(message.text)
            for part in message.parts:
                if isinstance(part, ToolCallPart):
                    found.append(part.call.arguments)
                elif isinstance(part, ToolResultPart):
                    found.append(part.content)
        return tuple(text for text in found if text)

    @field_serializer("output")
    def _sorted(self, value: frozenset[Modality]) -> list[Modality]:
        return sorted(value)
