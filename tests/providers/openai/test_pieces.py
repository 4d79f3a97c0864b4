from __future__ import annotations

import pytest
from tests.providers.openai.wire import wav

from ossicle.audio import AudioFormat
from ossicle.errors import InvalidReplyError
from ossicle.messages import (
    AudioDelta,
    Event,
    Finished,
    ReplyStarted,
    TextDelta,
    Usage,
    UsageReported,
)
from ossicle_openai.pieces import JoinedPieces
from ossicle_openai.response_audio import PCM16


def joined(*pieces: list[Event], count: int | None = None) -> list[Event]:
    joining = JoinedPieces(count=count)
    found: list[Event] = []
    for piece in pieces:
        for event in piece:
            found += joining.take(event)
        joining.next_piece()
    return found + joining.finish()


def test_usage_adds_up_and_start_and_end_come_once() -> None:
    piece: list[Event] = [
        ReplyStarted(request_id="a"),
        UsageReported(usage=Usage(input_tokens=1)),
        UsageReported(usage=Usage(input_tokens=2)),
        Finished(),
    ]
    found = joined(piece, [*piece[:3], Finished(reason="length")])
    assert found == [
        ReplyStarted(request_id="a"),
        UsageReported(usage=Usage(input_tokens=4)),
        Finished(reason="length"),
    ]


def test_a_single_piece_passes_as_it_is() -> None:
    file = AudioDelta(data=wav(bytes(100)), format=AudioFormat.named("wav"))
    assert joined([file, TextDelta(text="a"), Finished()], count=1) == [
        file,
        TextDelta(text="a"),
        Finished(),
    ]


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ("Hello.", "You.", "Hello. You."),
        ("Hello. ", "You.", "Hello. You."),
        ("Hello.", " You.", "Hello. You."),
        ("你好。", "世界", "你好。世界"),
        ("", "You.", "You."),
    ],
)
def test_texts_join_with_a_space_where_the_script_has_them(
    first: str, second: str, text: str
) -> None:
    pieces: list[list[Event]] = [[TextDelta(text=one)] if one else [] for one in (first, second)]
    found = joined(*pieces)
    assert "".join(event.text for event in found if isinstance(event, TextDelta)) == text


def test_files_join_as_samples_or_not_at_all() -> None:
    file = AudioDelta(data=wav(b"ab" * 50), format=AudioFormat.named("wav"))
    (first, second, _) = joined([file], [AudioDelta(data=b"cd", format=PCM16)])
    assert first == AudioDelta(data=b"ab" * 50, format=PCM16)
    assert second == AudioDelta(data=b"cd", format=PCM16)
    for data in (b"\xff\xfb\x90\x00" + bytes(413)) * 12, b"nonsense":
        mp3 = AudioDelta(data=data, format=AudioFormat.named("mp3"))
        with pytest.raises(InvalidReplyError):
            joined([mp3], [mp3])
