"""What an application asks for, before anything is known of whom it will be sent to."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import Field, ValidationError, field_validator

from ossicle.errors import ConfigurationError
from ossicle.messages import Message, Modality, Task, Tool, ToolChoice, Value
from ossicle.pipeline.options import CallOptions, CommonOptions

OUTPUTS: frozenset[Modality] = frozenset({"text", "audio"})


class CallRequest(Value):
    """A call as the caller means it; the plan turns it into a `Request`.

    Attributes:
        task: What kind of call.
        messages: History first, the newest message last; clips in any format.
        instructions: How the model must behave.
        output: What the answer must be made of.
        voice: Name of the voice, or `None` for the model's default.
        output_format: Short name of the format the caller wants the audio in, or `None` for WAV
            (whole answers) or the model's own raw samples (streams).
        stream: Whether the caller wants the answer in pieces.
        tools: What the model may call.
        tool_choice: `None` leaves the vendor's default.
        language: BCP 47 tag, or `None`.
        max_output_tokens: Upper bound of the answer.
        temperature: Sampling temperature.
        seed: For repeatable sampling.
        provider_options: By provider name.
        vendor_skew_s: Seconds by which the vendor's clock is ahead of ours, for the life of audio
            ids; `None`: not known.
    """

    task: Task = "respond"
    messages: tuple[Message, ...]
    instructions: str | None = None
    output: frozenset[Modality]
    voice: str | None = None
    output_format: str | None = None
    stream: bool = False
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    language: str | None = None
    max_output_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = None
    seed: int | None = None
    provider_options: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    vendor_skew_s: float | None = None

    @field_validator("instructions")
    @classmethod
    def _is_encodable(cls, value: str | None) -> str | None:
        if value is not None and not is_encodable(value):
            raise ValueError("half of a surrogate pair is no character")
        return value

    @property
    def newest_inputs(self) -> frozenset[Modality]:
        """What the newest user message holds."""
        for message in reversed(self.messages):
            if message.role == "user":
                return message.modalities
        return frozenset()

    @property
    def all_inputs(self) -> frozenset[Modality]:
        """What all user messages hold together."""
        found: frozenset[Modality] = frozenset()
        for message in self.messages:
            if message.role == "user":
                found |= message.modalities
        return found


def request_of(
    task: Task, messages: tuple[Message, ...], options: CallOptions, *, stream: bool = False
) -> CallRequest:
    """The request of a call, from the options that a method was given.

    Args:
        task: What kind of call.
        messages: History first, the newest message last.
        options: Those that were given; what is unset has its default.
        stream: Whether the caller wants the answer in pieces.

    Raises:
        ConfigurationError: An option is wrong; its content, which may be a prompt, is not told.
    """
    try:
        return CallRequest(
            task=task,
            messages=messages,
            stream=stream,
            instructions=options.get("instructions"),
            output=outputs_of(task, options["output"]) if "output" in options else outputs_of(task),
            voice=options.get("voice"),
            output_format=options.get("output_format"),
            tools=tuple(options.get("tools") or ()),
            tool_choice=options.get("tool_choice"),
            language=options.get("language"),
            max_output_tokens=options.get("max_output_tokens"),
            temperature=options.get("temperature"),
            seed=options.get("seed"),
            provider_options=options.get("provider_options") or {},
        )
    except ValidationError as error:
        raise _wrong_argument(error) from None  # its text may hold what was said


def as_call_options(options: CommonOptions) -> CallOptions:
    """The options of any call as those of all calls, of which they are a part."""
    return cast("CallOptions", {**options})


def check_names(method: str, given: Mapping[str, object], options: type) -> None:
    """Refuse names that are no options of a method.

    Raises:
        TypeError: As Python raises it for any method, with the name that was meant.
    """
    known = options.__annotations__  # with those it inherits
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, [*known], n=1)
            meant = f". Did you mean {close[0]!r}?" if close else ""
            raise TypeError(f"{method}() got an unexpected keyword argument {name!r}{meant}")


def checked_seconds(timeout_s: float) -> float:
    """The total time of a call, if there is any.

    Raises:
        ConfigurationError: It is no number above 0.
    """
    if not isinstance(timeout_s, int | float) or not timeout_s > 0:
        raise ConfigurationError(
            f"timeout_s of {timeout_s!r} leaves no time", fix="Give a number of seconds above 0."
        )
    return timeout_s


def outputs_of(task: Task, output: Modality | Iterable[Modality] = OUTPUTS) -> frozenset[Modality]:
    """What an answer must be made of; fixed for `speak` and `transcribe`.

    Raises:
        ConfigurationError: Something other than text and audio is asked for.
    """
    if task != "respond":
        return frozenset({"audio"}) if task == "speak" else frozenset({"text"})
    wanted = [output] if isinstance(output, str) or not isinstance(output, Iterable) else [*output]
    found: frozenset[Modality] = frozenset(name for name in OUTPUTS if name in wanted)
    if not found or any(one not in OUTPUTS for one in map(str, wanted)):
        raise ConfigurationError(
            f"output of {output!r} is impossible",
            fix="Ask for {'text'}, {'audio'} or {'text', 'audio'}.",
        )
    return found


def is_encodable(text: str) -> bool:
    """Whether a text can go to a wire or a disk: no half of a surrogate pair is in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong_argument(error: ValidationError) -> ConfigurationError:
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    # What is no identifier is an index, or pydantic's name for a member of a union.
    name, *inside = (str(part) for part in first["loc"] if str(part).isidentifier())
    where = "history" if name == "messages" else ".".join((name, *inside))
    return ConfigurationError(
        f"argument {where} is wrong: {first['msg'].lower()}",
        fix="See the arguments of the method.",
    )
