from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle_testing.vendors.multipart import parse_form

_TYPE = 'multipart/form-data; boundary="edge-7"'


@given(values=st.lists(st.binary(max_size=60).filter(lambda data: b"edge-7" not in data)))
def test_parts_come_back_byte_for_byte(values: list[bytes]) -> None:
    body = b"".join(
        b'--edge-7\r\nContent-Disposition: form-data; name="f%d"; filename="a;b.wav"\r\n'
        b"Content-Type: audio/x-wav\r\n\r\n%b\r\n" % (index, value)
        for index, value in enumerate(values)
    )
    parts = parse_form(body + b"--edge-7--\r\n", _TYPE)
    assert [part.data for part in parts] == values
    assert [part.name for part in parts] == [f"f{index}" for index in range(len(values))]
    assert {part.filename for part in parts} <= {"a;b.wav"}
    assert {part.content_type for part in parts} <= {"audio/x-wav"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--edge-7--\r\n", "application/json"),
        (b"--edge-7--\r\n", "multipart/form-data"),
        (b"", _TYPE),
        (b"--edge-7\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n", _TYPE),
        (b"--edge-7\r\nno head\r\n--edge-7--\r\n", _TYPE),
        (b"--edge-7\r\nX: y\r\n\r\nx\r\n--edge-7--\r\n", _TYPE),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(ValueError, match=r"form|part"):
        parse_form(body, content_type)
