from __future__ import annotations

import base64
import json
import tracemalloc
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.openai.wire import clip

from ossicle.audio import AudioClip
from ossicle_openai.body import ClipText, JsonBody


async def sent(body: JsonBody) -> bytes:
    return b"".join([piece async for piece in body])


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=20), st.lists(st.integers(1, 60), max_size=3))
def test_the_body_is_the_json_that_would_have_been_dumped(text: str, sizes: list[int]) -> None:
    clips = [clip(size) for size in sizes]
    body = JsonBody({"text": text, "clips": [ClipText(one, prefix="data:,") for one in clips]})
    data = anyio.run(sent, body)
    assert data == body.to_bytes()
    assert len(data) == body.n_bytes
    read = json.loads(data)
    assert read["text"] == text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    wanted = ["data:," + base64.b64encode(one.read_bytes()).decode() for one in clips]
    assert read["clips"] == wanted


def test_a_clip_in_a_file_is_read_piece_by_piece(tmp_path: Path) -> None:
    path = clip(300_000).save(tmp_path / "a.wav")
    body = JsonBody({"data": ClipText(AudioClip.from_path(path))})
    read = json.loads(anyio.run(sent, body))
    assert base64.b64decode(read["data"]) == path.read_bytes()


def test_numbers_that_are_none_are_not_sent() -> None:
    with pytest.raises(ValueError):
        JsonBody({"temperature": float("nan")})


def test_sending_a_large_clip_takes_no_copy_of_it() -> None:
    large = AudioClip.from_pcm(bytes(20_000_000), sample_rate=24_000)

    async def drop() -> int:
        total = 0
        async for piece in JsonBody({"data": ClipText(large)}):
            total += len(piece)
        return total

    tracemalloc.start()
    try:
        assert anyio.run(drop) > 26_000_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000
