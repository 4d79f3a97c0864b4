"""Addresses where no vendor answers: the faults that strike before any server sees a byte."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

UNRESOLVABLE_URL = "http://vendor.invalid/v1"
"""A name that no resolver may ever resolve (RFC 6761, section 6.4)."""


@contextlib.contextmanager
def refusing_url() -> Iterator[str]:
    """A URL whose port is held but not listened on: connecting is refused at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/v1"


@contextlib.contextmanager
def silent_url() -> Iterator[str]:
    """A URL whose port takes no more connections and says nothing: connecting times out.

    The queue of a listening socket is filled and never emptied. Linux then drops further
    connection requests; other systems may refuse them instead.
    """
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
