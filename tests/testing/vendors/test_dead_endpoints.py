from __future__ import annotations

import socket
import sys
from urllib.parse import urlsplit

import pytest

from ossicle_testing.vendors import UNRESOLVABLE_URL, refusing_url, silent_url


def test_a_refusing_port_refuses() -> None:
    with refusing_url() as url:
        port = urlsplit(url).port
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse when the queue is full")
def test_a_silent_port_lets_connecting_time_out() -> None:
    with silent_url() as url:
        port = urlsplit(url).port
        with pytest.raises(TimeoutError):
            socket.create_connection(("127.0.0.1", port), timeout=0.1)


def test_the_unresolvable_name_is_reserved() -> None:
    assert (urlsplit(UNRESOLVABLE_URL).hostname or "").endswith(".invalid")
