from __future__ import annotations

import base64
import json
import tracemalloc
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.audio import AudioClip, AudioFormat
from ossicle.audio.wav import wav_header
from ossicle.rest import Body, ClipData, form_body, json_body
from ossicle_testing.vendors import parse_form

PCM = AudioFormat.pcm(sample_rate=8000)
SIZES = st.sampled_from([0, 1, 2, 3, 3 * (1 << 15) - 22, 3 * (1 << 15), 100_001])


def clip_of(n_frames: int) -> AudioClip:
    return AudioClip.from_bytes(wav_header(PCM, n_frames) + bytes(2 * n_frames))


def read(body: Body) -> bytes:
    """All pieces of a body, which has to be as long as it says."""

    async def main() -> bytes:
        reader, found = body.reader(), []
        while piece := await reader.next():
            assert len(piece) <= 1 << 16
            found.append(piece)
        assert await reader.next() == b""
        reader.close()
        return b"".join(found)

    data = anyio.run(main)
    assert len(data) == body.n_bytes
    return data


@given(st.lists(SIZES, max_size=3), st.text())
def test_json_holds_every_clip_as_base64(sizes: list[int], text: str) -> None:
    clips = [clip_of(size) for size in sizes]
    payload = {"text": text, "clips": [ClipData(clip=clip, prefix="data:,") for clip in clips]}
    body = json_body(payload)
    assert read(body) == read(body)
    found = json.loads(read(body))
    assert found["text"] == text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    assert found["clips"] == [
        "data:," + base64.b64encode(clip.read_bytes()).decode() for clip in clips
    ]


@given(SIZES, st.lists(st.tuples(st.sampled_from("ab"), st.text()), max_size=4))
def test_a_form_is_what_another_reads(size: int, fields: list[tuple[str, str]]) -> None:
    clip = clip_of(size)
    body = form_body(fields, name="file", clip=clip)
    *texts, file = parse_form(read(body), body.media_type)
    assert [(one.name, one.data.decode()) for one in texts] == [
        (name, text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
        for name, text in fields
    ]
    assert (file.name, file.filename, file.content_type) == ("file", "audio.wav", "audio/wav")
    assert file.data == clip.read_bytes()


def test_a_clip_on_a_disk_is_read_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    path.write_bytes(clip_of(100_000).read_bytes())
    body = form_body([], name="file", clip=AudioClip.from_path(path))
    (file,) = parse_form(read(body), body.media_type)
    assert file.data == path.read_bytes()


def test_what_is_no_json_is_said_so() -> None:
    with pytest.raises(TypeError, match="object is no JSON"):
        json_body({"x": object()})
    with pytest.raises(ValueError):
        json_body({"x": float("nan")})


def test_sending_a_large_clip_takes_no_copy_of_it() -> None:
    large = json_body(
        {"data": ClipData(clip=AudioClip.from_pcm(bytes(20_000_000), sample_rate=24_000))}
    )

    async def drop() -> int:
        total, reader = 0, large.reader()
        while piece := await reader.next():
            total += len(piece)
        return total

    tracemalloc.start()
    try:
        assert anyio.run(drop) == large.n_bytes > 26_000_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000
