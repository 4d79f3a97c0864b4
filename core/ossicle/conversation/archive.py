"""A whole conversation in one file: a ZIP of `conversation.json` and its audio by digest."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path

from ossicle.audio import AudioClip, atomic_writer
from ossicle.conversation.document import dumps, loads, read_head, read_turn, write_head, write_turn
from ossicle.conversation.state import ConversationState
from ossicle.errors import AudioLimitError, ConfigurationError, FileAccessError, StorageCorruptError

_HEAD = "conversation.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that the same conversation gives the same file."""

MAX_DOCUMENT_BYTES = 64 << 20
"""What `conversation.json` may be: reading JSON takes many times its size."""

MAX_BYTES = 1 << 30
"""What the whole file may unpack to: it is held in memory, and not trusted with more."""

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def export_state(state: ConversationState, path: str | os.PathLike[str]) -> Path:
    """Write a conversation with its audio to one file, all or nothing.

    Returns:
        The absolute path.

    Raises:
        FileAccessError: The file cannot be written.
        ConfigurationError: Nothing of the conversation may be written down.
        AudioLimitError: It is larger than what `import_state` takes.
    """
    level = state.retention.level
    if level == "none":
        raise ConfigurationError(
            "nothing of this conversation may be written down (retention='none')",
            fix="Begin it with retention='transcript' or 'audio'.",
        )
    target = _checked(path).absolute()
    head = write_head(state)
    clips: dict[str, AudioClip] = {}
    head["turns"] = []
    for turn in state.turns:
        data, of_turn = write_turn(turn)
        head["turns"].append(data)
        if level == "audio":
            clips |= of_turn
    document = dumps(head).encode()
    _check_size(len(document), MAX_DOCUMENT_BYTES)
    _check_size(len(document) + sum(clip.n_bytes for clip in clips.values()), MAX_BYTES)
    with (
        atomic_writer(target) as file,
        zipfile.ZipFile(file, "w", compression=zipfile.ZIP_DEFLATED) as archive,
    ):
        archive.writestr(_entry(_HEAD), document)
        for digest, clip in sorted(clips.items()):
            archive.writestr(_entry(_name_of(digest)), clip.read_bytes())
    return target


def import_state(path: str | os.PathLike[str]) -> ConversationState:
    """The conversation that `export_state` wrote, every digest checked.

    Turns that were under way count as ambiguous.

    Raises:
        FileAccessError: The file cannot be read.
        SchemaVersionError: It was written by a newer version.
        StorageCorruptError: It is no such file, or was changed on the way.
        AudioLimitError: It unpacks to more than 1 GiB.
    """
    try:
        with zipfile.ZipFile(_checked(path)) as archive:
            parts = _Parts(archive)
            data = loads(parts.read(_HEAD, MAX_DOCUMENT_BYTES))
            state = read_head(data)
            turns = data.get("turns")
            if not isinstance(turns, list):
                raise StorageCorruptError("the file holds no turns", fix="Export it again.")
            has_audio = state.retention.level == "audio"
            for turn in turns:
                read = read_turn(
                    turn, lambda digest: parts.read(_name_of(digest)) if has_audio else None
                )
                state.turns.append(read.recovered())
            return state
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise StorageCorruptError(
            "the file is no exported conversation, or it is damaged", fix="Export it again."
        ) from error
    except OSError as error:
        if isinstance(error, FileAccessError):
            raise
        raise FileAccessError(
            f"cannot read the exported conversation: {error.strerror or error}",
            fix="Check the path and its rights.",
        ) from error


class _Parts:
    """What a file from elsewhere unpacks to, each part once, and no more than is allowed."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._known: dict[str, bytes] = {}
        self._n_bytes = 0

    def read(self, name: str, max_bytes: int = MAX_BYTES) -> bytes:
        """A part by its name."""
        if name not in self._known:
            self._known[name] = self._unpacked(name, max_bytes)
        return self._known[name]

    def _unpacked(self, name: str, max_bytes: int) -> bytes:
        try:
            entry = self._archive.getinfo(name)
        except KeyError as error:
            raise StorageCorruptError(
                "a part of the exported conversation is missing", fix="Export it again."
            ) from error
        if entry.compress_type not in _COMPRESSIONS:
            raise StorageCorruptError(
                "the file is packed in a way that `export` never uses", fix="Export it again."
            )
        # `zipfile` gives no more than the entry claims, whatever is in it.
        self._n_bytes += entry.file_size
        _check_size(entry.file_size, max_bytes)
        _check_size(self._n_bytes, MAX_BYTES)
        return self._archive.read(entry)


def _check_size(n_bytes: int, allowed: int) -> None:
    if n_bytes > allowed:
        raise AudioLimitError(
            f"the conversation takes {n_bytes} bytes as a file; {allowed} are allowed",
            limit="encoded_bytes",
            measured=n_bytes,
            allowed=allowed,
            fix="Export a branch with fewer turns.",
        )


def _checked(path: str | os.PathLike[str]) -> Path:
    if "\0" in os.fspath(path):
        raise FileAccessError("the path holds a NUL character", fix="Name another file.")
    return Path(path)


def _name_of(digest: str) -> str:
    return f"audio/{str(digest).removeprefix('sha256:')}"


def _entry(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, date_time=_EPOCH)
