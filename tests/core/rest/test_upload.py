"""A body on its way to the network knows how far it is, and leaves nothing open."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from tests.core.rest.test_body import clip_of
from tests.providers.interruption import nothing_left

from ossicle.audio import AudioClip
from ossicle.rest import Body, ClipData, form_body, json_body
from ossicle.rest.upload import Upload

LARGE = clip_of(150_000)


def pieces_of(upload: Upload, count: int | None = None) -> list[bytes]:
    async def take() -> list[bytes]:
        found: list[bytes] = []
        if count == 0:
            return found
        async for piece in upload:
            found.append(piece)
            if len(found) == count:
                break
        return found

    return anyio.run(take)


@pytest.mark.parametrize(
    "body",
    [
        json_body({"a": 1}),
        json_body({"a": "b" * 200_000}),
        json_body({"a": ClipData(clip=LARGE, prefix="data:,")}),
        form_body([("a", "b")], name="file", clip=LARGE),
    ],
)
def test_it_is_complete_only_when_all_was_taken(body: Body) -> None:
    whole = pieces_of(Upload(body))
    assert len(b"".join(whole)) == body.n_bytes
    assert max(map(len, whole)) <= 1 << 16
    for count in range(len(whole) + 1):
        upload = Upload(body)
        pieces_of(upload, count)
        assert not upload.is_complete
        upload.close()
        upload.close()
    upload = Upload(body)
    assert pieces_of(upload, 1) == whole[:1]
    assert pieces_of(upload) == whole  # from its first byte again
    assert upload.is_complete


def test_a_body_that_is_closed_closes_its_file(tmp_path: Path) -> None:
    audio = AudioClip.from_path(clip_of(300_000).save(tmp_path / "a.wav"))
    upload = Upload(json_body({"audio": ClipData(clip=audio)}))

    async def stop() -> None:
        with nothing_left():
            async for piece in upload:
                if len(piece) > 1000:
                    break
            upload.close()
            with pytest.raises(StopAsyncIteration):
                await anext(upload)

    anyio.run(stop)
    assert not upload.is_complete
