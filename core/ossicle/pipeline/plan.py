"""The plan of a call: what will be done to the audio and why."""

from __future__ import annotations

from typing import Any

from ossicle.audio import AudioFormat
from ossicle.messages import AudioRecord, Estimate, ModalityRow, Step, Task, Value


class ClipPlan(Value):
    """What will be done to one clip.

    Attributes:
        source: As it came in.
        target: As it will be sent.
        is_pass_through: Whether the bytes go on untouched.
        preprocess: Preprocessors that will run, required ones included, in order.
        encoder: Name of the converter that will write the target; `None` when passed through.
        steps: The same in words.
    """

    source: AudioFormat
    target: AudioFormat
    is_pass_through: bool
    preprocess: tuple[str, ...] = ()
    encoder: str | None = None
    steps: tuple[Step, ...]


class OutputPlan(Value):
    """How the answer's audio will come and what will be made of it.

    Attributes:
        native: The format the provider is asked for.
        delivered: The format the caller gets; without a sample rate where it is the provider's.
        steps: What lies between, in words.
    """

    native: AudioFormat
    delivered: AudioFormat
    steps: tuple[Step, ...]


class Plan(Value):
    """What a call would do.

    Attributes:
        provider: Who will be asked.
        model: Which model.
        task: What kind of call.
        row: The row of the modality matrix.
        voice: Name of the voice, or `None`.
        streams_upstream: Whether the provider is asked to stream.
        clips: One plan per clip, in order of the messages.
        output: Of the answer's audio, or `None` without audio.
        estimate: As far as the headers tell; exact after preparation.
        notes: What the caller should know.
    """

    provider: str
    model: str
    task: Task
    row: ModalityRow
    voice: str | None
    streams_upstream: bool
    clips: tuple[ClipPlan, ...]
    output: OutputPlan | None
    estimate: Estimate | None = None
    notes: tuple[str, ...] = ()

    def rows(self) -> list[tuple[str, str]]:
        """The plan as pairs of label and text, for tables."""
        rows = [("call", f"{self.task} by {self.provider}:{self.model}"), ("matrix", str(self.row))]
        for number, clip in enumerate(self.clips, start=1):
            label = "audio in" if len(self.clips) == 1 else f"audio in {number}"
            rows.append((label, f"{clip.source} → {clip.target}"))
            rows += _step_rows(clip.steps)
        if self.output is not None:
            rows.append(("audio out", f"{self.output.native} → {self.output.delivered}"))
            rows += _step_rows(self.output.steps)
        if self.voice is not None:
            rows.append(("voice", self.voice))
        if self.estimate is not None and self.estimate.input_tokens is not None:
            audio = self.estimate.input_audio_tokens or 0
            rows.append(("estimate", f"{self.estimate.input_tokens} tokens in, {audio} audio"))
        return rows + [("note", note) for note in self.notes]

    def __str__(self) -> str:
        """The plan as plain aligned lines."""
        rows = self.rows()
        width = max(len(label) for label, _ in rows)
        return "\n".join(f"{label:<{width}}  {text}" for label, text in rows)

    def summary(self) -> dict[str, Any]:
        """The plan as plain JSON data."""
        return self.model_dump(mode="json", exclude_none=True)


class Explanation(Value):
    """What a call would do, found out without sending anything.

    Attributes:
        plan: What is done to the audio and why.
        inputs: What became of each clip.
        estimate: Tokens and money.
        would_send: Whether it would be sent; `False` when a validator refuses it.
    """

    plan: Plan
    inputs: tuple[AudioRecord, ...] = ()
    estimate: Estimate
    would_send: bool


def _step_rows(steps: tuple[Step, ...]) -> list[tuple[str, str]]:
    return [
        (f"  {step.action}", f"{step.detail} - {step.reason}" if step.detail else step.reason)
        for step in steps
    ]
