"""Checks of a request against a model's capabilities: what cannot be is refused before sending."""

from __future__ import annotations

import datetime

from ossicle.abc import Capabilities
from ossicle.errors import (
    TextTooLongError,
    UnknownModelError,
    UnknownVoiceError,
    UnsupportedFeatureError,
    UnsupportedModalityError,
)
from ossicle.messages import AudioPart, Message, ModalityRow, ToolResultPart
from ossicle.pipeline.call_request import CallRequest

WARN_DAYS = 90
"""A model this near to its end is warned about."""


def check_shutdown_date(capabilities: Capabilities, *, today: datetime.date) -> tuple[str, ...]:
    """Notes on a model that will be shut down soon.

    Raises:
        UnknownModelError: It has been shut down already.
    """
    end = capabilities.shutdown
    if end is None:
        return ()
    instead = f"Use {capabilities.provider}:{capabilities.successor} instead."
    fix = instead if capabilities.successor else "Choose another model; see `ossicle models`."
    if today > end:
        raise UnknownModelError(f"model {capabilities} was shut down on {end}", fix=fix)
    days = (end - today).days
    return (
        (f"{capabilities} will be shut down on {end}, in {days} days. {fix}",)
        if (days <= WARN_DAYS)
        else ()
    )


def match_capability(wanted: CallRequest, capabilities: Capabilities) -> ModalityRow:
    """The row of the modality matrix that the request is.

    Raises:
        UnsupportedFeatureError: The model does not do this kind of task at all.
        UnsupportedModalityError: It does, but not from these inputs to these outputs.
    """
    rows = capabilities.rows.get(wanted.task, ())
    if not rows:
        can = ", ".join(sorted(capabilities.tasks)) or "nothing"
        raise UnsupportedFeatureError(
            f"{capabilities} cannot {wanted.task}; it can {can}",
            feature=wanted.task,
            fix="Choose another model (see `ossicle models`), or let this one hear or speak in a "
            "cascade: docs/guides/cascade.md."
            if wanted.task == "respond"
            else "Choose another model; see `ossicle models`.",
        )
    for inputs in (wanted.newest_inputs, wanted.all_inputs):
        row = capabilities.row_for(wanted.task, inputs, wanted.output)
        if row is not None:
            return row
    given = "+".join(sorted(wanted.newest_inputs, reverse=True)) or "nothing"
    asked = "+".join(sorted(wanted.output, reverse=True)) or "nothing"
    raise UnsupportedModalityError(
        f"{capabilities} does not take {given} to {asked}",
        feature=f"{given}→{asked}",
        fix=_modality_fix(wanted, capabilities),
    )


def _modality_fix(wanted: CallRequest, capabilities: Capabilities) -> str:
    allowed = "; ".join(str(row) for row in capabilities.rows.get(wanted.task, ()))
    if wanted.newest_inputs == {"text"} and wanted.output == {"text"}:
        return (
            "Ask for audio as well (output={'text', 'audio'}) and ignore it, give audio, or use a "
            f"text model. Allowed here: {allowed}."
        )
    return f"Allowed here: {allowed}."


def check_features(wanted: CallRequest, capabilities: Capabilities) -> str | None:
    """Refuse what the model cannot express; return the voice to use.

    Raises:
        UnknownVoiceError: The model has no such voice.
        UnsupportedFeatureError: Tools, instructions or an audio part the model cannot take.
        TextTooLongError: More text than the model speaks in one request.
    """
    if wanted.tools and not capabilities.tools:
        raise UnsupportedFeatureError(
            f"{capabilities} cannot call tools",
            feature="tools",
            fix="Leave the tools out, or choose another model.",
        )
    if wanted.instructions and not capabilities.instructions:
        raise UnsupportedFeatureError(
            f"{capabilities} takes no instructions",
            feature="instructions",
            fix="Leave them out, or say them in the text.",
        )
    for message in wanted.messages:
        _check_roles(message)
    _check_length(wanted, capabilities)
    if "audio" not in wanted.output:
        return None
    voice, voices = wanted.voice or capabilities.default_voice, capabilities.voices
    if wanted.voice is not None and voices is not None and wanted.voice not in voices:
        raise UnknownVoiceError(
            f"{capabilities} has no voice {wanted.voice!r}",
            feature="voice",
            fix=f"Use one of {', '.join(voices)}.",
        )
    return voice


def _check_length(wanted: CallRequest, capabilities: Capabilities) -> None:
    allowed = capabilities.max_text_chars
    if wanted.task != "speak" or allowed is None:
        return
    length = len(wanted.messages[-1].text)
    if length > allowed:
        raise TextTooLongError(
            f"the text has {length} characters, {capabilities} speaks at most {allowed} at once",
            measured=length,
            allowed=allowed,
            fix="Speak it in several calls.",
        )


def _check_roles(message: Message) -> None:
    for part in message.parts:
        if isinstance(part, AudioPart) and message.role == "tool":
            raise UnsupportedFeatureError(
                "audio in a tool result: no vendor takes it",
                feature="audio_tool_result",
                fix="Give the result as text, and the audio in a user message.",
            )
        if isinstance(part, ToolResultPart) and message.role != "tool":
            raise UnsupportedFeatureError(
                f"a tool result in a {message.role} message",
                feature="tool_result",
                fix="Put it into a message with role 'tool'.",
            )
