"""The audio cache: what was made once is not made again, and never for another tenant."""

from __future__ import annotations

import contextlib
import copy
import logging
import secrets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

import anyio
import anyio.lowlevel
import anyio.to_thread

from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioError,
    ContentRefusedError,
    ContextOverflowError,
    InvalidReplyError,
    OssicleError,
    ProviderUnavailableError,
    RequestRefusedError,
    StorageCorruptError,
    StorageError,
    StreamIncompleteError,
    TextTooLongError,
    UnsupportedFeatureError,
)
from ossicle.storage.cache_key import cache_key
from ossicle.storage.records import CachedValue, cached_size
from ossicle.storage.store import Store

_LOG = logging.getLogger("ossicle.storage")

_OF_ANYBODY = (
    AudioError,
    UnsupportedFeatureError,
    TextTooLongError,
    ContextOverflowError,
    RequestRefusedError,
    ContentRefusedError,
    ProviderUnavailableError,
    InvalidReplyError,
    StreamIncompleteError,
    AmbiguousOutcomeError,
)
"""Failures of what was asked or of whom, and not of who asked: others would meet them too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cacheable:
    """What a call made.

    Attributes:
        document: What it is, as JSON text.
        value: Its bytes, such as encoded audio.
        lasts: Whether to keep it; else only those get it who wait for it just now.
    """

    document: str
    value: bytes
    lasts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What the cache gave.

    Attributes:
        document: As it was made.
        value: As it was made, byte for byte.
        origin: `made` by this call, `shared` with one that ran at the same time, or `stored`.
    """

    document: str
    value: bytes
    origin: Literal["made", "shared", "stored"]


@dataclass(slots=True, kw_only=True)
class CacheFigures:
    """What a cache has done since it was made.

    Attributes:
        made: Results that had to be made.
        shared: Results taken from a call that ran at the same time.
        stored: Results that were stored.
        damaged: Stored results that did not match their digest.
        faults: Times that the store failed; the calls did not.
    """

    made: int = 0
    shared: int = 0
    stored: int = 0
    damaged: int = 0
    faults: int = 0


@dataclass(slots=True)
class _Flight:
    """All calls of one event loop that want the same at the same time."""

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    n_callers: int = 0
    made: Cacheable | None = None
    failure: OssicleError | None = None


