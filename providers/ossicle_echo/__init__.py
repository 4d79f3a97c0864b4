"""A deterministic provider whose audio carries its text in tones."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .provider import EchoProvider
    from .script import EchoScript
else:
    # The plugin's module loads without numpy; what needs it loads when it is first named.
    def __getattr__(name: str) -> Any:
        modules = {"EchoProvider": "provider", "EchoScript": "script"}
        if name not in modules:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{modules[name]}"), name)


__all__ = ["EchoProvider", "EchoScript"]
