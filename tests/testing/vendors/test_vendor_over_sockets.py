from __future__ import annotations

import http.client
import itertools
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing

import pytest

from ossicle.errors import ConfigurationError
from ossicle_testing.vendors import (
    Bill,
    FakeVendor,
    Fault,
    FaultKind,
    LedgerEntry,
    ListedFaults,
    ManualClock,
    Pause,
    Request,
    Response,
    RetryAfter,
    Routes,
    Schedule,
    event,
)
from ossicle_testing.vendors.http import EVENT_STREAM

BODY = b"hello " * 100


def _hello(request: Request) -> Response:
    del request
    return Response(body=BODY, executed=True, bill=Bill(characters=600))


def _events(request: Request) -> Response:
    del request
    events = tuple(event({"data": "QUJD" * 4, "n": index}) for index in range(6))
    return Response(
        headers=(("content-type", EVENT_STREAM),), body=events, executed=True, bill=Bill(seconds=6),
        bill_if_abandoned=lambda n_items: Bill(seconds=n_items),
    )  # fmt: skip


def _slow_events(request: Request) -> Response:
    def items() -> Iterator[bytes | Pause]:
        yield event({"n": 0})
        yield Pause(seconds=None)

    return Response(
        headers=(("content-type", EVENT_STREAM),), body=items(), executed=True,
        bill=Bill(seconds=6), bill_if_abandoned=lambda n_items: Bill(seconds=n_items),
    )  # fmt: skip


def _broken(request: Request) -> Response:
    raise LookupError(f"no script for {request.path}")


ROUTES: Routes = {
    ("POST", "/hello"): _hello,
    ("POST", "/events"): _events,
    ("POST", "/slow"): _slow_events,
    ("GET", "/things/{name}"): lambda request: Response(body=request.params["name"].encode()),
    ("GET", "/rest/{kind}/{*path}"): lambda request: Response(body=repr(request.params).encode()),
    ("GET", "/broken"): _broken,
}


def _serve(*faults: Fault | FaultKind | None) -> FakeVendor:
    return FakeVendor(ROUTES, schedule=ListedFaults(faults), clock=ManualClock(1000.0))


def _call(
    server: FakeVendor, path: str = "/hello", *, body: bytes = b"{}", timeout_s: float = 5.0
) -> tuple[int, bytes, dict[str, str]]:
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=timeout_s)) as client:
        client.request("POST", path, body=body, headers={"x-ossicle-nonce": "n1"})
        answer = client.getresponse()
        data = answer.read()
        return answer.status, data, {name.lower(): value for name, value in answer.getheaders()}


def _only(server: FakeVendor) -> LedgerEntry:
    assert server.ledger.wait_idle(n_entries=1)
    (entry,) = server.ledger.entries
    return entry


def test_a_request_is_served_and_written_down() -> None:
    with _serve() as server:
        status, data, headers = _call(server)
        entry = _only(server)
    assert (status, data, headers["x-ossicle-nonce"]) == (200, BODY, "n1")
    assert (entry.method, entry.path, entry.nonce, entry.received_at) == (
        "POST", "/hello", "n1", 1000.0,
    )  # fmt: skip
    assert entry.complete
    assert entry.executed
    assert entry.bill.characters == 600
    assert entry.bytes_sent > len(BODY)
    assert (entry.status, entry.fault, entry.aborted) == (200, None, False)


def test_connections_are_kept_alive_and_params_are_given() -> None:
    with (
        _serve() as server,
        closing(http.client.HTTPConnection(server.host, server.port)) as client,
    ):
        for name in ("a", "b"):
            client.request("GET", f"/things/{name}?q=1")
            assert client.getresponse().read() == name.encode()
        assert server.connections == 1


def test_a_starred_name_takes_the_rest_of_the_path() -> None:
    with _serve() as server:
        with urllib.request.urlopen(f"{server.url}/rest/a.b/c/d%20e") as answer:
            assert answer.read() == b"mappingproxy({'kind': 'a.b', 'path': 'c/d%20e'})"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{server.url}/rest")


def test_a_client_may_ask_to_close() -> None:
    with (
        _serve() as server,
        closing(http.client.HTTPConnection(server.host, server.port)) as client,
    ):
        for _ in range(2):
            client.request("GET", "/things/a", headers={"Connection": "close"})
            assert client.getresponse().read() == b"a"
        assert server.connections == 2


def test_unknown_paths_and_methods() -> None:
    with _serve() as server:
        assert _call(server, "/nothing")[0] == 404
        assert _call(server, "/things/a")[0] == 405
        assert server.ledger.executed == ()


def test_what_is_no_http_is_answered_and_closed() -> None:
    with _serve() as server, socket.create_connection((server.host, server.port), 5) as client:
        client.sendall(b"EHLO\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 400 ")
        assert len(server.ledger) == 0


