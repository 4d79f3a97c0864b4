"""`POST /models/{model}:generateContent` and `:streamGenerateContent`."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ossicle_testing.vendors.audio import pcm16_bytes, wav_header
from ossicle_testing.vendors.gemini.billing import (
    priced,
    spoken_tokens,
    text_tokens,
    usage_metadata,
)
from ossicle_testing.vendors.gemini.errors import ApiError, model_not_found
from ossicle_testing.vendors.gemini.field_names import camel_names
from ossicle_testing.vendors.gemini.generate_request import GenerateRequest, read_request
from ossicle_testing.vendors.gemini.models import MODELS, VOICES, VendorModel
from ossicle_testing.vendors.gemini.state import State
from ossicle_testing.vendors.gemini.tool_calls import calls_of
from ossicle_testing.vendors.http import EVENT_STREAM, Request, Response, event, json_response
from ossicle_testing.vendors.ledger import Bill

RAW_TYPE = "audio/L16;codec=pcm;rate=24000"
_PIECE_BYTES = 4801
"""Odd, so that every other piece ends inside a sample."""


@dataclass(kw_only=True)
class GeneratedReply:
    """What the model says.

    Attributes:
        parts: In order.
        bill: What it costs.
        ending: Why it ended.
        thoughts: Tokens of the bill's text that it only thought.
    """

    parts: list[dict[str, Any]] = field(default_factory=list)
    bill: Bill = field(default_factory=Bill)
    ending: str = "STOP"
    thoughts: int = 0


def generate(state: State, request: Request) -> Response:
    """Answer in one piece.

    Raises:
        ApiError: The request is refused.
    """
    model, asked = _read(state, request, "generateContent")
    answer = _answer(state, asked, in_pieces=False)
    if isinstance(answer, str):
        return _blocked(state, asked, answer)
    content = {"parts": answer.parts, "role": "model"} if answer.parts else {}
    body = _envelope(state, model)
    body["candidates"] = [{"content": content, "finishReason": answer.ending, "index": 0}]
    body["usageMetadata"] = usage_metadata(answer.bill, thoughts=answer.thoughts)
    response = json_response(body, content_type="application/json; charset=UTF-8")
    return Response(
        status=200, headers=response.headers, body=response.body, executed=True, bill=answer.bill
    )


def stream(state: State, request: Request) -> Response:
    """Answer as server-sent events; the last one says why it ended.

    Raises:
        ApiError: The request is refused.
    """
    if "alt=sse" not in request.query.split("&"):
        raise ApiError("This vendor streams server-sent events only.")  # the real one: a JSON list
    model, asked = _read(state, request, "streamGenerateContent")
    answer = _answer(state, asked, in_pieces=model.streams)
    if isinstance(answer, str):
        return _blocked(state, asked, answer, in_stream=True)
    reply_id = state.new_id()
    events = []
    for part in answer.parts:
        for piece in _pieces(part):
            body = {**_envelope(state, model), "responseId": reply_id}
            body["candidates"] = [{"content": {"parts": [piece], "role": "model"}, "index": 0}]
            events.append(event(body))
    last = {**_envelope(state, model), "responseId": reply_id}
    last["candidates"] = [{
        "content": {"parts": [{"text": ""}], "role": "model"} if answer.parts else {},
        "finishReason": answer.ending, "index": 0,
    }]  # fmt: skip
    last["usageMetadata"] = usage_metadata(answer.bill, thoughts=answer.thoughts)
    events.append(event(last))
    return Response(
        headers=(("content-type", EVENT_STREAM),), body=tuple(events), executed=True,
        bill=answer.bill,
    )  # fmt: skip


def _read(state: State, request: Request, method: str) -> tuple[VendorModel, GenerateRequest]:
    name = request.params["model"]
    model = MODELS.get(name)
    if model is None:
        raise model_not_found(name, method)
    try:
        body = request.json()
    except ValueError as error:
        raise ApiError("Invalid JSON payload received. Unexpected token.") from error
    return model, read_request(state, camel_names(body), model)


def _answer(state: State, asked: GenerateRequest, *, in_pieces: bool) -> GeneratedReply | str:
    """The answer, or the reason for which the prompt is blocked."""
    said = asked.words.lower()
    for word, reason in state.blocks.items():
        if word in said:
            return reason
    for word, reason in state.endings.items():
        if word in said:
            bill = Bill(input_text_tokens=asked.text_tokens, input_audio_tokens=asked.audio_tokens)
            return GeneratedReply(ending=reason, bill=priced(bill, asked.model))
    match asked.model.kind:
        case "chat":
            return _written(state, asked)
        case "speech":
            return _spoken(state, asked, in_pieces=in_pieces)
        case "transcription":
            return _transcribed(asked)


def _written(state: State, asked: GenerateRequest) -> GeneratedReply:
    if asked.config.get("responseModalities", ["TEXT"]) != ["TEXT"]:
        raise ApiError(
            "The requested combination of response modalities is not supported by the model."
        )
    parts = calls_of(state, asked)
    text = "" if parts else state.chat_model(asked.turns)
    limit = asked.config.get("maxOutputTokens")
    ending = "STOP"
    if limit is not None and text_tokens(text) > limit:
        text, ending = text.encode()[: 4 * limit].decode(errors="ignore"), "MAX_TOKENS"
    if text:
        thinking = [{"text": "**Thinking** about it.", "thought": True}] if state.thoughts else []
        parts = [*thinking, {"text": text}]
    n_text = text_tokens(text) if text else sum(text_tokens(str(part)) for part in parts)
    bill = Bill(
        input_text_tokens=asked.text_tokens,
        input_audio_tokens=asked.audio_tokens,
        output_text_tokens=n_text + state.thoughts,
    )
    return GeneratedReply(
        parts=parts, ending=ending, bill=priced(bill, asked.model), thoughts=state.thoughts
    )


def _spoken(state: State, asked: GenerateRequest, *, in_pieces: bool) -> GeneratedReply:
    if asked.config.get("responseModalities") != ["AUDIO"]:
        raise ApiError(
            "The requested combination of response modalities (TEXT) is not supported by the "
            "model. models/" + asked.model.id + " accepts the following combination of response "
            "modalities: * AUDIO"
        )
    if asked.model.takes_style and "temperature" in asked.config:
        raise ApiError("temperature is not supported by this model.")  # wording a guess
    _check_voice(asked)
    samples = state.speech_models.say(asked.words)
    bill = Bill(
        input_text_tokens=asked.text_tokens, output_audio_tokens=spoken_tokens(len(samples))
    )
    data, media_type = pcm16_bytes(samples), RAW_TYPE
    if state.whole_wav and not in_pieces:
        data, media_type = wav_header(len(data)) + data, "audio/wav"
    blob = {"mimeType": media_type, "data": base64.b64encode(data).decode()}
    return GeneratedReply(parts=[{"inlineData": blob}], bill=priced(bill, asked.model))


def _check_voice(asked: GenerateRequest) -> None:
    voice = (asked.config.get("speechConfig") or {}).get("voiceConfig") or {}
    name = voice.get("voice") if asked.model.takes_style else None
    name = name or (voice.get("prebuiltVoiceConfig") or {}).get("voiceName")
    if name not in VOICES and not (asked.model.takes_style and str(name).startswith("voice_")):
        raise ApiError(f"Voice name {name} is not supported.")


def _transcribed(asked: GenerateRequest) -> GeneratedReply:
    words = asked.words
    config = asked.config.get("audioTranscriptionConfig") or {}
    part: dict[str, Any] = {"text": words}
    if config.get("wordTimestamp") or config.get("diarization"):
        said: dict[str, Any] = {"text": words, "languageCode": "en-US"}
        if config.get("diarization"):
            said["speakerLabel"] = "spk_1"
        if config.get("wordTimestamp"):
            said["words"] = list(_timed(words.split(), asked.duration_s))
        part["audioTranscription"] = said
    bill = Bill(input_audio_tokens=asked.audio_tokens, output_text_tokens=text_tokens(words))
    return GeneratedReply(parts=[part], bill=priced(bill, asked.model))


def _timed(words: list[str], duration_s: float) -> Iterator[dict[str, str]]:
    """Words evenly spread over the audio."""
    step = duration_s / max(1, len(words))
    for index, word in enumerate(words):
        yield {"word": word, "startOffset": f"{index * step:.3f}s",
               "endOffset": f"{(index + 1) * step:.3f}s"}  # fmt: skip


def _pieces(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A part in the pieces in which a stream brings it."""
    blob = part.get("inlineData")
    if blob is not None and blob["mimeType"] == RAW_TYPE:
        data = base64.b64decode(blob["data"])
        for start in range(0, len(data), _PIECE_BYTES):
            piece = base64.b64encode(data[start : start + _PIECE_BYTES]).decode()
            yield {"inlineData": {**blob, "data": piece}}
    elif "text" in part and "thought" not in part and "audioTranscription" not in part:
        text = part["text"]
        for start in range(0, len(text), 7):
            yield {"text": text[start : start + 7]}
    else:
        yield part


def _envelope(state: State, model: VendorModel) -> dict[str, Any]:
    return {"modelVersion": model.id, "responseId": state.new_id()}


def _blocked(
    state: State, asked: GenerateRequest, reason: str, *, in_stream: bool = False
) -> Response:
    """A prompt that a policy stops: status 200, no candidates, the prompt's tokens counted."""
    bill = priced(
        Bill(input_text_tokens=asked.text_tokens, input_audio_tokens=asked.audio_tokens),
        asked.model,
    )
    body = _envelope(state, asked.model)
    body["promptFeedback"] = {"blockReason": reason}
    body["usageMetadata"] = {"promptTokenCount": bill.input_tokens,
                             "totalTokenCount": bill.input_tokens}  # fmt: skip
    if in_stream:
        return Response(
            headers=(("content-type", EVENT_STREAM),), body=(event(body),), executed=True, bill=bill
        )
    whole = json_response(body)
    return Response(headers=whole.headers, body=whole.body, executed=True, bill=bill)
