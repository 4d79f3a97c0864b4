"""What a fake vendor did and would bill, written by the vendor itself.

A test compares this ledger with the application's: the two are kept by different code on
different sides of a socket, so an execution that one of them lost shows as a difference.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from ossicle.errors import ConfigurationError

if TYPE_CHECKING:
    from ossicle_testing.vendors.faults import FaultKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What one execution costs.

    Attributes:
        input_text_tokens: Text tokens read.
        input_audio_tokens: Audio tokens heard.
        output_text_tokens: Text tokens written, transcripts included.
        output_audio_tokens: Audio tokens spoken.
        seconds: Seconds of audio, where the vendor bills by time.
        characters: Code points, where the vendor bills by length of text.
        amount: The price in US dollars.
    """

    input_text_tokens: int = 0
    input_audio_tokens: int = 0
    output_text_tokens: int = 0
    output_audio_tokens: int = 0
    seconds: float = 0.0
    characters: int = 0
    amount: Decimal = Decimal(0)

    def __add__(self, other: Bill) -> Bill:
        """The sum, field by field."""
        return Bill(
            **{field.name: getattr(self, field.name) + getattr(other, field.name)
               for field in fields(Bill)}
        )  # fmt: skip

    @property
    def input_tokens(self) -> int:
        """All tokens read or heard."""
        return self.input_text_tokens + self.input_audio_tokens

    @property
    def output_tokens(self) -> int:
        """All tokens written or spoken."""
        return self.output_text_tokens + self.output_audio_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One request as the vendor saw it.

    Attributes:
        index: Position in order of arrival, from 0.
        method: HTTP method.
        path: Path without the query.
        received_at: Unix seconds by the vendor's clock.
        nonce: What the client put in the nonce header, or `None`.
        digest: SHA-256 of method, path and body as hex; `None` until the body is whole.
        complete: Whether the whole body arrived.
        executed: Whether the model ran; from then on the vendor may bill.
        bill: What the vendor would charge; zero unless executed.
        status: Status of the answer, or `None` when none was begun.
        bytes_sent: Bytes of the answer handed to the operating system, head included; known when
            the entry is closed.
        aborted: Whether the client left before the answer was out.
        fault: The fault that was really applied, or `None`.
        closed: Whether the exchange is over.
    """

    index: int
    method: str
    path: str
    received_at: float
    nonce: str | None = None
    digest: str | None = None
    complete: bool = False
    executed: bool = False
    bill: Bill = Bill()
    status: int | None = None
    bytes_sent: int = 0
    aborted: bool = False
    fault: FaultKind | None = None
    closed: bool = False


class Ledger:
    """An append-only, thread-safe list of entries.

    Entries are never removed or reordered; an entry gains facts until it is closed and does not
    change after that.
    """

    def __init__(self) -> None:
        self._entries: list[LedgerEntry] = []
        self._changed = threading.Condition()

    def open(self, *, method: str, path: str, received_at: float, nonce: str | None) -> int:
        """Append an entry and return its index."""
        with self._changed:
            index = len(self._entries)
            self._entries.append(
                LedgerEntry(
                    index=index, method=method, path=path, received_at=received_at, nonce=nonce
                )
            )
            self._changed.notify_all()
            return index

    def record(
        self,
        index: int,
        *,
        digest: str | None = None,
        executed: bool | None = None,
        bill: Bill | None = None,
        status: int | None = None,
        fault: FaultKind | None = None,
    ) -> None:
        """Add facts to an open entry; `None` leaves a fact as it is.

        Raises:
            ConfigurationError: The entry is closed.
        """
        facts = {
            "digest": digest, "executed": executed, "bill": bill, "status": status, "fault": fault,
            "complete": True if digest is not None else None,
        }  # fmt: skip
        self._update(index, {name: fact for name, fact in facts.items() if fact is not None})

    def close(self, index: int, *, aborted: bool = False, bytes_sent: int = 0) -> None:
        """Seal an entry.

        Args:
            index: Which.
            aborted: Whether the client left before the answer was out.
            bytes_sent: Bytes of the answer handed to the operating system.

        Raises:
            ConfigurationError: The entry is closed already.
        """
        self._update(index, {"aborted": aborted, "bytes_sent": bytes_sent, "closed": True})

    def _update(self, index: int, facts: dict[str, object]) -> None:
        with self._changed:
            entry = self._entries[index]
            if entry.closed:
                raise ConfigurationError(
                    f"ledger entry {index} is closed", fix="Record facts before closing it."
                )
            self._entries[index] = replace(entry, **facts)  # type: ignore[arg-type]  # by name
            self._changed.notify_all()

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """Every entry so far, in order of arrival."""
        with self._changed:
            return tuple(self._entries)

    @property
    def executed(self) -> tuple[LedgerEntry, ...]:
        """The entries whose request was executed."""
        return tuple(entry for entry in self.entries if entry.executed)

    @property
    def total(self) -> Bill:
        """The sum of all bills."""
        return sum((entry.bill for entry in self.entries), Bill())

    def executions(self) -> Counter[str]:
        """How often each request was executed, by nonce, or by digest where there is none."""
        return Counter(entry.nonce or entry.digest or "" for entry in self.executed)

    def duplicates(self) -> dict[str, int]:
        """The requests that were executed more than once, with their count."""
        return {key: count for key, count in self.executions().items() if count > 1}

    def wait_for(
        self, condition: Callable[[Sequence[LedgerEntry]], bool], *, timeout_s: float = 10.0
    ) -> bool:
        """Wait until the entries are as wished.

        Args:
            condition: Looks at all entries; called again after each change.
            timeout_s: Seconds to wait at most.

        Returns:
            Whether it came true in time.
        """
        with self._changed:
            return self._changed.wait_for(lambda: condition(tuple(self._entries)), timeout_s)

    def wait_idle(self, *, n_entries: int = 0, timeout_s: float = 10.0) -> bool:
        """Wait until there are at least `n_entries` and every entry is closed.

        A client may see the last byte a moment before the vendor seals its entry.

        Returns:
            Whether it came true in time.
        """
        return self.wait_for(
            lambda entries: len(entries) >= n_entries and all(entry.closed for entry in entries),
            timeout_s=timeout_s,
        )

    def __len__(self) -> int:
        return len(self.entries)
