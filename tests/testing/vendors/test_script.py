from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle_testing.vendors import Fault, FaultKind, Pause, Response
from ossicle_testing.vendors.script import STALL, Close, Item, Reset, Step, head, script

BODY = b"0123456789" * 3
WHOLE = Response(body=BODY)
CHUNKED = Response(body=(b"first", b"", b"second"))


def _sent(steps: list[Step]) -> bytes:
    parts = [step.data if isinstance(step, Item) else step for step in steps]
    return b"".join(part for part in parts if isinstance(part, bytes))


def _played(response: Response, kind: FaultKind, **fields: object) -> list[Step]:
    return list(script(response, Fault(kind=kind, **fields)))  # type: ignore[arg-type]  # by name


def test_bytes_go_in_one_write_with_their_length() -> None:
    assert list(script(WHOLE)) == [Item(data=head(WHOLE, ("content-length", "30")) + BODY)]


def test_items_go_as_chunks_and_an_empty_one_does_not_end_the_body() -> None:
    sent = _sent(list(script(CHUNKED)))
    assert sent == head(CHUNKED, ("transfer-encoding", "chunked")) + (
        b"5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        (FaultKind.RESET_AFTER_UPLOAD, [Reset()]),
        (FaultKind.CLOSE_BEFORE_HEADERS, [Close()]),
        (FaultKind.NO_ANSWER, [STALL, Close()]),
        (FaultKind.CLOSE_AFTER_DELAY, [Pause(seconds=0.02), Close()]),
    ],
)
def test_silence_before_the_head(kind: FaultKind, steps: list[Step]) -> None:
    assert _played(WHOLE, kind) == steps


@given(at=st.floats(0, 1), body=st.binary(max_size=40))
def test_a_truncated_body_is_always_shorter_than_its_length(at: float, body: bytes) -> None:
    steps = _played(Response(body=body), FaultKind.TRUNCATED_LENGTH, at=at)
    start, _, sent = _sent(steps).partition(b"\r\n\r\n")
    length = int(start.rpartition(b"content-length: ")[2])
    assert len(sent) < length
    assert body.startswith(sent)
    assert steps[-1] == Close()


def test_a_truncated_chunk_announces_more_than_it_brings() -> None:
    steps = _played(CHUNKED, FaultKind.TRUNCATED_CHUNKED, at=1.0)
    size, _, sent = _sent(steps).partition(b"\r\n\r\n")[2].partition(b"\r\n")
    assert sent == b"firstsecond"
    assert int(size, 16) > len(sent)


def test_a_stall_follows_half_of_the_body() -> None:
    steps = _played(WHOLE, FaultKind.STALL_IN_BODY)
    assert _sent(steps).endswith(b"\r\n\r\n" + BODY[:15])
    assert steps[-2:] == [STALL, Close()]


@pytest.mark.parametrize("response", [WHOLE, CHUNKED])
@pytest.mark.parametrize(
    "kind", [FaultKind.LATENCY, FaultKind.SLICED, FaultKind.BANDWIDTH, FaultKind.CLOSED_KEEP_ALIVE]
)
def test_odd_transport_changes_no_byte(response: Response, kind: FaultKind) -> None:
    assert _sent(_played(response, kind)) == _sent(list(script(response)))


def test_slices_are_as_small_as_asked() -> None:
    steps = _played(WHOLE, FaultKind.SLICED, piece_bytes=7)
    sizes = [len(_sent([step])) for step in steps]
    assert set(sizes[:-1]) == {7}
    assert sum(isinstance(step, Item) for step in steps) == 1


def test_the_rate_bounds_the_waits() -> None:
    steps = _played(WHOLE, FaultKind.BANDWIDTH, bytes_per_s=1000)
    waits = [step.seconds for step in steps if isinstance(step, Pause)]
    assert sum(wait for wait in waits if wait) == pytest.approx(len(_sent(steps)) / 1000)


def test_a_body_may_end_with_the_connection_only() -> None:
    steps = _played(CHUNKED, FaultKind.SLOW_CLOSE)
    assert b"content-length" not in _sent(steps)
    assert b"connection: close" in _sent(steps)
    assert _sent(steps).endswith(b"\r\n\r\nfirstsecond")
    assert steps[-2:] == [Pause(seconds=0.02), Close()]


@pytest.mark.parametrize("kind", [FaultKind.STATUS_500, FaultKind.USAGE_NAN])
def test_other_groups_leave_the_wire_alone(kind: FaultKind) -> None:
    assert _played(WHOLE, kind) == list(script(WHOLE))


def test_an_endless_body_is_not_read_ahead() -> None:
    endless = Response(body=(b"x" for _ in itertools.count()))
    assert len(list(itertools.islice(script(endless), 5))) == 5
