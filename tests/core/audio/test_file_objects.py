"""File objects of any make are read to their end, or refused in our own words."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import socket
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.audio.synthetic import wav

from ossicle import AsyncClient, Client, PipelineSettings
from ossicle.audio import AudioClip
from ossicle.audio.file_objects import read_to_end
from ossicle.errors import AudioLimitError, ConfigurationError, FileAccessError, OssicleError

WAV = wav(bytes(range(250)) * 8)


class Choppy:
    """Gives at most as many bytes as the next number says; an exception or `None` in between."""

    def __init__(self, data: bytes, sizes: list[Any]) -> None:
        self._inner, self._sizes = io.BytesIO(data), sizes

    def read(self, size: int = -1) -> Any:
        step = self._sizes.pop(0) if self._sizes else size
        if isinstance(step, BaseException):
            raise step
        return None if step is None else self._inner.read(min(step, size))


sizes = st.lists(st.integers(1, 400), max_size=60)
faults = st.sampled_from([None, OSError("gone"), KeyError("x"), TypeError(), RuntimeError("y")])


@given(data=st.binary(max_size=3000), steps=sizes)
def test_short_reads_lose_nothing(data: bytes, steps: list[int]) -> None:
    assert read_to_end(Choppy(data, list(steps)), max_bytes=3000) == data


@given(data=st.binary(min_size=500, max_size=3000), steps=sizes, allowed=st.integers(0, 499))
def test_short_reads_are_counted_against_the_limit(
    data: bytes, steps: list[int], allowed: int
) -> None:
    with pytest.raises(AudioLimitError, match=str(allowed)):
        read_to_end(Choppy(data, list(steps)), max_bytes=allowed)


@given(steps=sizes, fault=faults)
def test_whatever_a_file_object_raises_is_a_file_access_error(
    steps: list[int], fault: Exception | None
) -> None:
    data = b"x" * (sum(steps) + 1)
    broken = Choppy(data, [min(step, 16) for step in steps[:1]] + [*steps[1:], fault, fault])
    with pytest.raises(FileAccessError) as caught:
        read_to_end(broken, max_bytes=1 << 20)
    assert caught.value.fix


def test_raw_pipes_and_sockets_are_read_to_their_end() -> None:
    program = f"import os\nfor i in range(40): os.write(1, {WAV[:700]!r})"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, bufsize=0
    ) as child:
        assert read_to_end(child.stdout, max_bytes=1 << 20) == WAV[:700] * 40
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb", buffering=0) as file:
        theirs.sendall(WAV)
        theirs.shutdown(socket.SHUT_WR)
        assert AudioClip.from_file(file).read_bytes() == WAV  # type: ignore[arg-type]  # raw


def test_an_empty_pipe_that_does_not_block_is_a_typed_error() -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with (
        os.fdopen(reader, "rb", buffering=0) as file,
        os.fdopen(writer, "wb"),
        pytest.raises(FileAccessError, match="does not block"),
    ):
        AudioClip.from_file(file)


def test_a_file_at_its_end_is_read_from_its_start() -> None:
    buffer = io.BytesIO()
    buffer.write(WAV)
    for _ in range(2):  # just written, then read before
        assert AudioClip.from_file(buffer).read_bytes() == WAV


def test_a_file_that_stands_in_the_middle_is_read_from_there() -> None:
    buffer = io.BytesIO(b"prefix" + WAV)
    buffer.seek(6)
    assert AudioClip.from_file(buffer).read_bytes() == WAV


class Whole:
    """`read` without a size, the same each time."""

    def read(self) -> bytes:
        return WAV


class Upload:
    """As Starlette's `UploadFile`, aiofiles and anyio have it: coroutines, a loop of their own."""

    def __init__(self, data: bytes = WAV) -> None:
        self.file = io.BytesIO(data)

    async def read(self, size: int = -1) -> bytes:
        await asyncio.sleep(0)
        return self.file.read(min(size, 300) if size >= 0 else size)

    async def seek(self, offset: int) -> int:
        return self.file.seek(offset)


class AlwaysWhole:
    async def read(self, size: int = -1) -> bytes:
        return WAV


def test_read_without_a_size_is_enough() -> None:
    assert AudioClip.from_file(Whole()).read_bytes() == WAV  # type: ignore[arg-type]  # tested


@pytest.mark.parametrize("make", [Upload, AlwaysWhole])
def test_asynchronous_files_are_awaited_by_the_async_client(make: Any) -> None:
    async def ask() -> list[str]:
        async with AsyncClient("echo", settings=PipelineSettings(quality="off")) as client:
            upload = make()
            # The second time it stands at its end.
            return [(await client.transcribe(source)).text for source in (upload, upload, WAV)]

    first, second, whole = asyncio.run(ask())
    assert first == second == whole


def test_asynchronous_files_are_refused_by_the_blocking_client() -> None:
    for call in (
        lambda: Client("echo").transcribe(Upload()),  # type: ignore[arg-type]  # tested
        lambda: AudioClip.from_file(Upload()),  # type: ignore[arg-type]  # tested
    ):
        with pytest.raises(ConfigurationError, match=r"upload\.file"):
            call()


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(WAV).decode(),
        base64.b64encode(b"my secret words, said aloud").decode(),
        base64.b64encode(b"my secret words, spoken aloud").decode().rstrip("="),
        base64.encodebytes(WAV).decode(),
        base64.urlsafe_b64encode(bytes(range(120, 250)) * 3).decode(),
    ],
)
def test_base64_text_as_a_path_is_named_and_never_quoted(text: str) -> None:
    for call in (Client("echo").transcribe, AudioClip.from_path):
        with pytest.raises(OssicleError, match="base64") as caught:
            call(text)
        assert "from_base64" in str(caught.value)
        assert text[:12] not in str(caught.value)
        assert text[-12:].strip() not in str(caught.value)


def test_long_text_as_a_path_is_not_quoted() -> None:
    with pytest.raises(FileAccessError) as caught:
        AudioClip.from_path("What I said to my doctor. " * 30)
    assert "doctor" not in str(caught.value)


@pytest.mark.parametrize("name", ["recordings/Meeting2026", "a" * 40, "call_2026-11-30_Part1"])
def test_a_missing_file_with_a_plain_name_is_named(name: str) -> None:
    with pytest.raises(FileAccessError, match=name.rsplit("/", 1)[-1][:20]):
        AudioClip.from_path(name)
