"""The relay hands answers on as it is told to."""

from __future__ import annotations

import http.client
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle_testing.conformance.provider.upstream_relay import Relay
from ossicle_testing.vendors import FakeVendor, Response

BODY = bytes(range(256)) * 40


def vendor() -> FakeVendor:
    return FakeVendor({("GET", "/"): lambda request: Response(body=BODY)})


def ask(url: str, *, timeout: float = 10) -> bytes:
    host = url.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(host, timeout=timeout)
    try:
        connection.request("GET", "/", headers={"connection": "close"})
        return connection.getresponse().read()
    finally:
        connection.close()


@pytest.mark.parametrize("manner", ["faithful", "drip"])
def test_whole_answers_stay_whole(manner: str) -> None:
    with vendor() as server:
        relay = Relay(manner=manner)  # type: ignore[arg-type]  # both are manners
        with relay.url(server.url) as url:
            assert ask(url) == BODY
        assert relay.passed > len(BODY)


@settings(max_examples=tried(10), deadline=None)
# Python's client takes a head that ends behind its status for a whole one.
@given(after=st.integers(0, 11) | st.integers(400, 9000))
def test_cut_answers_end_there(after: int) -> None:
    with vendor() as server, Relay(manner="cut", after=after).url(server.url) as url:
        with pytest.raises((http.client.HTTPException, ConnectionError)) as caught:
            ask(url)
        if isinstance(caught.value, http.client.IncompleteRead):
            assert caught.value.partial == BODY[: len(caught.value.partial)]
            assert len(caught.value.partial) <= after


@pytest.mark.slow
def test_silence_lasts_although_the_vendor_is_done() -> None:
    with vendor() as server, Relay(manner="stall", after=300).url(server.url) as url:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            ask(url, timeout=0.3)
        assert time.monotonic() - began >= 0.29
