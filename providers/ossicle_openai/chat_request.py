"""From a request to the body of a chat completion. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ossicle.abc import Capabilities
from ossicle.audio import AudioClip
from ossicle.errors import UnknownVoiceError, UnsupportedFeatureError, UnsupportedModalityError
from ossicle.messages import (
    TEXT_TO_TEXT,
    AudioPart,
    AudioReference,
    Message,
    NamedTool,
    Request,
    TextPart,
    Tool,
    ToolCallPart,
    ToolChoice,
    ToolResultPart,
)
from ossicle.rest import ClipData
from ossicle_openai.options import CallOptions
from ossicle_openai.profiles import EndpointProfile
from ossicle_openai.response_audio import PCM16, wire_format

_DEFAULT_VOICE = "alloy"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCall:
    """A chat completion ready to be sent.

    Attributes:
        payload: The JSON body, with clips standing in it as `ClipData`.
        origins: For each message on the wire, the index of the request's message it stands for;
            `None` for the instructions.
        streams: Whether the answer comes as a stream, which some servers demand for audio.
    """

    payload: dict[str, Any]
    origins: tuple[int | None, ...]
    streams: bool


def chat_call(
    request: Request,
    *,
    options: CallOptions,
    capabilities: Capabilities,
    profile: EndpointProfile,
) -> ChatCall:
    """The body of a chat completion.

    Raises:
        UnknownVoiceError: The model has no such voice.
        UnsupportedFeatureError: Something in the request has no words in this dialect.
        UnsupportedModalityError: Text alone in and out, on a model that needs audio on one side.
    """
    wants_audio = "audio" in request.output
    _check_row(request, capabilities)
    messages, origins = wire_messages(request, profile)
    streams = request.stream or (wants_audio and profile.streams_only_audio)
    payload: dict[str, Any] = {"model": request.model}
    payload["modalities"] = list(profile.audio_modalities) if wants_audio else ["text"]
    if wants_audio:
        payload |= _audio_fields(request, options, capabilities, profile, streams=streams)
    payload["messages"] = messages
    if streams:
        payload["stream"] = True
        if profile.sends_stream_options:
            payload["stream_options"] = {"include_usage": True}
            if profile.sends_obfuscation and not options.include_obfuscation:
                payload["stream_options"]["include_obfuscation"] = False
    payload |= _tool_fields(request.tools, request.tool_choice)
    payload |= _given(
        {
            profile.max_tokens_parameter: request.max_output_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
            "top_p": options.top_p,
            "store": options.store,
            "metadata": options.metadata,
            "parallel_tool_calls": options.parallel_tool_calls if request.tools else None,
            "user": options.user,
        }
    )
    return ChatCall(payload=payload | options.extra_body, origins=origins, streams=streams)


def voice_field(
    request: Request, options: CallOptions, capabilities: Capabilities
) -> str | dict[str, str]:
    """The voice as the vendor wants it: a name, or the id of a custom voice.

    Raises:
        UnknownVoiceError: The model has no such voice.
    """
    if options.voice_id is not None:
        return {"id": options.voice_id}
    voice = request.voice or capabilities.default_voice or _DEFAULT_VOICE
    if voice.startswith("voice_"):
        return {"id": voice}
    if capabilities.voices is not None and voice not in capabilities.voices:
        raise UnknownVoiceError(
            f"{capabilities} has no voice {voice!r}",
            feature="voice",
            fix=f"Use one of {', '.join(capabilities.voices)}, or the id of a custom voice.",
        )
    return voice


def wire_messages(
    request: Request, profile: EndpointProfile
) -> tuple[list[dict[str, Any]], tuple[int | None, ...]]:
    """The messages on the wire, and for each the index of the request's message it stands for."""
    found: list[dict[str, Any]] = []
    origins: list[int | None] = []
    if request.instructions:
        found.append({"role": "system", "content": request.instructions})
        origins.append(None)
    for index, message in enumerate(request.messages):
        mapped = _MAPPERS[message.role](message, profile)
        found += mapped
        origins += [index] * len(mapped)
    return found, tuple(origins)


def _check_row(request: Request, capabilities: Capabilities) -> None:
    rows = capabilities.rows.get("respond", ())
    if "audio" in request.output or not rows or TEXT_TO_TEXT in rows:
        return
    if any("audio" in message.modalities for message in request.messages):
        return
    raise UnsupportedModalityError(
        f"{capabilities} does not take text alone to text alone",
        feature="text→text",
        fix="Ask for audio as well and ignore it, give audio, or use a text model.",
    )


