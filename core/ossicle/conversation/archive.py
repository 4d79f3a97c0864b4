"""A whole conversation in one file: a ZIP of `conversation.json` and its audio by digest."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from ossicle.audio import AudioClip, atomic_writer
from ossicle.conversation.document import dumps, loads, read_head, read_turn, write_head, write_turn
from ossicle.conversation.notebook import Notebook
from ossicle.errors import AudioLimitError, ConfigurationError, FileAccessError, StorageCorruptError

_HEAD = "conversation.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that the same conversation gives the same file."""

MAX_ENTRY_BYTES = 1 << 30
"""What one entry may unpack to; a file from elsewhere is not trusted with more."""


def export_notebook(notebook: Notebook, path: str | os.PathLike[str]) -> Path:
    """Write a conversation with its audio to one file, all or nothing.

    Returns:
        The absolute path.

    Raises:
        FileAccessError: The file cannot be written.
        ConfigurationError: Nothing of the conversation may be written down.
    """
    level = notebook.retention.level
    if level == "none":
        raise ConfigurationError(
            "nothing of this conversation may be written down (retention='none')",
            fix="Begin it with retention='transcript' or 'audio'.",
        )
    target = Path(path).absolute()
    head = write_head(notebook)
    clips: dict[str, AudioClip] = {}
    head["turns"] = []
    for turn in notebook.turns:
        data, of_turn = write_turn(turn)
        head["turns"].append(data)
        if level == "audio":
            clips |= of_turn
    with (
        atomic_writer(target) as file,
        zipfile.ZipFile(file, "w", compression=zipfile.ZIP_DEFLATED) as archive,
    ):
        archive.writestr(_entry(_HEAD), dumps(head))
        for digest, clip in sorted(clips.items()):
            archive.writestr(_entry(_name_of(digest)), clip.read_bytes())
    return target


def import_notebook(path: str | os.PathLike[str]) -> Notebook:
    """The conversation that `export_notebook` wrote, every digest checked.

    Turns that were under way count as ambiguous.

    Raises:
        FileAccessError: The file cannot be read.
        SchemaVersionError: It was written by a newer version.
        StorageCorruptError: It is no such file, or was changed on the way.
        AudioLimitError: A part of it unpacks to more than 1 GiB.
    """
    try:
        with zipfile.ZipFile(Path(path)) as archive:
            data = loads(_read(archive, _HEAD))
            notebook = read_head(data)
            turns = data.get("turns")
            if not isinstance(turns, list):
                raise StorageCorruptError("the file holds no turns", fix="Export it again.")
            has_audio = notebook.retention.level == "audio"
            for turn in turns:
                read = read_turn(
                    turn, lambda digest: _read(archive, _name_of(digest)) if has_audio else None
                )
                notebook.turns.append(read.recovered())
            return notebook
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
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


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        size = archive.getinfo(name).file_size
    except KeyError as error:
        raise StorageCorruptError(
            "a part of the exported conversation is missing", fix="Export it again."
        ) from error
    if size > MAX_ENTRY_BYTES:
        raise AudioLimitError(
            f"a part of the exported conversation unpacks to {size} bytes",
            limit="encoded_bytes",
            measured=size,
            allowed=MAX_ENTRY_BYTES,
            fix="Export it with shorter audio.",
        )
    with archive.open(name) as file:
        # The size in the header is a claim of the file's author.
        return file.read(MAX_ENTRY_BYTES)


def _name_of(digest: str) -> str:
    return f"audio/{str(digest).removeprefix('sha256:')}"


def _entry(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, date_time=_EPOCH)
