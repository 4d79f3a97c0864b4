"""The schemas of the request bodies, stricter than the vendor: it ignores what it does not know.

Source: https://elevenlabs.io/docs/api-reference and the types of elevenlabs-python 2, read
2026-11-26.
"""

from __future__ import annotations

from typing import Any

from ossicle_testing.vendors.schema import Schema

_SHARE = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_TEXT = {"type": ["string", "null"]}
_FLAG = {"type": ["boolean", "null"]}


def _closed(required: tuple[str, ...], properties: dict[str, Any]) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


SPEECH: Schema = _closed(
    ("text",),
    {
        "text": {"type": "string"},
        "model_id": {"type": "string"},
        "language_code": _TEXT,
        "voice_settings": _closed(
            (),
            {
                "stability": _SHARE,
                "similarity_boost": _SHARE,
                "style": _SHARE,
                "use_speaker_boost": _FLAG,
                "speed": {"type": ["number", "null"], "minimum": 0.7, "maximum": 1.2},
            },
        ),
        "pronunciation_dictionary_locators": {"type": "array", "maxItems": 3},
        "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": 2**32 - 1},
        "previous_text": _TEXT,
        "next_text": _TEXT,
        "previous_request_ids": {"type": "array", "maxItems": 3},
        "next_request_ids": {"type": "array", "maxItems": 3},
        "use_pvc_as_ivc": _FLAG,
        "apply_text_normalization": {"enum": ["auto", "on", "off"]},
        "apply_language_text_normalization": _FLAG,
    },
)

HEARING: Schema = _closed(
    ("model_id",),
    {
        "model_id": {"type": "string"},
        "language_code": _TEXT,
        "tag_audio_events": _FLAG,
        "num_speakers": {"type": "integer", "minimum": 1, "maximum": 32},
        "timestamps_granularity": {"enum": ["none", "word", "character"]},
        "diarize": _FLAG,
        "temperature": {"type": "number", "minimum": 0, "maximum": 2},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
        "file_format": {"enum": ["other"]},
        "keyterms": {"type": "array", "maxItems": 100,
                     "items": {"type": "string", "maxLength": 50}},
    },
)  # fmt: skip
