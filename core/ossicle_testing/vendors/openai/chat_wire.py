"""A chat answer on the wire in one piece, as captured from the vendor."""

from __future__ import annotations

import base64
from typing import Any, cast

from ossicle_testing.vendors.audio import ReplyFormat, encode_reply
from ossicle_testing.vendors.http import Response, json_response
from ossicle_testing.vendors.openai.billing import chat_usage
from ossicle_testing.vendors.openai.chat_reply import ChatReply
from ossicle_testing.vendors.openai.chat_request import ChatRequest
from ossicle_testing.vendors.openai.quirks import Quirks
from ossicle_testing.vendors.openai.tool_calls import ToolUse
from ossicle_testing.vendors.tones import Samples


def whole_chat(reply: ChatReply, chat: ChatRequest, quirks: Quirks) -> Response:
    """The answer as one JSON object."""
    speaks = reply.samples is not None
    message: dict[str, Any] = {
        "role": "assistant",
        "content": _content(reply, quirks),
        "refusal": None,
        "annotations": [],
    }
    choices = [_choice(0, message, reply.finish_reason)]
    if speaks:
        audio = _audio(reply, chat, quirks)
        if quirks.audio_choice:
            second = {"role": "assistant", "content": None, "audio": audio}
            choices.append(_choice(quirks.audio_choice, second, reply.finish_reason))
        else:
            message["audio"] = audio
    elif chat.speaks:
        message["audio"] = None
    if reply.tools:
        message["tool_calls"] = [tool_call(tool) for tool in reply.tools]
    return json_response({
        "id": reply.id,
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model,
        "choices": choices,
        "usage": chat_usage(reply.bill, with_cost=quirks.usage_cost),
        "service_tier": "default",
        "system_fingerprint": "fp_0123456789",
    })  # fmt: skip


def audio_bytes(samples: Samples, format: str, quirks: Quirks) -> bytes:
    """The audio in the format asked for, or in what the server sends instead."""
    actual = format if quirks.honours_format else quirks.actual_format
    return encode_reply(samples, cast(ReplyFormat, actual), sized_wav=quirks.sized_wav)


def tool_call(tool: ToolUse) -> dict[str, Any]:
    """One call as it stands in a message."""
    function = {"name": tool.name, "arguments": tool.arguments}
    return {"id": tool.id, "type": "function", "function": function}


def _choice(index: int, message: dict[str, Any], finish_reason: str) -> dict[str, Any]:
    return {"index": index, "message": message, "logprobs": None, "finish_reason": finish_reason}


def _content(reply: ChatReply, quirks: Quirks) -> str | None:
    if reply.samples is None or quirks.text_in_content:
        return reply.text or None
    return "" if quirks.empty_content else None


def _audio(reply: ChatReply, chat: ChatRequest, quirks: Quirks) -> dict[str, Any]:
    samples = cast(Samples, reply.samples)
    return {
        "id": reply.audio_id,
        "data": base64.b64encode(audio_bytes(samples, chat.format, quirks)).decode(),
        "expires_at": reply.expires_at,
        "transcript": None if quirks.text_in_content else reply.text,
    }
