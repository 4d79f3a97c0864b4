"""How an `AudioClip` looks in JSON: its format and its bytes as base64, checked by digest."""

from __future__ import annotations

import base64
from typing import Any

from pydantic_core import CoreSchema, core_schema

from ossicle.audio.clip import AudioClip
from ossicle.audio.format import SampleFormat
from ossicle.errors import MalformedAudioError


def clip_to_json(clip: AudioClip) -> dict[str, Any]:
    """A JSON object with `data` (base64), `digest`, and `pcm` for raw samples."""
    value: dict[str, Any] = {
        "data": base64.b64encode(clip.read_bytes()).decode(),
        "digest": clip.digest,
        "media_type": clip.format.media_type,
    }
    if clip.format.container == "raw":
        value["pcm"] = {
            "sample_rate": clip.format.sample_rate,
            "channels": clip.format.channels,
            "sample_format": clip.format.encoding.removeprefix("pcm_").removesuffix("le"),
        }
    return value


def clip_from_json(value: dict[str, Any]) -> AudioClip:
    """The clip that `clip_to_json` wrote; sniffed again, never believed.

    Raises:
        MalformedAudioError: The digest does not match, or the bytes are not audio.
    """
    from ossicle.audio.base64 import decode_base64

    data = decode_base64(value["data"], max_bytes=1 << 30)
    pcm: dict[str, Any] | None = value.get("pcm")
    if pcm is None:
        clip = AudioClip.from_bytes(data)
    else:
        sample_format: SampleFormat = pcm["sample_format"]
        clip = AudioClip.from_pcm(
            data,
            sample_rate=pcm["sample_rate"],
            channels=pcm["channels"],
            sample_format=sample_format,
        )
    if value.get("digest") not in (None, clip.digest):
        raise MalformedAudioError(
            "the audio does not match its digest", fix="Export the data again; it was changed."
        )
    return clip


def clip_schema(cls: type[AudioClip]) -> CoreSchema:
    """The pydantic schema of a clip."""
    from_json = core_schema.chain_schema(
        [
            core_schema.dict_schema(),
            core_schema.no_info_plain_validator_function(clip_from_json),
        ]
    )
    return core_schema.json_or_python_schema(
        json_schema=from_json,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), from_json]),
        serialization=core_schema.plain_serializer_function_ser_schema(
            clip_to_json, when_used="json"
        ),
    )
