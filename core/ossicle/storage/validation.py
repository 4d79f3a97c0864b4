"""Which tenants, ids, keys and digests are well formed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ossicle.errors import (
    ConfigurationError,
    FileAccessError,
    NotStoredError,
    StorageConflictError,
)

if TYPE_CHECKING:
    from ossicle.storage.records import StoredTurn
    from ossicle.storage.store import BlobSource

_MAX_NAME_BYTES = 256
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def check_names(**names: str) -> None:
    """Refuse a tenant, id or key that is empty, too long or not storable text.

    Args:
        names: Each under the word that an error should call it by.

    Raises:
        ConfigurationError: A name is not 1 to 256 bytes of UTF-8 without NUL.
    """
    for word, name in names.items():
        try:
            n_bytes = len(name.encode())
        except UnicodeEncodeError:
            n_bytes = 0
        if not 0 < n_bytes <= _MAX_NAME_BYTES or "\0" in name:
            raise ConfigurationError(
                f"the {word.replace('_', ' ')} is not 1 to {_MAX_NAME_BYTES} bytes of text",
                fix="Use a short identifier.",
            )


def check_digests(*digests: str) -> None:
    """Refuse what is not a digest.

    Raises:
        ConfigurationError: A digest is not `sha256:` and 64 lower-case hexadecimal digits.
    """
    for digest in digests:
        if not _DIGEST.fullmatch(digest):
            raise ConfigurationError(
                "a digest is not well formed",
                fix="Use what put_blob returned, or AudioClip.digest.",
            )


def encode_document(document: str) -> bytes:
    """The text of a document in UTF-8.

    Raises:
        ConfigurationError: It holds half a surrogate pair.
    """
    try:
        return document.encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(
            "a document is not text that UTF-8 can hold", fix="Write it as JSON text."
        ) from error


def digest_of(data: bytes) -> str:
    """`sha256:` and the SHA-256 of the bytes in hexadecimal."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def read_source(source: BlobSource) -> bytes:
    """All bytes of a blob to be.

    Raises:
        FileAccessError: The file cannot be read.
    """
    if isinstance(source, Path):
        try:
            return source.read_bytes()
        except OSError as error:
            raise FileAccessError(
                f"cannot read the file of a blob: {error.strerror}", fix="Check the path."
            ) from error
    return bytes(source)


def unknown_conversation(name: str) -> NotStoredError:
    """What is raised for a conversation that is not there."""
    return NotStoredError(f"there is no conversation {name!r}", fix="Check its id.")


def conflict_error(found: int, expected: int) -> StorageConflictError:
    """The error for a conversation that has another revision than was expected."""
    if expected == 0:
        return StorageConflictError(
            "a conversation of this id is stored already",
            fix="Open that one, or give this one another id.",
        )
    return StorageConflictError(
        f"the conversation is at revision {found}, not {expected}",
        fix="Load it again: another writer changed it.",
    )


def fresh_blobs(turns: Iterable[StoredTurn], new_blobs: Iterable[BlobSource]) -> dict[str, bytes]:
    """The bytes that come with turns, by digest.

    Raises:
        ConfigurationError: A digest is not well formed, or a blob is named in none of the turns.
        FileAccessError: A file cannot be read.
    """
    named = {digest for turn in turns for digest in turn.blobs}
    check_digests(*named)
    fresh = {digest_of(data): data for data in map(read_source, new_blobs)}
    if not fresh.keys() <= named:
        raise ConfigurationError(
            "a new blob is not named in the turn", fix="Add its digest to turn.blobs."
        )
    return fresh
