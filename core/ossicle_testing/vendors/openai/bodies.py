"""The schemas of the request bodies: chat completions, speech and transcriptions.

Only the fields that audio needs are drawn in full; the others are allowed by name.

Source: the parameter types of the `openai` package 3.54.0 and the vendor's API reference, read
2026-11-22.
"""

from __future__ import annotations

from typing import Any

from ossicle_testing.vendors.schema import Schema

_STRING = {"type": "string"}
_ANY: dict[str, Any] = {}


def _optional(*types: str, **bounds: Any) -> dict[str, Any]:
    return {"type": [*types, "null"], **bounds}


def _closed(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def _tagged(tag: str, required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return _closed(("type", *required), type={"const": tag}, **properties)


_TEXT_PART = _tagged("text", ("text",), text=_STRING, prompt_cache_breakpoint=_ANY)
_TEXT_PARTS = {"type": "array", "minItems": 1, "items": {"anyOf": [_TEXT_PART]}}
_TEXT_CONTENT = {"anyOf": [_STRING, _TEXT_PARTS]}

# The format's fixed set is left to the server, which has words of its own for it.
_AUDIO_PART = _tagged(
    "input_audio",
    ("input_audio",),
    input_audio=_closed(("data", "format"), data=_STRING, format=_STRING),
    prompt_cache_breakpoint=_ANY,
)
_URL_PART = _tagged(
    "audio_url", ("audio_url",), audio_url=_closed(("url",), url=_STRING), uuid=_STRING
)
_IMAGE_PART = _tagged(
    "image_url", ("image_url",), image_url=_closed(("url",), url=_STRING, detail=_STRING)
)
_FILE_PART = _tagged("file", ("file",), file={"type": "object"})
_REFUSAL_PART = _tagged("refusal", ("refusal",), refusal=_STRING)

_TOOL_CALL = _closed(
    ("id", "type", "function"),
    id=_STRING,
    type={"const": "function"},
    function=_closed(("name", "arguments"), name=_STRING, arguments=_STRING),
)

_TOOL = _closed(
    ("type", "function"),
    type={"const": "function"},
    function=_closed(
        ("name",),
        name={"type": "string", "minLength": 1, "maxLength": 64},
        description=_STRING,
        parameters={"type": "object"},
        strict=_optional("boolean"),
    ),
)

_TOOL_CHOICE = {
    "anyOf": [
        {"type": "string", "enum": ["none", "auto", "required"]},
        _closed(
            ("type", "function"),
            type={"const": "function"},
            function=_closed(("name",), name=_STRING),
        ),
    ]
}

_VOICE = {"anyOf": [_STRING, _closed(("id",), id=_STRING)]}

_UNDRAWN = (
    "function_call", "functions", "logit_bias", "metadata", "moderation", "prediction",
    "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort",
    "safety_identifier", "service_tier", "stop", "verbosity", "web_search_options",
)  # fmt: skip
"""Fields that are allowed and not looked into."""

_PENALTY = _optional("number", minimum=-2, maximum=2)
_COUNT = _optional("integer", minimum=1)


def _messages(*, audio_url: bool) -> dict[str, Any]:
    parts = [_TEXT_PART, _AUDIO_PART, _IMAGE_PART, _FILE_PART]
    if audio_url:
        parts.append(_URL_PART)
    user_parts = {"type": "array", "minItems": 1, "items": {"anyOf": parts}}
    assistant_parts = {"type": "array", "minItems": 1,
                       "items": {"anyOf": [_TEXT_PART, _REFUSAL_PART]}}  # fmt: skip
    roles = [
        _closed(("role", "content"), role={"enum": ["system", "developer"]},
                content=_TEXT_CONTENT, name=_STRING),
        _closed(("role", "content"), role={"const": "user"},
                content={"anyOf": [_STRING, user_parts]}, name=_STRING),
        _closed(("role",), role={"const": "assistant"},
                content={"anyOf": [_STRING, assistant_parts, {"type": "null"}]},
                audio={"anyOf": [_closed(("id",), id=_STRING), {"type": "null"}]},
                tool_calls={"type": "array", "minItems": 1, "items": _TOOL_CALL},
                refusal=_optional("string"), name=_STRING),
        _closed(("role", "content", "tool_call_id"), role={"const": "tool"},
                content=_TEXT_CONTENT, tool_call_id=_STRING),
    ]  # fmt: skip
    return {"type": "array", "minItems": 1, "items": {"anyOf": roles}}


def chat_schema(*, audio_url: bool = False) -> Schema:
    """The body of `POST /chat/completions`.

    Args:
        audio_url: Whether parts of type `audio_url` are known, as they are to vLLM.
    """
    return _closed(
        ("model", "messages"),
        messages=_messages(audio_url=audio_url),
        model=_STRING,
        modalities=_optional(
            "array", minItems=1, items={"type": "string", "enum": ["text", "audio"]}
        ),
        audio={
            "anyOf": [
                _closed(
                    ("voice", "format"),
                    voice=_VOICE,
                    format={
                        "type": "string",
                        "enum": ["wav", "aac", "mp3", "flac", "opus", "pcm16"],
                    },
                ),
                {"type": "null"},
            ]
        },
        stream=_optional("boolean"),
        stream_options={
            "anyOf": [
                _closed(
                    (), include_usage={"type": "boolean"}, include_obfuscation={"type": "boolean"}
                ),
                {"type": "null"},
            ]
        },
        tools={"type": "array", "items": _TOOL},
        tool_choice=_TOOL_CHOICE,
        parallel_tool_calls={"type": "boolean"},
        response_format={"type": "object", "required": ["type"], "properties": {"type": _STRING}},
        temperature=_optional("number", minimum=0, maximum=2),
        top_p=_optional("number", minimum=0, maximum=1),
        max_tokens=_COUNT,
        max_completion_tokens=_COUNT,
        n=_optional("integer", minimum=1, maximum=128),
        frequency_penalty=_PENALTY,
        presence_penalty=_PENALTY,
        seed=_optional("integer"),
        store=_optional("boolean"),
        logprobs=_optional("boolean"),
        top_logprobs=_optional("integer", minimum=0, maximum=20),
        user=_STRING,
        **dict.fromkeys(_UNDRAWN, _ANY),
    )  # fmt: skip


def speech_schema() -> Schema:
    """The body of `POST /audio/speech`; the vendor ignores fields that it does not know."""
    schema = _closed(
        ("model", "input", "voice"),
        model=_STRING,
        input=_STRING,
        voice=_VOICE,
        instructions={"type": "string", "maxLength": 4096},
        response_format=_STRING,
        speed={"type": "number", "minimum": 0.25, "maximum": 4.0},
        stream_format={"type": "string", "enum": ["audio", "sse"]},
    )
    return {**schema, "additionalProperties": True}


def transcription_schema() -> Schema:
    """The form of `POST /audio/transcriptions` with its fields as text, lists without `[]`.

    The file itself is not among them.
    """
    texts = {"type": "array", "items": _STRING}
    return _closed(
        ("model",),
        model=_STRING,
        response_format={
            "type": "string",
            "enum": ["json", "text", "srt", "verbose_json", "vtt", "diarized_json"],
        },
        language=_STRING,
        languages=texts,
        prompt=_STRING,
        keywords=texts,
        temperature={"type": "number", "minimum": 0, "maximum": 1},
        stream={"type": "boolean"},
        include={"type": "array", "items": {"type": "string", "enum": ["logprobs"]}},
        timestamp_granularities={
            "type": "array",
            "items": {"type": "string", "enum": ["word", "segment"]},
        },
        chunking_strategy={
            "anyOf": [
                {"type": "string", "enum": ["auto"]},
                _closed(
                    ("type",),
                    type={"const": "server_vad"},
                    prefix_padding_ms={"type": "integer"},
                    silence_duration_ms={"type": "integer"},
                    threshold={"type": "number", "minimum": 0, "maximum": 1},
                ),
            ]
        },
        known_speaker_names={**texts, "maxItems": 4},
        known_speaker_references={**texts, "maxItems": 4},
    )
