"""A chat completion request, checked as strictly as the vendor does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ossicle_testing.vendors.http import Request
from ossicle_testing.vendors.openai.bodies import chat_schema
from ossicle_testing.vendors.openai.errors import (
    ApiError,
    model_gone,
    model_not_found,
    no_json_schema,
    unknown_value,
    unsupported_stream_format,
)
from ossicle_testing.vendors.openai.models import CHAT_VOICES, VendorModel
from ossicle_testing.vendors.openai.quirks import Quirks
from ossicle_testing.vendors.openai.schema_errors import refuse_problems
from ossicle_testing.vendors.openai.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """What a checked request asks for.

    Attributes:
        model: Which model.
        messages: The conversation as sent.
        speaks: Whether audio is asked for.
        writes: Whether text is asked for.
        format: Format of the audio; `pcm16` where none is named.
        stream: Whether to stream.
        include_usage: Whether a stream reports its usage.
        obfuscate: Whether chunks are padded with random text.
        tools: The functions on offer, as sent.
        tool_choice: `none`, `auto`, `required`, or the name of a function.
        max_tokens: Bound on the answer's tokens, or `None`.
    """

    model: VendorModel
    messages: list[dict[str, Any]]
    speaks: bool
    writes: bool
    format: str
    stream: bool
    include_usage: bool
    obfuscate: bool
    tools: list[dict[str, Any]]
    tool_choice: str
    max_tokens: int | None


def parse_chat(state: State, request: Request) -> ChatRequest:
    """The request, or the vendor's error.

    Raises:
        ApiError: It breaks a rule.
    """
    quirks = state.quirks
    body = parse_json(request)
    if "deployment" in request.params:
        body.setdefault("model", request.params["deployment"])
    schema = chat_schema(audio_url=quirks.audio_url_parts)
    refuse_problems(schema, body, is_strict=quirks.is_strict)
    model = find_model(state, body["model"])
    if model.kind not in ("audio_chat", "text_chat"):
        raise ApiError(
            "This is not a chat model and thus not supported in the v1/chat/completions endpoint.",
            status=404,
            param="model",
        )
    modalities = tuple(body.get("modalities") or quirks.default_modalities)
    _check_modalities(modalities, model, quirks)
    speaks, stream = "audio" in modalities, bool(body.get("stream"))
    audio = body.get("audio")
    if speaks:
        _check_audio(state, audio, stream=stream)
    _check_options(body, model, speaks=speaks, stream=stream)
    options = body.get("stream_options") or {}
    return ChatRequest(
        model=model,
        messages=body["messages"],
        speaks=speaks,
        writes="text" in modalities,
        format=(audio or {}).get("format", "wav" if not stream else "pcm16"),
        stream=stream,
        include_usage=bool(options.get("include_usage")),
        obfuscate=options.get("include_obfuscation", True) and quirks.is_strict,
        tools=body.get("tools") or [],
        tool_choice=_tool_choice(body),
        max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
    )


def parse_json(request: Request) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        ApiError: It is none.
    """
    try:
        body = request.json()
    except (ValueError, RecursionError) as error:
        raise ApiError(
            "We could not parse the JSON body of your request. (HINT: This likely means you "
            "aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but "
            "what was sent was not valid JSON.)"
        ) from error
    if not isinstance(body, dict):
        raise ApiError("Invalid type for request body: expected an object.", code="invalid_type")
    return body


def find_model(state: State, name: str) -> VendorModel:
    """The model of this name.

    Raises:
        ApiError: There is none, or it is shut down.
    """
    model = state.model(name)
    if model is None:
        raise model_not_found(name)
    if model.is_gone(state.clock()):
        raise model_gone(name)
    return model


def check_voice(state: State, voice: Any, *, param: str) -> None:
    """Refuse a voice that the account has not.

    Raises:
        ApiError: It is unknown.
    """
    if state.quirks.any_voice:
        return
    if isinstance(voice, dict):
        if voice["id"] not in state.custom_voices:
            raise ApiError(
                f"Voice '{voice['id']}' not found.", param=f"{param}.id", code="voice_not_found"
            )
    elif voice not in CHAT_VOICES:
        raise unknown_value(voice, CHAT_VOICES, param=param)


def _check_modalities(modalities: tuple[str, ...], model: VendorModel, quirks: Quirks) -> None:
    if set(modalities) == {"audio"} and not quirks.audio_only:
        # A guess: the guide says that only the pair is allowed, the words were never captured.
        raise ApiError(
            "Invalid modalities: ['audio']. Supported combinations are: ['text'] and "
            "['text', 'audio'].",
            param="modalities",
            code="invalid_value",
        )
    if "audio" in modalities and model.kind != "audio_chat":
        raise ApiError(
            "This model does not support the requested output modalities.",
            param="modalities",
            code="invalid_value",
        )


def _check_audio(state: State, audio: Any, *, stream: bool) -> None:
    quirks = state.quirks
    if audio is None:
        if quirks.needs_audio_param:
            raise ApiError(
                "Missing required parameter: 'audio'.",
                param="audio",
                code="missing_required_parameter",
            )
    else:
        check_voice(state, audio["voice"], param="audio.voice")
    named = (audio or {}).get("format", "pcm16")
    if not stream and quirks.chat_audio_needs_stream:
        raise ApiError("Audio output requires stream: true", param="stream")
    allowed = quirks.stream_formats
    if stream and allowed is not None and named not in allowed:
        raise unsupported_stream_format(named, allowed)


def _check_options(body: dict[str, Any], model: VendorModel, *, speaks: bool, stream: bool) -> None:
    if body.get("stream_options") is not None and not stream:
        raise ApiError(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
    is_audio = model.kind == "audio_chat"
    if is_audio and (body.get("response_format") or {}).get("type") == "json_schema":
        raise no_json_schema()
    for name in ("prediction", "reasoning_effort", "verbosity"):
        if is_audio and body.get(name) is not None:
            raise ApiError(
                f"Unsupported parameter: '{name}' is not supported with this model.",
                param=name,
                code="unsupported_parameter",
            )
    if speaks and (body.get("n") or 1) > 1:
        # A guess: nothing was captured, and no other server allows it.
        raise ApiError("Invalid 'n': audio output supports only n=1.", param="n",
                       code="invalid_value")  # fmt: skip
    if body.get("tool_choice") not in (None, "none") and not body.get("tools"):
        raise ApiError(
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are "
            "specified.",
            param="tool_choice",
        )


def _tool_choice(body: dict[str, Any]) -> str:
    choice = body.get("tool_choice")
    if not isinstance(choice, dict):
        return choice or "auto"
    name: str = choice["function"]["name"]
    offered = [tool["function"]["name"] for tool in body.get("tools") or ()]
    if name not in offered:
        raise ApiError(f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice")
    return name
