"""From a request to the body of `generateContent`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import AudioPart, NamedTool, Request, Task, Tool
from ossicle.rest import refuse_unsupported, spoken_text
from ossicle_gemini.catalogue import GeminiModel
from ossicle_gemini.contents import blob_of, contents_of
from ossicle_gemini.options import CallOptions
from ossicle_gemini.signatures import Signatures

_OPTIONS: Mapping[Task, tuple[str, ...]] = {
    "respond": ("top_p", "top_k", "stop", "thinking_level"),
    "speak": (),
    "transcribe": ("vocabulary", "word_timestamps", "diarization"),
}
"""Extras that have a meaning for one task only."""

_NOTHING = CallOptions()
_SAMPLING = ("temperature", "seed", "max_output_tokens")


def payload_of(
    request: Request, *, options: CallOptions, record: GeminiModel, signatures: Signatures
) -> dict[str, Any]:
    """The body of a call; audio stands in it as `ClipData`.

    Raises:
        TextTooLongError: More text than the model speaks in one answer.
        UnsupportedFeatureError: The request cannot be said in the vendor's form.
    """
    _refuse_unsayable(request, options)
    match request.task:
        case "respond":
            payload = _respond(request, options, record, signatures)
        case "speak":
            payload = _speak(request, record)
        case "transcribe":
            payload = _transcribe(request, options)
    if options.safety_settings:
        payload["safetySettings"] = [
            {"category": category, "threshold": threshold}
            for category, threshold in options.safety_settings.items()
        ]
    return _merged(payload, options.extra_body)


def _refuse_unsayable(request: Request, options: CallOptions) -> None:
    """Refuse what would go nowhere.

    Nothing of the vendor's that was read says that a transcription heeds any field of sampling.
    """
    wrong = [
        name
        for task, names in _OPTIONS.items()
        for name in names
        if task != request.task and getattr(options, name) != getattr(_NOTHING, name)
    ]
    if request.task == "transcribe":
        wrong += [name for name in _SAMPLING if getattr(request, name) is not None]
    if wrong:
        raise UnsupportedFeatureError(
            f"{request.model} takes no {wrong[0]} to {request.task}",
            feature=wrong[0],
            fix="Leave it out, or write the vendor's own field as the option `extra_body`.",
        )


def _respond(
    request: Request, options: CallOptions, record: GeminiModel, signatures: Signatures
) -> dict[str, Any]:
    known = signatures if record.signs_thoughts else None
    payload: dict[str, Any] = {
        "contents": contents_of(request.messages, model=request.model, signatures=known)
    }
    if request.instructions:
        payload["systemInstruction"] = {"parts": [{"text": request.instructions}]}
    if request.tools:
        payload["tools"] = [{"functionDeclarations": [_declared(tool) for tool in request.tools]}]
        config = _tool_config(request)
        if config is not None:
            payload["toolConfig"] = {"functionCallingConfig": config}
    thinking = {"thinkingLevel": options.thinking_level} if options.thinking_level else None
    generation = _given({
        **_sampling(request),
        "topP": options.top_p,
        "topK": options.top_k,
        "stopSequences": list(options.stop) or None,
        "thinkingConfig": thinking,
    })  # fmt: skip
    if generation:
        payload["generationConfig"] = generation
    return payload


def _speak(request: Request, record: GeminiModel) -> dict[str, Any]:
    text = spoken_text(request, max_chars=record.capabilities.max_text_chars)
    part: dict[str, Any] = {"text": text}
    if request.instructions and record.style_is_metadata:
        part["speechMetadata"] = {"style": request.instructions}
    elif request.instructions:
        # The form of the vendor's own examples: "Say cheerfully: Have a wonderful day!"
        part["text"] = f"{request.instructions.strip().rstrip(':.')}:\n{text}"
    is_asked = request.temperature is not None and record.style_is_metadata
    refuse_unsupported(request.model, [(is_asked, "temperature", "Leave it out.")])
    voice = request.voice or record.capabilities.default_voice
    named = {"voice": voice} if record.style_is_metadata else {
        "prebuiltVoiceConfig": {"voiceName": voice}
    }  # fmt: skip
    speech = _given({"voiceConfig": named, "languageCode": request.language})
    generation = _given(
        {**_sampling(request), "responseModalities": ["AUDIO"], "speechConfig": speech}
    )
    return {
        "contents": [{"role": "user", "parts": [part]}],
        "generationConfig": generation,
    }


def _transcribe(request: Request, options: CallOptions) -> dict[str, Any]:
    fix = "Give words to expect as the option `vocabulary`."
    refuse_unsupported(request.model, [(request.instructions, "instructions", fix)])
    clips = [part.clip for part in request.messages[-1].parts if isinstance(part, AudioPart)]
    config = _given({
        "languageCodes": [request.language] if request.language else None,
        "customVocabulary": list(options.vocabulary) or None,
        "wordTimestamp": options.word_timestamps or None,
        "diarization": options.diarization or None,
    })  # fmt: skip
    payload: dict[str, Any] = {
        "contents": [{"role": "user", "parts": [blob_of(clip) for clip in clips]}]
    }
    if config:
        payload["generationConfig"] = {"audioTranscriptionConfig": config}
    return payload


def _sampling(request: Request) -> dict[str, Any]:
    return {
        "maxOutputTokens": request.max_output_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
    }


def _declared(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "parametersJsonSchema": tool.parameters,
    }


def _tool_config(request: Request) -> dict[str, Any] | None:
    """Which calls the model may or must make; a strict schema is what `VALIDATED` promises."""
    is_strict = any(tool.strict for tool in request.tools)
    match request.tool_choice:
        case NamedTool(name=name):
            return {"mode": "ANY", "allowedFunctionNames": [name]}
        case "required":
            return {"mode": "ANY"}
        case "none":
            return {"mode": "NONE"}
        case "auto":
            return {"mode": "VALIDATED" if is_strict else "AUTO"}
        case None:
            return {"mode": "VALIDATED"} if is_strict else None


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _merged(payload: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Both together; objects are merged, anything else is replaced."""
    merged = dict(payload)
    for name, value in extra.items():
        old = merged.get(name)
        is_both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(old, value) if is_both else value  # type: ignore[arg-type]  # checked
    return merged
