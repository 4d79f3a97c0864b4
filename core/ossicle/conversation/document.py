"""A conversation as JSON, with its audio beside it by digest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from ossicle.audio import AudioClip
from ossicle.audio.format import SampleFormat
from ossicle.conversation.history_policy import HistoryPolicy, Summary
from ossicle.conversation.prompts import LOST_AUDIO
from ossicle.conversation.retention import RetentionPolicy
from ossicle.conversation.state import ConversationState
from ossicle.conversation.turn import Turn
from ossicle.errors import (
    ConfigurationError,
    MalformedAudioError,
    SchemaVersionError,
    StorageCorruptError,
    UnsupportedFormatError,
)
from ossicle.messages import AudioPart

SCHEMA_VERSION = 1

Blobs = Callable[[str], bytes | None]
"""Gives the bytes of a digest, or `None` where they were deleted on purpose."""


def write_head(state: ConversationState) -> dict[str, Any]:
    """Everything of a conversation but its turns, as plain JSON data."""
    summary = state.summary
    return {
        "schema": SCHEMA_VERSION,
        "id": state.id,
        "instructions": state.instructions,
        "references": list(state.references),
        "policy": state.policy.model_dump(mode="json"),
        "retention": state.retention.model_dump(mode="json"),
        "summary": None if summary is None else summary.model_dump(mode="json"),
    }


def read_head(data: Any) -> ConversationState:
    """The conversation of a head, still without turns.

    Raises:
        SchemaVersionError: It was written by a newer version.
        StorageCorruptError: It is no such head.
    """
    version = data.get("schema") if isinstance(data, Mapping) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise StorageCorruptError(
            "the document is no conversation", fix="Give what `export` or a store wrote."
        )
    if version > SCHEMA_VERSION:
        raise SchemaVersionError(
            f"the conversation has schema {version}, and this version knows {SCHEMA_VERSION}",
            fix="Update ossicle.",
        )
    try:
        summary = data["summary"]
        return ConversationState(
            id=_text(data["id"]),
            instructions=None if data["instructions"] is None else _text(data["instructions"]),
            references=tuple(None if one is None else _text(one) for one in data["references"]),
            policy=HistoryPolicy.model_validate(data["policy"]),
            retention=RetentionPolicy.model_validate(data.get("retention", {})),
            summary=None if summary is None else Summary.model_validate(summary),
        )
    except (KeyError, TypeError, ValidationError, ConfigurationError) as error:
        raise _damaged("the head") from error


def write_turn(turn: Turn) -> tuple[dict[str, Any], dict[str, AudioClip]]:
    """A turn as plain JSON data, and its clips by digest."""
    clips: dict[str, AudioClip] = {}
    data = turn.model_dump(mode="json", exclude={"messages"}, exclude_none=True)
    data["messages"] = []
    for message in turn.messages:
        parts = []
        for part in message.parts:
            if isinstance(part, AudioPart):
                clips[part.clip.digest] = part.clip
                parts.append(part.model_dump(mode="json", exclude={"clip"}) | _named(part.clip))
            else:
                parts.append(part.model_dump(mode="json"))
        data["messages"].append({"role": message.role, "parts": parts})
    return data, clips


def read_turn(data: Any, blobs: Blobs) -> Turn:
    """A turn with its clips; audio that nobody has any more leaves its words.

    Args:
        data: What `write_turn` gave.
        blobs: Gives the bytes of a digest.

    Raises:
        StorageCorruptError: The data is no turn, or a clip does not match its digest.
    """
    try:
        messages = [
            message | {"parts": [_read_part(part, blobs) for part in message["parts"]]}
            for message in data["messages"]
        ]
        return Turn.model_validate({**data, "messages": messages})
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise _damaged("a turn") from error


def dumps(data: Any) -> str:
    """JSON text, the same for the same data."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """What JSON text says.

    Raises:
        StorageCorruptError: It is no JSON.
    """
    try:
        text = text.decode() if isinstance(text, bytes) else text
        data = json.loads(text)
        # Half a surrogate pair may stand in JSON as an escape, and can be written nowhere again.
        if "\\ud" in text.lower():
            dumps(data).encode()
        return data
    except (ValueError, RecursionError) as error:
        raise _damaged("the text") from error


def _named(clip: AudioClip) -> dict[str, Any]:
    named: dict[str, Any] = {"digest": clip.digest}
    if clip.format.container == "raw":
        named["pcm"] = {
            "sample_rate": clip.format.sample_rate,
            "channels": clip.format.channels,
            "sample_format": clip.format.encoding.removeprefix("pcm_").removesuffix("le"),
        }
    return named


def _read_part(part: dict[str, Any], blobs: Blobs) -> dict[str, Any]:
    if part["kind"] != "audio":
        return part
    rest = {name: value for name, value in part.items() if name not in ("digest", "pcm")}
    data = blobs(part["digest"])
    if data is None:
        return {"kind": "text", "text": part.get("transcript") or LOST_AUDIO}
    try:
        clip = _clip(data, part.get("pcm"))
    except (MalformedAudioError, UnsupportedFormatError) as error:
        raise _damaged("a clip") from error
    if clip.digest != part["digest"]:
        raise StorageCorruptError(
            f"a clip of {len(data)} bytes does not match its digest",
            fix="Export the conversation again; the file was changed on the way.",
        )
    return rest | {"clip": clip}


def _clip(data: bytes, pcm: Mapping[str, Any] | None) -> AudioClip:
    if pcm is None:
        return AudioClip.from_bytes(data)
    sample_format: SampleFormat = pcm["sample_format"]
    sample_rate, channels = pcm["sample_rate"], pcm["channels"]
    if isinstance(sample_rate, bool) or isinstance(channels, bool):
        raise TypeError
    return AudioClip.from_pcm(
        data, sample_rate=sample_rate, channels=channels, sample_format=sample_format
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _damaged(what: str) -> StorageCorruptError:
    return StorageCorruptError(
        f"{what} of the conversation is damaged", fix="Restore it from a copy."
    )
