"""The task `respond`: a chat model hears and speaks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from ossicle.audio import AudioFormat
from ossicle.messages import Event, Request
from ossicle.rest import EVENT_STREAM, JSON, json_body, json_events, started
from ossicle_openai.catalogue import OpenAIModel
from ossicle_openai.chat_events import ChatStream
from ossicle_openai.chat_reply import chat_reply_events
from ossicle_openai.chat_request import chat_call
from ossicle_openai.exchange import Exchange
from ossicle_openai.options import CallOptions
from ossicle_openai.response_audio import PCM16

PATH = "/chat/completions"


async def respond_events(
    exchange: Exchange, request: Request, *, options: CallOptions, record: OpenAIModel
) -> AsyncGenerator[Event, None]:
    """Ask a chat model and yield its answer.

    Where audio was asked for and the model only writes, the words are yielded and the answer
    finishes like any other: the core turns that into an error which holds them.

    Raises:
        OssicleError: Whatever goes wrong, translated.
    """
    profile = exchange.endpoint.profile
    chat = chat_call(request, options=options, capabilities=record.capabilities, profile=profile)
    errors = exchange.errors_of(request, origins=chat.origins)
    asked: AudioFormat | None = None
    if "audio" in request.output:
        asked = request.output_format or PCM16
    answer = await exchange.post(
        PATH,
        json_body(chat.payload),
        request=request,
        accept=EVENT_STREAM if chat.streams else JSON,
        errors=errors,
        headers=options.headers,
    )
    how: dict[str, Any] = {
        "errors": errors,
        "profile": profile,
        "asked": asked,
        "request_id": answer.request_id,
        "max_audio_bytes": exchange.endpoint.options.max_reply_bytes,
    }
    async with answer:
        yield started(answer)
        if chat.streams:
            async with aclosing(exchange.relay(answer, ChatStream(**how), errors)) as events:
                async for event in events:
                    yield event
            return
        found = await json_events(answer, errors, lambda body: chat_reply_events(body, **how))
    for event in found:
        yield event
