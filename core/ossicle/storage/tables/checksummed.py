"""Rows that were changed by anything but ourselves are noticed."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator

from pydantic import ValidationError

from ossicle.errors import StorageCorruptError


def seal(data: bytes, label: str) -> bytes:
    """The digest of a row's text and of what else of the row must not change."""
    return hashlib.sha256(label.encode() + b"\0" + data).digest()


def unseal(data: bytes, digest: bytes, label: str) -> str:
    """The text of a row that matches its digest.

    Raises:
        StorageCorruptError: It does not.
    """
    # SQLite puts no bounds on what a column holds.
    if not isinstance(data, bytes) or not isinstance(label, str):
        raise _changed()
    if seal(data, label) != digest:
        raise _changed()
    return data.decode()


@contextlib.contextmanager
def plausible() -> Iterator[None]:
    """Raise a typed error for rows that no record can be made of."""
    try:
        yield
    except ValidationError as error:
        raise _changed() from error


def _changed() -> StorageCorruptError:
    return StorageCorruptError(
        "a stored row does not match its digest",
        fix="Restore the store from a backup, or delete what the row belongs to.",
    )
