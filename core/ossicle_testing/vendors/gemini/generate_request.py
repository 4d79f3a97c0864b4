"""A request as the fake Gemini reads it: strictly, so that a client's mistakes show."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ossicle.errors import DependencyMissingError, MalformedAudioError
from ossicle_testing.vendors.audio import decode_audio
from ossicle_testing.vendors.gemini.billing import heard_tokens, text_tokens
from ossicle_testing.vendors.gemini.errors import ApiError, unknown_field
from ossicle_testing.vendors.gemini.models import VendorModel
from ossicle_testing.vendors.gemini.state import State

_MEDIA_TYPES = frozenset({
    "audio/wav", "audio/mp3", "audio/mpeg", "audio/aiff", "audio/aac", "audio/ogg", "audio/flac",
})  # fmt: skip

_FIELDS: Mapping[str, frozenset[str]] = {
    "": frozenset({"contents", "systemInstruction", "tools", "toolConfig", "generationConfig",
                   "safetySettings", "cachedContent"}),
    "generation_config": frozenset({
        "maxOutputTokens", "temperature", "seed", "topP", "topK", "stopSequences",
        "responseModalities", "speechConfig", "thinkingConfig", "audioTranscriptionConfig",
    }),
    "generation_config.speech_config": frozenset({
        "voiceConfig", "languageCode", "multiSpeakerVoiceConfig",
    }),
    "generation_config.audio_transcription_config": frozenset({
        "languageCodes", "customVocabulary", "wordTimestamp", "diarization", "mode",
    }),
    "contents.parts": frozenset({
        "text", "inlineData", "functionCall", "functionResponse", "thoughtSignature", "thought",
        "speechMetadata",
    }),
    "tools": frozenset({"functionDeclarations"}),
    "tools.function_declarations": frozenset({
        "name", "description", "parameters", "parametersJsonSchema",
    }),
    "tool_config.function_calling_config": frozenset({"mode", "allowedFunctionNames"}),
}  # fmt: skip


@dataclass(kw_only=True)
class GenerateRequest:
    """What a request asks for.

    Attributes:
        model: Who is asked.
        turns: The conversation as (role, words); audio as what was heard.
        text_tokens: Tokens of all text.
        audio_tokens: Tokens of all audio.
        duration_s: Seconds of all audio.
        config: `generationConfig`.
        tools: Declared functions.
        calling: `functionCallingConfig`.
        style: Of the text that is to be spoken.
    """

    model: VendorModel
    turns: list[tuple[str, str]] = field(default_factory=list)
    text_tokens: int = 0
    audio_tokens: int = 0
    duration_s: float = 0.0
    config: Mapping[str, Any] = field(default_factory=dict)
    tools: Sequence[Mapping[str, Any]] = ()
    calling: Mapping[str, Any] = field(default_factory=dict)
    style: str | None = None

    @property
    def words(self) -> str:
        """What was said last."""
        return self.turns[-1][1]


def read_request(state: State, body: object, model: VendorModel) -> GenerateRequest:
    """The request, understood.

    Raises:
        ApiError: The vendor would refuse it.
    """
    if not isinstance(body, Mapping):
        raise ApiError("Invalid JSON payload received. Unexpected token.")
    _check(body, "")
    config = body.get("generationConfig") or {}
    _check(config, "generation_config")
    _check(config.get("speechConfig") or {}, "generation_config.speech_config")
    _check(
        config.get("audioTranscriptionConfig") or {}, "generation_config.audio_transcription_config"
    )
    asked = GenerateRequest(model=model, config=config)
    _read_instructions(asked, body.get("systemInstruction"))
    _read_tools(asked, body)
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        raise ApiError("* GenerateContentRequest.contents: contents is not specified")
    for index, content in enumerate(contents):
        _read_content(state, asked, content, is_last=index == len(contents) - 1)
    _check_calls(contents)
    return asked


def _check(value: object, where: str) -> None:
    if not isinstance(value, Mapping):
        raise ApiError(f"Invalid value at '{where}' (type): a message is expected")
    for name in value:
        if name not in _FIELDS[where]:
            raise unknown_field(str(name), where)


def _read_instructions(asked: GenerateRequest, instruction: object) -> None:
    if instruction is None:
        return
    if asked.model.kind != "chat":
        raise ApiError("Developer instruction is not enabled for this model")
    parts = instruction.get("parts", []) if isinstance(instruction, Mapping) else []
    asked.text_tokens += sum(text_tokens(part.get("text", "")) for part in parts)


def _read_tools(asked: GenerateRequest, body: Mapping[str, Any]) -> None:
    declared: list[Mapping[str, Any]] = []
    for tool in body.get("tools") or ():
        _check(tool, "tools")
        for function in tool["functionDeclarations"]:
            _check(function, "tools.function_declarations")
            declared.append(function)
    if declared and asked.model.kind != "chat":
        raise ApiError("Function calling is not enabled for this model")
    asked.tools = declared
    asked.calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    _check(asked.calling, "tool_config.function_calling_config")


def _read_content(state: State, asked: GenerateRequest, content: Any, *, is_last: bool) -> None:
    if set(content) - {"role", "parts"}:
        raise unknown_field(str(sorted(content)[0]), "contents")
    role, parts = content.get("role", "user"), content.get("parts") or []
    if role not in ("user", "model"):
        raise ApiError("Please use a valid role: user, model.")
    if not parts:
        raise ApiError("* GenerateContentRequest.contents: contents.parts must not be empty.")
    words: list[str] = []
    speaker = "assistant" if role == "model" else "user"
    is_signed = False
    for position, part in enumerate(parts):
        _check(part, "contents.parts")
        if "text" in part:
            words.append(part["text"])
            asked.text_tokens += text_tokens(part["text"])
        elif "inlineData" in part:
            if role == "model":
                raise ApiError("Audio is not supported in a turn of the model.")  # (guess)
            words.append(_listen(state, asked, part["inlineData"]))
        elif "functionCall" in part:
            is_signed = _check_signature(state, asked, part, position, is_signed)
        elif "functionResponse" in part:
            speaker = "tool"
            response = part["functionResponse"]["response"]
            words.append(str(response.get("output", response.get("error", response))))
        if is_last and "speechMetadata" in part:
            _read_style(asked, part["speechMetadata"])
    asked.turns.append((speaker, " ".join(filter(None, words))))


def _read_style(asked: GenerateRequest, metadata: Mapping[str, Any]) -> None:
    if not asked.model.takes_style:
        raise unknown_field("speechMetadata", "contents.parts")
    asked.style = metadata.get("style")


def _check_signature(
    state: State, asked: GenerateRequest, part: Mapping[str, Any], position: int, was_signed: bool
) -> bool:
    """Of calls asked for together the first has to be signed."""
    name, signature = part["functionCall"]["name"], part.get("thoughtSignature")
    if not asked.model.signs:
        return True
    if signature is None and not was_signed:
        raise ApiError(
            "Function call is missing a thought_signature in functionCall parts. This is required "
            "for tools to work correctly, and missing thought_signature may lead to degraded model "
            f"performance. Additional data, function call `default_api:{name}`, "
            f"position {position + 1}."
        )
    if signature is not None and not state.is_signed(signature, asked.model.id):
        raise ApiError("Corrupted thought signature.")
    return True


def _check_calls(contents: Sequence[Mapping[str, Any]]) -> None:
    """Every turn of calls is followed by one with as many responses, by the same names."""
    for turn, following in zip(contents, [*contents[1:], {}], strict=True):
        calls = [p["functionCall"] for p in turn["parts"] if "functionCall" in p]
        answers = [
            p["functionResponse"] for p in following.get("parts", ()) if "functionResponse" in p
        ]
        if [c["name"] for c in calls] != [a["name"] for a in answers]:
            raise ApiError(
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn."
            )
        if [c.get("id") for c in calls] != [a.get("id") for a in answers]:
            raise ApiError("The ids of function calls and responses differ.")  # (guess)


def _listen(state: State, asked: GenerateRequest, blob: Mapping[str, Any]) -> str:
    if asked.model.kind == "speech":
        raise ApiError("Audio input modality is not enabled for this model")  # (guess)
    media_type = blob.get("mimeType")
    if media_type not in _MEDIA_TYPES:
        raise ApiError(f"Unsupported MIME type: {media_type}")
    try:
        # Either alphabet is taken, with or without padding.
        text = blob["data"].translate(str.maketrans("-_", "+/"))
        samples, rate = decode_audio(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except binascii.Error as error:
        raise ApiError("Invalid value at 'contents.parts.inline_data.data'") from error
    except (MalformedAudioError, DependencyMissingError) as error:
        raise ApiError("Request contains an invalid argument.") from error
    asked.audio_tokens += heard_tokens(len(samples), rate, asked.model)
    asked.duration_s += len(samples) / rate
    return state.speech_models.hear(samples, rate)
