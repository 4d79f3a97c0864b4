"""The options of a call, defined once for every method that makes one.

`respond`, `stream`, `speak`, `transcribe`, `explain` and `send`, blocking or not, take what their
`TypedDict` here names: type checkers and editors see the names and types, `help()` and the
reference show them, and no two methods can disagree.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, BinaryIO, Literal, TypedDict, TypeVar, is_typeddict

from ossicle.audio import AudioClip
from ossicle.messages import Modality, Task, Tool, ToolChoice

AudioSource = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | AudioClip
    | BinaryIO
    | tuple[int, Any]
    | Mapping[str, Any]
)
"""A path, encoded bytes, a clip, a readable binary file object (for `AsyncClient` also an
asynchronous one), `(sample_rate, array)`, or `{"array": …, "sampling_rate": …}`."""

CacheUse = Literal["use", "renew", "off"]
"""`use`: what is kept is taken, else it is made and kept. `renew`: it is made anew and kept.
`off`: the cache is neither read nor written."""

Method = TypeVar("Method", bound=Callable[..., object])


class CommonOptions(TypedDict, total=False):
    """Options of every call.

    Attributes:
        language: BCP 47 tag of the speech, or of what is said; `None`: detect.
        timeout_s: Total seconds for this call, waits and repeats included; `None`: the client's.
        provider_options: Vendors' extras by provider name.
    """

    language: str | None
    timeout_s: float | None
    provider_options: Mapping[str, Mapping[str, Any]] | None


class RoutedOptions(CommonOptions, total=False):
    """Options of calls outside a conversation, which has these itself.

    Attributes:
        instructions: How the model must behave, how to say it, or words and context that help to
            hear right, where the model takes that.
        model: Other than the client's: `"model"` or `"provider:model"`.
    """

    instructions: str | None
    model: str | None


class SpokenOptions(CommonOptions, total=False):
    """Options of calls whose answer may be spoken.

    Attributes:
        voice: Name of the voice; `None`: the model's default.
        output_format: `wav`, `mp3`, `flac`, `opus`, `aac`, `pcm16`, ... `None`: WAV for a whole
            answer, what the model streams for events.
    """

    voice: str | None
    output_format: str | None


class TurnOptions(SpokenOptions, total=False):
    """Options of `send` and of a conversation's `stream`.

    Attributes:
        output: What the answer must be made of: `text`, `audio` or both. Unset: both.
        tools: What the model may call. On a conversation they stand in for its own, and their
            calls are run within the turn; else the calls are on the reply, and the application
            answers them with a message of role `tool` at the end of `history`.
        tool_choice: Whether the model may, must not or must call a tool.
        max_output_tokens: Upper bound of the answer.
        temperature: Sampling temperature.
        seed: For repeatable sampling, where the vendor has it.
    """

    output: Modality | Iterable[Modality]
    tools: Sequence[Tool] | None
    tool_choice: ToolChoice | None
    max_output_tokens: int | None
    temperature: float | None
    seed: int | None


class TranscribeOptions(RoutedOptions, total=False):
    """Options of `transcribe`.

    Attributes:
        cache: `None`, `use`: taken from the client's cache, or kept there. `renew`: made anew and
            kept. `off`: the cache is neither read nor written.
    """

    cache: CacheUse | None


class SpeakOptions(TranscribeOptions, SpokenOptions, total=False):
    """Options of `speak`."""


class RespondOptions(TurnOptions, RoutedOptions, total=False):
    """Options of `respond`.

    Attributes:
        cache: `use` takes the answer to the very same request from the client's cache, or keeps it
            there: it is no new sample then. `None`: only prepared audio is taken from it and kept.
            `renew`, `off`: as in `speak`.
    """

    cache: CacheUse | None


class CallOptions(RespondOptions, total=False):
    """All options that there are: those of `stream` and `explain`.

    Attributes:
        task: `respond`, `speak` or `transcribe`. Unset: `respond`.
    """

    task: Task


def takes(options: type) -> Callable[[Method], Method]:
    """Show a method's options in its signature and docstring, for `help()` and editors.

    Args:
        options: The `TypedDict` of its `**options`.
    """
    described = _described(options)

    def decorate(method: Method) -> Method:
        signature = inspect.signature(method)
        fixed = [one for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
        named = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default="text and audio" if name == "output" else None,
                annotation=getattr(kind, "__forward_arg__", kind),
            )
            for name, kind in _annotations(options).items()
        ]
        shown = signature.replace(parameters=[*fixed, *named])
        method.__signature__ = shown  # type: ignore[attr-defined]
        method.__doc__ = _with_options(method.__doc__ or "", described)
        return method

    return decorate


def _annotations(options: type) -> dict[str, Any]:
    return options.__annotations__  # a TypedDict holds those it inherits, too


def _described(options: type) -> dict[str, str]:
    """What the docstrings of a `TypedDict` and of those it stands on say of each option."""
    known, found = _annotations(options).keys(), dict.fromkeys(_annotations(options), "")
    # A TypedDict forgets what it was derived from; what it holds whole stands beside it.
    for kind in vars(sys.modules[options.__module__]).values():
        if is_typeddict(kind) and kind.__annotations__.keys() <= known:
            _, _, listed = (kind.__doc__ or "").partition("Attributes:\n")
            for name, text in re.findall(r"(?ms)^ {8}(\w+): (.*?)(?=^ {8}\w+: |\Z)", listed):
                found[name] = " ".join(text.split())
    return found


def _with_options(doc: str, described: Mapping[str, str]) -> str:
    rows = "".join(f"            {name}: {text}\n" for name, text in described.items())
    if not doc or "        Args:\n" not in doc:
        head, _, rest = doc.partition("\n")
        return f"{head}\n\n        Args:\n{rows.rstrip()}\n{rest}" if doc else doc
    before, _, rest = doc.partition("        Args:\n")
    fixed, gap, after = rest.partition("\n\n")
    return f"{before}        Args:\n{fixed}\n{rows.rstrip()}{gap}{after}"
