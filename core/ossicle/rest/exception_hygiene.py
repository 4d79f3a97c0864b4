"""Exceptions of libraries without what they were about. Pure."""

from __future__ import annotations

from typing import TypeVar

_ErrorT = TypeVar("_ErrorT", bound=BaseException)

_SUBJECTS = ("request", "_request", "response", "body", "doc")
"""Attributes in which HTTP clients, vendors' SDKs and parsers keep requests, whose headers hold the
key, and replies, which may repeat whatever was sent."""


def stripped(error: _ErrorT) -> _ErrorT:
    """The same exception without its request, response or document; its causes likewise.

    What is raised from it stays as telling as before: kinds, messages and tracebacks are kept.

    Args:
        error: A library's exception, right where it is translated.

    Returns:
        The exception that was given.

    Example:
        raise failures.ambiguous("no answer came") from stripped(error)
    """
    todo: list[BaseException | None] = [error]
    seen = set[int]()
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        held = vars(one)
        for name in _SUBJECTS:
            if name in held:
                held[name] = None
        if isinstance(one, UnicodeDecodeError):
            one.args, one.object = (str(one),), b""
        elif isinstance(one, UnicodeEncodeError):
            one.args, one.object = (str(one),), ""
        todo += [one.__cause__, one.__context__]
        todo += one.exceptions if isinstance(one, BaseExceptionGroup) else ()
    return error