def _audio_fields(
    request: Request,
    options: CallOptions,
    capabilities: Capabilities,
    profile: EndpointProfile,
    *,
    streams: bool,
) -> dict[str, Any]:
    voice = voice_field(request, options, capabilities)
    if not profile.sends_audio_field:
        named = request.voice or options.voice_id
        return {profile.speaker_parameter: named} if profile.speaker_parameter and named else {}
    form = profile.stream_format if streams else wire_format(request.output_format or PCM16)
    return {"audio": {"voice": voice, "format": form}}


def _tool_fields(tools: tuple[Tool, ...], choice: ToolChoice | None) -> dict[str, Any]:
    if not tools:
        return {}
    fields: dict[str, Any] = {"tools": [_tool(tool) for tool in tools]}
    if isinstance(choice, NamedTool):
        fields["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    elif choice is not None:
        fields["tool_choice"] = choice
    return fields


def _tool(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.parameters}
    if tool.description:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _user(message: Message, profile: EndpointProfile) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case TextPart():
                parts.append({"type": "text", "text": part.text})
            case AudioPart():
                parts.append(_audio_part(part.clip, profile))
            case _:
                raise _misplaced(part.kind, message.role)
    if len(parts) == 1 and parts[0]["type"] == "text":
        return [{"role": "user", "content": parts[0]["text"]}]
    return [{"role": "user", "content": parts}]


def _audio_part(clip: AudioClip, profile: EndpointProfile) -> dict[str, Any]:
    uri = f"data:{clip.format.media_type};base64,"
    if profile.input_encoding == "audio_url":
        return {"type": "audio_url", "audio_url": {"url": ClipData(clip=clip, prefix=uri)}}
    prefix = uri if profile.input_encoding == "data_uri" else ""
    audio = {"data": ClipData(clip=clip, prefix=prefix), "format": wire_format(clip.format)}
    return {"type": "input_audio", "input_audio": audio}


def _assistant(message: Message, profile: EndpointProfile) -> list[dict[str, Any]]:
    texts: list[str] = []
    calls: list[dict[str, Any]] = []
    reference: str | None = None
    has_audio = False
    for part in message.parts:
        match part:
            case TextPart():
                texts.append(part.text)
            case AudioReference():
                reference = part.id
            case ToolCallPart():
                call = part.call
                function = {"name": call.name, "arguments": call.arguments}
                calls.append({"id": call.id, "type": "function", "function": function})
            case AudioPart():
                has_audio = True
            case _:
                raise _misplaced(part.kind, message.role)
    if has_audio and reference is None:
        raise UnsupportedFeatureError(
            "audio of an earlier answer cannot be sent back as bytes",
            feature="assistant_audio",
            fix="Send its reference while that lives, else its transcript as text.",
        )
    wire: dict[str, Any] = {"role": "assistant"}
    if texts:
        wire["content"] = "\n".join(texts)
    elif reference is None:
        wire["content"] = None if calls else ""
    if reference is not None:
        wire["audio"] = {"id": reference}
    if calls:
        wire["tool_calls"] = calls
    return [wire]


def _tool_results(message: Message, profile: EndpointProfile) -> list[dict[str, Any]]:
    results = []
    for part in message.parts:
        if isinstance(part, AudioPart | AudioReference):
            raise UnsupportedFeatureError(
                "a tool result cannot hold audio",
                feature="audio_tool_result",
                fix="Give the result as text, and the audio in a user message after it.",
            )
        if not isinstance(part, ToolResultPart):
            raise _misplaced(part.kind, message.role)
        results.append({"role": "tool", "tool_call_id": part.call_id, "content": part.content})
    return results


def _misplaced(kind: str, role: str) -> UnsupportedFeatureError:
    fixes = {
        "audio": "Put audio into a user message.",
        "audio_reference": "Put it into the assistant message of that turn.",
        "tool_call": "Put it into the assistant message of that turn.",
        "tool_result": "Put it into a message with role 'tool'.",
    }
    return UnsupportedFeatureError(
        f"a part of kind {kind!r} cannot stand in a message of role {role!r}",
        feature=kind,
        fix=fixes.get(kind, "Put it into a user message."),
    )


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


_MAPPERS = {"user": _user, "assistant": _assistant, "tool": _tool_results}
