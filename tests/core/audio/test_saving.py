from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from ossicle.audio import AudioClip, atomic_writer
from ossicle.errors import FileAccessError

CLIP = AudioClip.from_pcm(b"\x01\x02" * 5, sample_rate=8000)


def test_a_named_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    """A file once took its place; for a user with the rights, also that of `/dev/null`."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    CLIP.save(pipe)
    reader.join(10)
    assert got == [CLIP.read_bytes()]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_file_that_is_replaced_keeps_its_rights(tmp_path: Path) -> None:
    target = tmp_path / "private.pcm"
    target.touch(0o600)
    CLIP.save(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is writable for root"
)
def test_a_read_only_file_stays_as_it_is(tmp_path: Path) -> None:
    target = tmp_path / "kept.pcm"
    target.write_bytes(b"before")
    target.chmod(0o400)
    with pytest.raises(FileAccessError, match="read-only"):
        CLIP.save(target)
    assert target.read_bytes() == b"before"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="folder"):
        CLIP.save(tmp_path)


def test_nothing_is_left_when_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(b"before")
    with pytest.raises(ZeroDivisionError), atomic_writer(target) as file:
        file.write(b"after")
        _ = 1 / 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert target.read_bytes() == b"before"
