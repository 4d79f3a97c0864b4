from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from ossicle.errors import ConfigurationError
from ossicle_testing.vendors import Bill, FaultKind, Ledger


def _opened(ledger: Ledger, nonce: str | None = None) -> int:
    return ledger.open(method="POST", path="/x", received_at=5.0, nonce=nonce)


def test_bills_add_up_field_by_field() -> None:
    one = Bill(input_text_tokens=1, input_audio_tokens=2, seconds=0.5, amount=Decimal("0.1"))
    two = Bill(output_text_tokens=3, output_audio_tokens=4, characters=9, amount=Decimal("0.2"))
    total = one + two
    assert (total.input_tokens, total.output_tokens) == (3, 7)
    assert (total.seconds, total.characters, total.amount) == (0.5, 9, Decimal("0.3"))


def test_an_entry_gains_facts_until_it_is_closed() -> None:
    ledger = Ledger()
    index = _opened(ledger, "n1")
    ledger.record(index, digest="d", executed=True, bill=Bill(characters=3), status=200)
    ledger.record(index, fault=FaultKind.LATENCY)
    ledger.close(index, aborted=True, bytes_sent=15)
    (entry,) = ledger.entries
    assert entry.complete
    assert entry.executed
    assert (entry.bytes_sent, entry.status, entry.fault) == (15, 200, FaultKind.LATENCY)
    assert entry.aborted
    assert ledger.total.characters == 3
    with pytest.raises(ConfigurationError, match="closed"):
        ledger.record(index, executed=False)
    with pytest.raises(ConfigurationError, match="closed"):
        ledger.close(index)


def test_duplicates_go_by_nonce_and_then_by_digest() -> None:
    ledger = Ledger()
    for nonce, digest in (("a", "1"), ("a", "2"), (None, "3"), (None, "3"), ("b", "1")):
        index = _opened(ledger, nonce)
        ledger.record(index, digest=digest, executed=True)
    refused = _opened(ledger, "b")
    ledger.record(refused, digest="1")
    assert ledger.duplicates() == {"a": 2, "3": 2}
    assert sum(ledger.executions().values()) == 5


def test_idle_waits_for_the_last_entry() -> None:
    ledger = Ledger()
    assert ledger.wait_idle(timeout_s=0.0)
    index = _opened(ledger)
    assert not ledger.wait_idle(timeout_s=0.0)
    closing = threading.Thread(target=ledger.close, args=(index,))
    closing.start()
    assert ledger.wait_idle()
    closing.join()


def test_many_threads_lose_nothing() -> None:
    ledger = Ledger()

    def work() -> None:
        for _ in range(50):
            index = _opened(ledger)
            ledger.record(index, executed=True, bill=Bill(characters=1))
            ledger.close(index)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledger) == 400
    assert ledger.total.characters == 400
    assert [entry.index for entry in ledger.entries] == list(range(400))
