"""From requests to JSON, from the vendor's lines to events, from its refusals to errors. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.nightly.broken_plugins.parrot.record import NAME, RATE

from ossicle.audio import AudioFormat
from ossicle.errors import (
    AudioReferenceNotFoundError,
    AuthenticationError,
    InvalidReplyError,
    ModelNotFoundError,
    PermissionRefusedError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitedError,
    RequestRefusedError,
)
from ossicle.messages import (
    AudioDelta,
    AudioPart,
    AudioReference,
    Event,
    Finished,
    InputHeard,
    Message,
    NamedTool,
    Part,
    ReferenceIssued,
    ReplyStarted,
    Request,
    TextDelta,
    TextPart,
    ToolCallDelta,
    ToolResultPart,
    TranscriptDelta,
    Usage,
    UsageReported,
)
from ossicle.rest import stripped

PCM = AudioFormat.pcm(sample_rate=RATE)
WAV = AudioFormat.named("wav", sample_rate=RATE, channels=1)


def request_to_body(request: Request) -> bytes:
    """The request as the vendor wants it."""
    choice = request.tool_choice
    payload = {
        "task": request.task,
        "told": request.instructions,
        "messages": [_message(message) for message in request.messages],
        "output": sorted(request.output),
        "stream": request.stream,
        "voice": request.voice,
        "tools": [{"name": tool.name} for tool in request.tools],
        "choice": choice.name if isinstance(choice, NamedTool) else choice,
        "most": request.max_output_tokens,
    }
    return json.dumps(payload).encode()


def _message(message: Message) -> dict[str, Any]:
    heard = any(isinstance(part, AudioPart) for part in message.parts)
    return {"role": message.role, "heard": heard, "parts": [_part(one) for one in message.parts]}


def _part(part: Part) -> dict[str, str]:
    if isinstance(part, TextPart):
        return {"text": part.text}
    if isinstance(part, AudioPart):
        return {"audio": base64.b64encode(part.clip.read_bytes()).decode()}
    if isinstance(part, ToolResultPart):
        return {"text": part.content}
    if isinstance(part, AudioReference):
        return {"kept": part.id}
    return {"text": f"called {part.call.name}"}


def line_to_events(line: bytes, *, is_stream: bool) -> Iterator[Event]:
    """The events of one line of the answer.

    Raises:
        InvalidReplyError: It is none that the vendor is known to send.
    """
    try:
        found = json.loads(line)
        yield _event(found, is_stream=is_stream)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidReplyError(
            f"a line of {len(line)} bytes in the reply is not what the vendor promises",
            provider=NAME, billed=True, fix="Ask again.",
        ) from stripped(error)  # fmt: skip


def _event(found: Mapping[str, Any], *, is_stream: bool) -> Event:
    if "id" in found:
        return ReplyStarted(request_id=found["id"], server_time_s=found["time"])
    if "heard" in found:
        return InputHeard(text=found["heard"])
    if "text" in found:
        return TextDelta(text=found["text"])
    if "said" in found:
        return TranscriptDelta(text=found["said"])
    if "sound" in found:
        data = base64.b64decode(found["sound"], validate=True)
        return AudioDelta(data=data, format=PCM if is_stream else WAV)
    if "kept" in found:
        return ReferenceIssued(id=found["kept"], expires_at=found["expires"])
    if "arguments" in found:
        return ToolCallDelta(
            index=0, id=found.get("call"), name=found.get("name"), arguments=found["arguments"]
        )
    if "usage" in found:
        return UsageReported(usage=_usage(found["usage"]))
    return Finished(reason=found["end"])


def _usage(told: Mapping[str, int]) -> Usage:
    return Usage(
        input_tokens=told["in_text"] + told["in_audio"],
        input_text_tokens=told["in_text"],
        input_audio_tokens=told["in_audio"],
        output_tokens=told["text"] + told["audio"],
        output_text_tokens=told["text"],
        output_audio_tokens=told["audio"],
    )


def refusal_to_error(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a refusal means; nothing of what the vendor says is repeated."""
    facts: dict[str, Any] = {"provider": NAME, "status": status}
    if status == 404 and b'"unknown_audio"' in body:
        return AudioReferenceNotFoundError(
            "the vendor no longer knows an audio id", fix="Send the words.", **facts
        )
    if status == 429:
        wait = headers.get("retry-after", "")
        return RateLimitedError(
            "too many requests (429)", retry_after_s=float(wait) if wait else None,
            fix="Wait.", **facts,
        )  # fmt: skip
    if status >= 500:
        return ProviderUnavailableError(
            f"the vendor failed ({status})", retryable=status == 503, fix="Try later.", **facts
        )
    kinds = {401: AuthenticationError, 403: PermissionRefusedError, 404: ModelNotFoundError}
    kind = kinds.get(status, RequestRefusedError)
    return kind(f"the vendor refused the request ({status})", fix="Check it.", **facts)
