from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle_testing.vendors.http import (
    ClientGoneError,
    HttpSyntaxError,
    Request,
    RequestReader,
    event,
    json_response,
)


@pytest.fixture(name="pair")
def make_pair() -> Iterator[tuple[socket.socket, RequestReader]]:
    client, server = socket.socketpair()
    with client, server:
        yield client, RequestReader(server, max_body_bytes=1000)


def _read(data: bytes, cuts: list[int]) -> tuple[Request, bytes]:
    client, server = socket.socketpair()
    with client, server:
        edges = [0, *sorted({cut for cut in cuts if cut < len(data)}), len(data)]
        for start, end in itertools.pairwise(edges):
            client.sendall(data[start:end])
        reader = RequestReader(server, max_body_bytes=1000)
        head = reader.read_head()
        assert head is not None
        return head, reader.read_body(head)


@given(body=st.binary(max_size=200), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_a_body_with_a_length_is_read_however_it_arrives(body: bytes, cuts: list[int]) -> None:
    data = b"post /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    head, read = _read(data, cuts)
    assert (head.method, head.path, head.query) == ("POST", "/a", "b=c")
    assert head.header("HOST") == "x"
    assert read == body


@given(pieces=st.lists(st.binary(min_size=1, max_size=50), max_size=6))
def test_a_chunked_body_is_read(pieces: list[bytes]) -> None:
    chunks = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    data = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nT: 1\r\n\r\n"
    _, read = _read(data, [])
    assert read == b"".join(pieces)


@pytest.mark.parametrize(
    "head",
    [b"GET /\r\n\r\n", b"GET / HTTP/2\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
     b"GET / HTTP/1.1\r\n : x\r\n\r\n", b"\x16\x03\x01"],
)  # fmt: skip
def test_what_is_no_http_is_refused(pair: tuple[socket.socket, RequestReader], head: bytes) -> None:
    client, reader = pair
    client.sendall(head)
    with pytest.raises(HttpSyntaxError):
        reader.read_head()


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (b"Content-Length: x", b"", 400),
        (b"Content-Length: -1", b"", 400),
        (b"Content-Length: 1001", b"", 413),
        (b"Transfer-Encoding: chunked", b"zz\r\n", 400),
        (b"Transfer-Encoding: chunked", b"1\r\nab\r\n", 400),
        (b"Transfer-Encoding: chunked", b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\ny\r\n0\r\n\r\n", 413),
    ],
)
def test_wrong_framing_is_refused(
    pair: tuple[socket.socket, RequestReader], headers: bytes, body: bytes, status: int
) -> None:
    client, reader = pair
    client.sendall(b"POST / HTTP/1.1\r\n" + headers + b"\r\n\r\n" + body)
    head = reader.read_head()
    assert head is not None
    with pytest.raises(HttpSyntaxError) as caught:
        reader.read_body(head)
    assert caught.value.status == status


def test_a_client_that_leaves_is_noticed(pair: tuple[socket.socket, RequestReader]) -> None:
    client, reader = pair
    client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
    client.shutdown(socket.SHUT_WR)
    head = reader.read_head()
    assert head is not None
    with pytest.raises(ClientGoneError):
        reader.read_body(head)


def test_a_closed_connection_has_no_next_request(
    pair: tuple[socket.socket, RequestReader],
) -> None:
    client, reader = pair
    client.shutdown(socket.SHUT_WR)
    assert reader.read_head() is None


def test_half_a_head_is_a_client_that_left(pair: tuple[socket.socket, RequestReader]) -> None:
    client, reader = pair
    client.sendall(b"GET / HT")
    client.shutdown(socket.SHUT_WR)
    with pytest.raises(ClientGoneError):
        reader.read_head()


def test_the_digest_tells_requests_apart() -> None:
    one = Request(method="POST", path="/a", body=b"1")
    assert one.digest == Request(method="POST", path="/a", body=b"1", index=7).digest
    assert one.digest != Request(method="POST", path="/b", body=b"1").digest
    assert one.digest != Request(method="POST", path="/a", body=b"2").digest


def test_json_is_compact_and_not_escaped() -> None:
    response = json_response({"text": "Grüße"})
    assert response.body == '{"text":"Grüße"}'.encode()
    assert event({"a": 1}) == b'data: {"a":1}\n\n'
    assert event("[DONE]") == b"data: [DONE]\n\n"
    assert json.loads(event({"n": None})[6:]) == {"n": None}