def test_a_handshake_fails() -> None:
    with (
        _serve() as server,
        socket.create_connection((server.host, server.port), 5) as client,
        pytest.raises(ssl.SSLError),
    ):
        ssl.create_default_context().wrap_socket(client, server_hostname="localhost").close()
    assert len(server.ledger) == 0


def test_a_client_may_wait_for_leave_to_send() -> None:
    with _serve() as server, socket.create_connection((server.host, server.port), 5) as client:
        client.sendall(b"POST /hello HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.sendall(b"{}")
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_broken_route_answers_500_and_is_raised_at_the_end() -> None:
    server = _serve()
    with pytest.raises(LookupError, match="no script for /broken"), server:
        with closing(http.client.HTTPConnection(server.host, server.port)) as client:
            client.request("GET", "/broken")
            assert client.getresponse().status == 500
        assert len(server.failures) == 1


def test_closing_twice_is_harmless_and_starting_twice_is_not() -> None:
    server = _serve()
    with pytest.raises(ConfigurationError, match="not running"):
        _ = server.port
    with server:
        with pytest.raises(ConfigurationError, match="started before"):
            server.start()
        server.close()
        server.close()
    with pytest.raises(ConfigurationError, match="started before"):
        server.start()


@pytest.mark.parametrize("path", ["/hello", "/slow"])
def test_closing_ends_clients_that_wait(path: str) -> None:
    with _serve(FaultKind.NO_ANSWER if path == "/hello" else None) as server:
        client = http.client.HTTPConnection(server.host, server.port, timeout=5)
        client.request("POST", path, body=b"{}")
        assert server.ledger.wait_for(lambda entries: any(entry.executed for entry in entries))
        server.close()
        with closing(client), pytest.raises((http.client.HTTPException, OSError)):
            client.getresponse().read()
    assert server.ledger.wait_idle(timeout_s=0)


def test_many_clients_at_once() -> None:
    with _serve() as server:
        threads = [threading.Thread(target=_call, args=(server,)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.ledger.wait_idle()
        assert len(server.ledger.executed) == 16


@pytest.mark.parametrize(
    ("kind", "error", "executed", "sent"),
    [
        (FaultKind.UPLOAD_RESET, ConnectionResetError, False, False),
        (FaultKind.UPLOAD_STALL, TimeoutError, False, False),
        (FaultKind.RESET_AFTER_UPLOAD, ConnectionResetError, True, False),
        (FaultKind.CLOSE_BEFORE_HEADERS, http.client.RemoteDisconnected, True, False),
        (FaultKind.CLOSE_AFTER_DELAY, http.client.RemoteDisconnected, True, False),
        (FaultKind.NO_ANSWER, TimeoutError, True, False),
        (FaultKind.TRUNCATED_LENGTH, http.client.IncompleteRead, True, True),
        (FaultKind.TRUNCATED_CHUNKED, http.client.IncompleteRead, True, True),
        (FaultKind.STALL_IN_BODY, TimeoutError, True, True),
    ],
)
def test_broken_transport(
    kind: FaultKind, error: type[Exception], executed: bool, sent: bool
) -> None:
    with _serve(kind) as server:
        with pytest.raises(error) as caught:
            _call(server, timeout_s=0.1)
        entry = _only(server)
    assert type(caught.value) is error
    assert entry.fault is kind
    assert (entry.executed, entry.bytes_sent > 0) == (executed, sent)
    assert entry.bill.characters == (600 if executed else 0)
    assert entry.aborted == (error is TimeoutError)


@pytest.mark.parametrize(
    "kind", [FaultKind.RESET_AFTER_UPLOAD, FaultKind.CLOSE_BEFORE_HEADERS, FaultKind.NO_ANSWER]
)
def test_an_ambiguous_fault_may_leave_the_request_unexecuted(kind: FaultKind) -> None:
    with _serve(Fault(kind=kind, executes=False)) as server:
        with pytest.raises(OSError, match=r"."):
            _call(server, timeout_s=0.1)
        entry = _only(server)
    assert entry.complete
    assert not entry.executed
    assert entry.bill == Bill()


@pytest.mark.parametrize(
    "kind",
    [FaultKind.LATENCY, FaultKind.BANDWIDTH, FaultKind.SLICED, FaultKind.SLOW_CLOSE,
     FaultKind.CLOSED_KEEP_ALIVE],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/hello", "/events"])
def test_odd_transport_still_brings_everything(kind: FaultKind, path: str) -> None:
    with _serve(None, Fault(kind=kind, bytes_per_s=100_000)) as server:
        plain = _call(server, path)[1]
        assert _call(server, path)[1] == plain
        assert server.ledger.wait_idle()
        assert server.ledger.entries[1].fault is kind
        assert not server.ledger.entries[1].aborted


def test_a_kept_connection_may_be_closed_behind_the_clients_back() -> None:
    with (
        _serve(FaultKind.CLOSED_KEEP_ALIVE) as server,
        closing(http.client.HTTPConnection(server.host, server.port)) as client,
    ):
        client.request("POST", "/hello", body=b"{}")
        assert client.getresponse().read() == BODY
        server.ledger.wait_idle()
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            client.request("POST", "/hello", body=b"{}")
            client.getresponse()


def test_a_redirect_names_its_target_and_executes_nothing() -> None:
    with _serve(Fault(kind=FaultKind.REDIRECT, location="http://127.0.0.1:9/x")) as server:
        status, _, headers = _call(server)
        assert (status, headers["location"]) == (307, "http://127.0.0.1:9/x")
        assert not _only(server).executed


STATUSES = [kind for kind in FaultKind if kind.name.startswith(("STATUS_", "QUOTA_", "PROXY_"))]


@pytest.mark.parametrize("kind", STATUSES)
def test_statuses_say_in_the_ledger_whether_they_were_executed(kind: FaultKind) -> None:
    fault = Fault(kind=kind)
    with _serve(fault) as server:
        status, _, _ = _call(server)
        entry = _only(server)
    assert status == entry.status == fault.facts.status
    assert entry.executed == fault.is_executed
    assert entry.bill.characters == (600 if fault.is_executed else 0)


def test_a_500_may_come_before_the_execution() -> None:
    with _serve(Fault(kind=FaultKind.STATUS_500, executes=False)) as server:
        assert _call(server)[0] == 500
        assert not _only(server).executed


def test_waits_go_with_any_status() -> None:
    fault = Fault(
        kind=FaultKind.STATUS_503, retry_after=RetryAfter.MILLISECONDS, retry_after_s=0.25
    )
    with _serve(fault) as server:
        assert _call(server)[2]["retry-after-ms"] == "250"


def test_a_fault_without_meaning_is_not_written_down() -> None:
    with _serve(FaultKind.STREAM_NO_END, FaultKind.EXPIRY_PAST) as server:
        assert _call(server)[1] == BODY
        assert _call(server, "/events")[1].count(b"data:") == 6
        server.ledger.wait_idle()
        assert [entry.fault for entry in server.ledger.entries] == [None, None]


@pytest.mark.parametrize("path", ["/slow", "/hello"])
def test_a_client_that_leaves_is_written_down(path: str) -> None:
    fault = Fault(kind=FaultKind.LATENCY, delay_s=5.0) if path == "/hello" else None
    with _serve(fault) as server:
        client = http.client.HTTPConnection(server.host, server.port)
        client.request("POST", path, body=b"{}")
        if path == "/slow":
            answer = client.getresponse()
            assert answer.readline()
            answer.close()
        client.close()
        entry = _only(server)
    assert entry.aborted
    assert entry.executed
    # The stream charges for what was sent; the other has one price.
    assert entry.bill == (Bill(seconds=1) if path == "/slow" else Bill(characters=600))


def test_a_client_that_leaves_in_its_upload_executes_nothing() -> None:
    with _serve() as server:
        with socket.create_connection((server.host, server.port), 5) as client:
            client.sendall(b"POST /hello HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
        entry = _only(server)
    assert entry.aborted
    assert not entry.complete
    assert not entry.executed


def test_a_stalled_upload_blocks_the_client() -> None:
    schedule = ListedFaults([FaultKind.UPLOAD_STALL])
    with FakeVendor(ROUTES, schedule=schedule, receive_buffer_bytes=4096) as server:
        client = http.client.HTTPConnection(server.host, server.port, timeout=0.2)
        with closing(client), pytest.raises(TimeoutError):
            client.request("POST", "/hello", body=b"x" * (16 << 20))


def test_a_reset_reaches_a_client_that_still_sends() -> None:
    schedule = ListedFaults([Fault(kind=FaultKind.UPLOAD_RESET, n_bytes=100_000)])
    with FakeVendor(ROUTES, schedule=schedule, receive_buffer_bytes=4096) as server:
        client = http.client.HTTPConnection(server.host, server.port, timeout=5)
        with closing(client), pytest.raises(ConnectionError):
            client.request("POST", "/hello", body=b"x" * (16 << 20))
        assert not _only(server).complete


def test_a_schedule_may_be_any_function() -> None:
    count = itertools.count()

    def every_second(request: Request) -> Fault | None:
        assert request.body == b""
        return Fault(kind=FaultKind.STATUS_429) if next(count) % 2 else None

    schedule: Schedule = every_second
    with FakeVendor(ROUTES, schedule=schedule) as server:
        assert [_call(server)[0] for _ in range(4)] == [200, 429, 200, 429]
