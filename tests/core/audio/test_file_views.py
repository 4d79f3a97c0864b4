"""Windows behave like files of their own and never raise into C."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.audio import synthetic

from ossicle.audio import AudioClip
from ossicle.audio.file_views import ByteWindow, SeekableSink, SinkWindow, untagged_span
from ossicle.errors import FileAccessError

DATA = bytes(range(200))


@given(
    start=st.integers(0, 220),
    end=st.integers(0, 220),
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("read"), st.integers(-1, 90)),
            st.tuples(st.sampled_from(["set", "cur", "end"]), st.integers(-90, 90)),
        ),
        max_size=12,
    ),
)
def test_a_window_is_like_a_file_of_its_bytes(
    start: int, end: int, steps: list[tuple[str, int]]
) -> None:
    window = ByteWindow(io.BytesIO(DATA), start=start, end=end)
    model = io.BytesIO(DATA[start : max(start, end)])
    whence = {"set": io.SEEK_SET, "cur": io.SEEK_CUR, "end": io.SEEK_END}
    for name, value in steps:
        if name == "read":
            assert window.read(value) == model.read(value)
        else:
            origin = {"set": 0, "cur": model.tell(), "end": len(model.getvalue())}[name]
            model.seek(max(0, origin + value))
            window.seek(value, whence[name])
        assert window.tell() == model.tell()


def test_two_windows_share_a_file_without_disturbing_each_other() -> None:
    file = io.BytesIO(DATA)
    one, two = ByteWindow(file, start=10), ByteWindow(file, start=100)
    assert (one.read(2), two.read(2), one.read(2)) == (DATA[10:12], DATA[100:102], DATA[12:14])


def test_readinto_fills_what_it_can() -> None:
    buffer = bytearray(8)
    assert ByteWindow(io.BytesIO(DATA), end=5).readinto(buffer) == 5
    assert bytes(buffer) == DATA[:5] + bytes(3)


def test_a_window_has_no_name() -> None:
    assert not hasattr(ByteWindow(io.BytesIO()), "name")
    assert not hasattr(SinkWindow(io.BytesIO()), "name")


def test_a_failing_disk_reads_as_the_end_and_is_told_later() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    window = ByteWindow(Failing(DATA))
    assert window.read(10) == b""
    with pytest.raises(FileAccessError, match="Input/output error"):
        window.check()


def test_a_sink_writes_from_where_it_stands() -> None:
    sink = io.BytesIO(b"head")
    sink.seek(4)
    window = SeekableSink(sink)
    window.write(b"abcdef")
    window.seek(-2, io.SEEK_CUR)
    window.write(b"X")
    window.seek(1)
    window.write(b"Y")
    assert window.seek(0, io.SEEK_END) == 6
    assert sink.getvalue() == b"headaYcdXf"


def test_a_failed_sink_takes_nothing_more() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    window = SinkWindow(Full())
    assert (window.write(b"a"), window.write(b"b")) == (0, 0)
    with pytest.raises(FileAccessError, match="No space left"):
        window.check()


def test_tags_are_outside_of_the_span() -> None:
    id3 = b"ID3\x04\x00\x00" + bytes([0, 0, 0, 20]) + bytes(20)
    data = id3 + synthetic.mp3(frames=9) + b"TAG" + bytes(125)
    clip = AudioClip.from_bytes(data)
    assert untagged_span(io.BytesIO(data), clip.facts) == (30, len(data) - 128)


def test_the_end_of_a_container_that_has_no_tags_is_its_own() -> None:
    data = synthetic.wav() + b"TAG" + bytes(125)
    clip = AudioClip.from_bytes(data)
    assert untagged_span(io.BytesIO(data), clip.facts) == (0, len(data))
