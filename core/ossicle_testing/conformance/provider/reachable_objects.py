"""What can be reached from an error: along its causes, into whatever they hold."""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from ossicle.messages import Reply

_MOST_OBJECTS = 5000
_DEEPEST = 8
_CLOSED = (
    type, types.ModuleType, types.FunctionType, types.MethodType, types.BuiltinFunctionType,
    types.CodeType, types.FrameType, types.TracebackType, SecretStr, Reply, int, float, bool,
)  # fmt: skip
"""What is not looked into: code, numbers, what is sealed on purpose, and the part of an answer
that came, which belongs to the caller."""


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """An error and everything that Python would show with it, members of groups among it."""
    todo, seen = deque([error]), set[int]()
    while todo:
        one = todo.popleft()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        shown = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        todo += [shown] if shown is not None else []
        todo += one.exceptions if isinstance(one, BaseExceptionGroup) else ()


def place_of(secret: str, error: BaseException) -> str | None:
    """Where a secret stands in what an error holds, as a path of attributes; `None`: nowhere.

    Tracebacks are left out: their frames belong to whoever runs, not to what was raised.
    """
    wanted = secret.encode()
    todo: deque[tuple[str, int, Any]] = deque([(type(error).__name__, 0, error)])
    seen = set[int]()
    while todo and len(seen) < _MOST_OBJECTS:
        path, depth, one = todo.popleft()
        if isinstance(one, str | bytes | bytearray | memoryview):
            told = one.encode("utf-8", "replace") if isinstance(one, str) else bytes(one)
            if wanted in told:
                return path
            continue
        if one is None or isinstance(one, _CLOSED) or id(one) in seen or depth == _DEEPEST:
            continue
        seen.add(id(one))
        todo += [(f"{path}{name}", depth + 1, part) for name, part in _parts(one)]
    return None


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    """What an object holds, each with the step that leads to it."""
    if isinstance(thing, Mapping):
        for key, value in list(thing.items()):
            yield ".keys()", key
            yield f"[{key!r}]" if isinstance(key, str) else "[…]", value
    elif isinstance(thing, list | tuple | set | frozenset | deque):
        for number, value in enumerate(thing):
            yield f"[{number}]", value
    if isinstance(thing, BaseException):
        yield ".args", thing.args
    if isinstance(thing, UnicodeError):
        yield ".object", getattr(thing, "object", None)
    for name, value in list(getattr(thing, "__dict__", {}).items()):
        yield f".{name}", value
    for kind in type(thing).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name != "__dict__" and hasattr(thing, name):
                yield f".{name}", getattr(thing, name)
