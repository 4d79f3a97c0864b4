"""JSON on standard output: one document, nothing else."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from typing import Any, BinaryIO

from pydantic import BaseModel

from ossicle.errors import OssicleError
from ossicle.messages import Finding, Receipt, Reply


def write_document(value: Any, file: BinaryIO | None = None) -> None:
    """Write one JSON document to a file, or to standard output.

    It is plain ASCII, so that no string in it can act on a terminal; infinite and undefined
    numbers become `null`.
    """
    text = json.dumps(plain(value), indent=2, allow_nan=False)
    text = text.replace("\x7f", "\\u007f") + "\n"
    if file is not None:
        file.write(text.encode("ascii"))
        return
    sys.stdout.write(text)
    sys.stdout.flush()


def plain(value: Any) -> Any:
    """The value as JSON data."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="python", exclude_none=True))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    return str(value)


def reply_document(reply: Reply, *, path: str | None) -> dict[str, Any]:
    """What a program learns of a reply.

    Args:
        reply: As it came.
        path: Where its audio was written, or `None`.
    """
    clip = reply.audio
    return {
        "provider": reply.provider,
        "model": reply.model,
        "heard": reply.heard,
        "text": reply.text,
        "transcript": reply.transcript,
        "content": reply.content,
        "finish_reason": reply.finish_reason,
        "audio": None
        if clip is None
        else {
            "path": path,
            "format": clip.format.name,
            "sample_rate": clip.format.sample_rate,
            "channels": clip.format.channels,
            "duration_s": clip.duration_s,
            "n_bytes": clip.n_bytes,
        },
        "usage": reply.usage,
        "tool_calls": [call.model_dump() for call in reply.tool_calls],
        "receipt": None if reply.receipt is None else reply.receipt.summary(),
        "findings": findings_of(reply.receipt),
    }


def findings_of(receipt: Receipt | None) -> tuple[Finding, ...]:
    """What validators found in all clips of a call."""
    if receipt is None:
        return ()
    return tuple(found for record in receipt.inputs for found in record.findings)


def error_document(error: OssicleError) -> dict[str, Any]:
    """What a program learns of an error."""
    facts: dict[str, Any] = {
        "code": error.code,
        "what": error.what,
        "fix": error.fix,
        "retryable": error.retryable,
        "retry_after_s": error.retry_after_s,
    }
    named = ("extra", "package", "limit", "measured", "allowed", "request_id", "findings")
    for name in named:
        value = getattr(error, name, None)
        if value not in (None, ()):
            facts[name] = value
    if isinstance(error.receipt, Receipt):
        facts["receipt"] = error.receipt.summary()
    return {"error": facts}
