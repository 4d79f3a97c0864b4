"""Where the bytes of large blobs lie, under names that tell nothing."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import BinaryIO, Protocol

OWN_NAME = re.compile(r"[0-9a-f]{64}|\.[0-9a-f]{16}\.part")
"""A blob, or one that was being written."""


class BlobBackend(Protocol):
    """A folder of blobs, here or elsewhere. Its methods raise `StorageError` when they fail."""

    def name(self, *facts: str) -> str:
        """The name for these facts; different facts never share one."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Put bytes in place, whole; they outlive the process when this returns."""

    def open(self, name: str, digest: str) -> BinaryIO:
        """A file object over bytes that were read once and match their digest.

        Raises:
            NotStoredError: There is nothing under this name.
            StorageCorruptError: They do not match.
        """
        ...

    def holds(self, name: str, digest: str) -> bool:
        """Whether there are such bytes, whole."""
        ...

    def unlink(self, name: str) -> None:
        """Delete what is under a name; nothing there counts as deleted."""

    def names(self) -> set[str]:
        """All own names that are in use, those of unfinished writes too."""
        ...

    def close(self) -> None:
        """Release what is held between calls; twice is harmless."""


def hidden_name(secret: bytes, *facts: str) -> str:
    """64 hexadecimal digits that only this secret yields for these facts."""
    text = b"".join(len(fact.encode()).to_bytes(4) + fact.encode() for fact in facts)
    return hmac.new(secret, text, hashlib.sha256).hexdigest()
