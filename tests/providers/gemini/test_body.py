from __future__ import annotations

import base64
import json
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.gemini.wire import wav_clip

from ossicle.audio import AudioClip
from ossicle_gemini.body import ClipData, JsonBody


async def _joined(body: JsonBody) -> bytes:
    return b"".join([piece async for piece in body])


def sent(body: JsonBody) -> bytes:
    return anyio.run(_joined, body)


@given(st.text(max_size=20), st.integers(0, 400))
def test_what_is_sent_is_the_json_of_all_of_it(text: str, n_bytes: int) -> None:
    clip = wav_clip(bytes(2 * n_bytes))
    body = JsonBody({"a": text, "b": [ClipData(clip), ClipData(clip)]})
    data = sent(body)
    assert len(data) == body.n_bytes
    wanted = base64.b64encode(clip.read_bytes()).decode()
    found = json.loads(data)
    assert found["b"] == [wanted, wanted]
    assert found["a"] == text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    assert sent(body) == data


def test_a_large_clip_in_a_file_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(wav_clip(bytes(500_001 * 2)).read_bytes())
    body = JsonBody({"a": ClipData(AudioClip.from_path(path))})

    async def pieces() -> list[int]:
        return [len(piece) async for piece in body]

    sizes = anyio.run(pieces)
    assert max(sizes) <= 1 << 18
    assert json.loads(sent(body))["a"] == base64.b64encode(path.read_bytes()).decode()


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        JsonBody({"a": object()})
    with pytest.raises(ValueError):
        JsonBody({"a": float("nan")})
