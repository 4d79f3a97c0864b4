"""Messages in the vendor's form (`contents`). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ossicle.audio import AudioClip, AudioFormat
from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import (
    AudioPart,
    AudioReference,
    Message,
    Part,
    TextPart,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
)
from ossicle.rest import ClipData
from ossicle_gemini.signatures import WITHOUT, Signatures

_MEDIA_TYPES: Mapping[str, str] = {
    "wav": "audio/wav", "mp3": "audio/mp3", "aiff": "audio/aiff", "adts": "audio/aac",
    "ogg": "audio/ogg", "flac": "audio/flac",
}  # fmt: skip
"""Source: "Audio understanding" (https://ai.google.dev/gemini-api/docs/audio), read 2026-11-23."""


def contents_of(
    messages: Sequence[Message], *, model: str, signatures: Signatures | None
) -> list[dict[str, Any]]:
    """The conversation, oldest first.

    Results of calls that were asked for together stand in one turn, as the vendor demands.

    Args:
        messages: History first.
        model: The model that is asked.
        signatures: What is known of earlier calls; `None` for models that want none.

    Raises:
        UnsupportedFeatureError: A part cannot be said in the vendor's form.
    """
    names = {
        part.call.id: part.call.name
        for message in messages
        for part in message.parts
        if isinstance(part, ToolCallPart)
    }
    turns: list[dict[str, Any]] = []
    newest: str | None = None
    for message in messages:
        match message.role:
            case "user":
                turn = {"role": "user", "parts": [_heard(part) for part in message.parts]}
            case "assistant":
                parts = list(_said(message, model, signatures))
                turn = {"role": "model", "parts": parts}
            case "tool":
                turn = {"role": "user", "parts": [_result(part, names) for part in message.parts]}
        if turn["parts"]:
            if message.role == newest == "tool":
                turns[-1]["parts"] += turn["parts"]
            else:
                turns.append(turn)
            newest = message.role
    return turns


def blob_of(clip: AudioClip) -> dict[str, Any]:
    """A clip as inline data."""
    media_type = media_type_of(clip.format)
    return {"inlineData": {"mimeType": media_type, "data": ClipData(clip=clip)}}


def media_type_of(form: AudioFormat) -> str:
    """The media type as the vendor spells it."""
    return _MEDIA_TYPES.get(form.container, form.media_type)


def _heard(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"text": part.text}
    if isinstance(part, AudioPart):
        return blob_of(part.clip)
    raise _misplaced(part.kind, "user")


def _said(message: Message, model: str, signatures: Signatures | None) -> Iterator[dict[str, Any]]:
    is_first_call = True
    for part in message.parts:
        match part:
            case TextPart():
                yield {"text": part.text}
            case AudioPart() | AudioReference():
                # What the model itself said comes back as words: the vendor keeps no audio, and
                # does not say that it takes blobs in a model's turn.
                if part.transcript is None:
                    raise UnsupportedFeatureError(
                        "audio of an earlier answer cannot be sent back without its transcript",
                        feature="assistant_audio",
                        fix="Give the transcript, or leave the answer out of the history.",
                    )
                yield {"text": part.transcript}
            case ToolCallPart():
                yield _call(part.call, model, signatures, is_first=is_first_call)
                is_first_call = False
            case _:
                raise _misplaced(part.kind, message.role)


def _call(
    call: ToolCall, model: str, signatures: Signatures | None, *, is_first: bool
) -> dict[str, Any]:
    part: dict[str, Any] = {
        "functionCall": {"id": call.id, "name": call.name, "args": call.parsed()}
    }
    if signatures is not None:
        signature = signatures.recall(model=model, call_id=call.id)
        # Of calls asked for together only the first is signed.
        if signature is None and is_first:
            signature = WITHOUT
        if signature is not None:
            part["thoughtSignature"] = signature
    return part


def _result(part: Part, names: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(part, AudioPart | AudioReference):
        raise UnsupportedFeatureError(
            "a tool result cannot hold audio",
            feature="audio_tool_result",
            fix="Give the result as text, and the audio in a user message after it.",
        )
    if not isinstance(part, ToolResultPart):
        raise _misplaced(part.kind, "tool")
    name = names.get(part.call_id)
    if name is None:
        raise UnsupportedFeatureError(
            "a tool result answers a call that is not in the history",
            feature="tool_result",
            fix="Keep the assistant's message with the call: the vendor wants its name.",
        )
    return {
        "functionResponse": {
            "id": part.call_id,
            "name": name,
            "response": {"error" if part.is_error else "output": _value(part.content)},
        }
    }


def _value(content: str) -> Any:
    """A result as the JSON object that it is, else as text."""
    if content.lstrip()[:1] != "{":
        return content
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content


def _misplaced(kind: str, role: str) -> UnsupportedFeatureError:
    return UnsupportedFeatureError(
        f"a part of kind {kind!r} cannot stand in a message of role {role!r}",
        feature=kind,
        fix="Put it into a message of the role that it belongs to.",
    )