class AudioCache:
    """Prepared audio, speech and transcripts by what they depend on.

    A fault of the store never fails a call: what cannot be looked up is made, and what cannot be
    kept is only given back.

    Args:
        store: Where results are kept; for a store of its own `SqliteStore` with
            `durability="normal"`.
        max_bytes: Size of all results together, transcripts too; what was not used for longest
            makes room.
        lifetime_s: After this a result is made anew.
    """

    def __init__(
        self, store: Store, *, max_bytes: int = 256 * 1024 * 1024, lifetime_s: float = 3600.0
    ) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._lifetime_s = lifetime_s
        self._figures = CacheFigures()
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._secret: bytes | None = None
        self._flights: dict[tuple[object, str, str], _Flight] = {}

    @property
    def figures(self) -> CacheFigures:
        """What it has done so far; a copy."""
        with self._lock:
            return copy.copy(self._figures)

    async def fetch(
        self,
        tenant: str,
        *,
        kind: str,
        facts: object,
        make: Callable[[], Awaitable[Cacheable]],
        renews: bool = False,
    ) -> Fetched:
        """The stored result, or the one that `make` makes; at the same time at most once.

        When the caller whose `make` runs is cancelled, the next one that waits for the same makes
        it. So it does after a failure that may be that caller's alone, because of its time, its
        budget or its key. One that anybody would meet is the failure of all that wait: the audio
        or the request is wrong, the vendor is down, or its one answer was of no use.

        Args:
            tenant: Whose.
            kind: What is made, such as `speak`.
            facts: Everything that the result depends on; for a request `request_facts`.
            make: Makes it.
            renews: Make it anew, whatever is stored, and keep that instead.

        Raises:
            ConfigurationError: The facts cannot be a key.
            OssicleError: What `make` raised.
        """
        key = await self._key(tenant, kind, facts)
        async with self._flight(tenant, key) as flight, flight.lock:
            if flight.failure is not None:
                raise copy.copy(flight.failure) from flight.failure
            if flight.made is not None:
                self._count("shared")
                return _fetched(flight.made, "shared")
            stored = None
            if not renews:
                stored = await anyio.to_thread.run_sync(self._look, tenant, key)
            if stored is not None:
                flight.made = Cacheable(document=stored.document, value=stored.value)
                self._count("stored")
                return _fetched(flight.made, "stored")
            await self._lead(flight, make)
            assert flight.made is not None
            # What was paid for is kept, also when the caller leaves now.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._keep, tenant, key, flight.made)
            return _fetched(flight.made, "made")

    async def find(self, tenant: str, *, kind: str, facts: object) -> Fetched | None:
        """The stored result, or `None`; nothing is made and nobody is waited for.

        Raises:
            ConfigurationError: The facts cannot be a key.
        """
        key = await self._key(tenant, kind, facts)
        stored = await anyio.to_thread.run_sync(self._look, tenant, key)
        if stored is None:
            return None
        self._count("stored")
        return Fetched(document=stored.document, value=stored.value, origin="stored")

    async def keep(self, tenant: str, made: Cacheable, *, kind: str, facts: object) -> None:
        """Keep what was made without asking first, such as an answer that was streamed.

        Raises:
            ConfigurationError: The facts cannot be a key.
        """
        key = await self._key(tenant, kind, facts)
        self._count("made")
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._keep, tenant, key, made)

    async def _key(self, tenant: str, kind: str, facts: object) -> str:
        secret = await anyio.to_thread.run_sync(self._known_secret)
        return cache_key(secret, tenant=tenant, kind=kind, facts=facts)

    async def _lead(self, flight: _Flight, make: Callable[[], Awaitable[Cacheable]]) -> None:
        self._count("made")
        try:
            flight.made = await make()
        except _OF_ANYBODY as error:
            flight.failure = error
            raise

    @contextlib.asynccontextmanager
    async def _flight(self, tenant: str, key: str) -> AsyncIterator[_Flight]:
        # A lock of anyio belongs to one event loop; calls of two loops do not wait for each other.
        name = (anyio.lowlevel.current_token(), tenant, key)
        with self._lock:
            flight = self._flights.get(name)
            if flight is None or flight.failure is not None:  # Who comes later tries anew.
                flight = self._flights[name] = _Flight()
            flight.n_callers += 1
        try:
            yield flight
        finally:
            with self._lock:
                flight.n_callers -= 1
                if not flight.n_callers and self._flights.get(name) is flight:
                    del self._flights[name]

    def _known_secret(self) -> bytes:
        if self._secret is None:
            try:
                self._secret = self._store.secret("cache keys")
            except StorageError as error:
                self._fault(error)
                self._secret = secrets.token_bytes(32)  # Of use until this process ends.
        return self._secret

    def _look(self, tenant: str, key: str) -> CachedValue | None:
        try:
            return self._store.load_cached(tenant, key)
        except StorageCorruptError:
            self._count("damaged")
            with contextlib.suppress(StorageError):
                self._store.delete_cached(tenant, key)
        except StorageError as error:
            self._fault(error)
        return None

    def _keep(self, tenant: str, key: str, made: Cacheable) -> None:
        room = self._max_bytes - cached_size(made.value, made.document)
        if room < 0 or not made.lasts:
            return
        try:
            with self._saving:  # Room first: also in between it is never too large.
                self._store.trim_cached(max_bytes=room)
                self._store.save_cached(
                    tenant,
                    key,
                    value=made.value,
                    document=made.document,
                    lifetime_s=self._lifetime_s,
                )
        except StorageError as error:
            self._fault(error)

    def _count(self, name: Literal["made", "shared", "stored", "damaged", "faults"]) -> int:
        with self._lock:
            count: int = getattr(self._figures, name) + 1
            setattr(self._figures, name, count)
            return count

    def _fault(self, error: StorageError) -> None:
        if self._count("faults") == 1:
            _LOG.warning("the audio cache does not work; calls go on without it: %s", error.what)


def _fetched(made: Cacheable, origin: Literal["made", "shared", "stored"]) -> Fetched:
    return Fetched(document=made.document, value=made.value, origin=origin)
