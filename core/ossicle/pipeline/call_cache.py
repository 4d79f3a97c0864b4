"""What of a call may be taken from the cache and kept in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ossicle.messages import Task
from ossicle.pipeline.options import CacheUse
from ossicle.pipeline.single_flight import SingleFlight
from ossicle.storage import AudioCache

Retention = Literal["none", "transcript", "audio"]
"""What may be written down: nothing, words without sound, or everything."""

CACHE_FORMAT_VERSION = 1
"""Grows when what is kept changes its form, so that nothing of an older form is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCache:
    """A cache for the calls of one client.

    Attributes:
        cache: Where results are kept.
        executions: Asks under way that several callers wait for.
    """

    cache: AudioCache
    executions: SingleFlight


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheScope:
    """The part of a cache that one call may use.

    Attributes:
        call_cache: The client's.
        tenant: Whose.
        use: What the caller wants.
        retention: What may be written down.
        endpoint_key: Where the provider sends requests, and its settings; they decide the answer.
    """

    call_cache: CallCache
    tenant: str
    use: Literal["use", "renew"]
    retention: Retention
    endpoint_key: Any

    @property
    def keeps_audio(self) -> bool:
        """Whether sound may be written down."""
        return self.retention == "audio"

    def keeps_answers(self, task: Task) -> bool:
        """Whether answers to such a call may be written down."""
        return self.keeps_audio or (task == "transcribe" and self.retention == "transcript")


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy:
    """What a caller says of the cache.

    Attributes:
        use: `None`: `use` for speech and transcripts, and for other answers not at all.
        retention: What may be written down.
        endpoint_key: As in `CacheScope`.
    """

    use: CacheUse | None = None
    retention: Retention = "audio"
    endpoint_key: Any = None

    def scope(self, call_cache: CallCache, tenant: str) -> CacheScope | None:
        """What the call may use; `None`: nothing."""
        if self.use == "off" or self.retention == "none":
            return None
        return CacheScope(
            call_cache=call_cache,
            tenant=tenant,
            use=self.use or "use",
            retention=self.retention,
            endpoint_key=self.endpoint_key,
        )

    def wants_answer(self, task: Task) -> bool:
        """Whether the answer itself may come from the cache, not only what is sent."""
        return self.use in ("use", "renew") or (self.use is None and task != "respond")
