"""Under which key a result is cached: equal when, and only when, the same would be made again."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import math
from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel

from ossicle.audio import AudioClip, BlockStream
from ossicle.errors import ConfigurationError
from ossicle.messages import Request

_NOT_EFFECTIVE = frozenset({"deadline", "stream"})
"""Fields of a request that change how an answer comes, not what it is."""


def cache_key(secret: bytes, *, tenant: str, kind: str, facts: object) -> str:
    """A key that tells nothing and that no other tenant, kind or facts share.

    Args:
        secret: Of the store.
        tenant: Whose.
        kind: What is cached, such as `speak`.
        facts: Everything that the result depends on; see `canonical`.

    Returns:
        HMAC-SHA256 in hexadecimal.

    Raises:
        ConfigurationError: The facts hold something that has no canonical form.
    """
    text = json.dumps([tenant, kind, canonical(facts)], sort_keys=True, separators=(",", ":"))
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def request_facts(
    request: Request, *, provider: str, samples: Mapping[str, str] | None = None
) -> dict[str, object]:
    """What the answer to a request depends on.

    Args:
        request: As it is sent: everything that a default decides is filled in.
        provider: Who is asked.
        samples: For the digest of a clip that of its decoded samples (`digest_samples`), where
            these alone matter: the same speech as WAV or FLAC is then the same.

    Returns:
        Facts for `cache_key`.
    """
    facts: dict[str, object] = {
        name: value for name, value in request if name not in _NOT_EFFECTIVE
    }
    return {"provider": provider, "request": _with_samples(facts, samples or {})}


def digest_samples(stream: BlockStream) -> str:
    """The SHA-256 of decoded samples with their rate and channels, however they were encoded.

    Args:
        stream: Read to its end and closed. Its split into blocks does not matter.
    """
    digest = hashlib.sha256(f"{stream.sample_rate} Hz, {stream.channels} channels:".encode())
    with stream:
        for block in stream:
            # Adding zero makes the two zeros one; `<f4` is the same on every machine.
            digest.update((block + 0.0).astype("<f4").tobytes())
    return f"samples:{digest.hexdigest()}"


def canonical(value: object) -> Any:
    """A form of a value that JSON writes in one way only.

    Whole floats are integers, sets and the keys of mappings are sorted, clips are their digest,
    and records are their class with their fields.

    Raises:
        ConfigurationError: There is no such form, as for a function or an infinite number.
    """
    match value:
        case None | bool() | str():
            return value
        case Enum():
            return canonical(value.value)
        case int():
            return int(value)
        case float() if math.isfinite(value):
            return int(value) if value.is_integer() else value
        case Decimal() if value.is_finite():
            return {"decimal": format(value.normalize(), "f")}
        case AudioClip():
            return {"clip": value.digest, "format": str(value.format)}
        case bytes():
            return {"bytes": value.hex()}
        case BaseModel():
            return {"record": type(value).__name__, "fields": canonical(dict(value))}
        case Mapping():
            return {"mapping": {_key(name): canonical(each) for name, each in value.items()}}
        case Sequence():
            return [canonical(each) for each in value]
        case Set():
            return {"set": sorted((canonical(each) for each in value), key=json.dumps)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        return {"record": type(value).__name__, "fields": canonical(fields)}
    raise ConfigurationError(
        f"a {type(value).__name__} in a request has no form to cache it under",
        fix="Use plain values, or do not cache this call.",
    )


def _key(name: object) -> str:
    if not isinstance(name, str):
        raise ConfigurationError(
            f"a mapping in a request has a key of type {type(name).__name__}",
            fix="Use text as keys.",
        )
    return name


def _with_samples(value: object, samples: Mapping[str, str]) -> object:
    """The same with each clip whose samples are known replaced by their digest."""
    match value:
        case AudioClip() if value.digest in samples:
            return {"samples": samples[value.digest]}
        case BaseModel():
            return {
                "record": type(value).__name__,
                **{name: _with_samples(each, samples) for name, each in value},
            }
        case Mapping():
            return {name: _with_samples(each, samples) for name, each in value.items()}
        case tuple() | list():
            return [_with_samples(each, samples) for each in value]
    return value
