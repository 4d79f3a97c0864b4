"""Field names: the interface's own JSON form takes `mime_type` as well as `mimeType`.

Source: https://protobuf.dev/programming-guides/json, read 2026-11-23.
"""

from __future__ import annotations

import re
from typing import Any

_OPAQUE = frozenset({"args", "response", "parameters", "parametersJsonSchema"})
"""What stands under these is the caller's own data."""


def camel_names(value: Any) -> Any:
    """The same data with every field of the interface in lowerCamelCase."""
    if isinstance(value, list):
        return [camel_names(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {_camel(name): inner for name, inner in value.items()}
    return {name: inner if name in _OPAQUE else camel_names(inner) for name, inner in named.items()}


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)
