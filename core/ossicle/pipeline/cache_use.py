"""What of a call may be taken from the cache and kept in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ossicle.messages import Task
from ossicle.pipeline.executions import Executions
from ossicle.storage import AudioCache

CacheUse = Literal["use", "renew", "off"]
"""`use`: what is kept is taken, else it is made and kept. `renew`: it is made anew and kept.
`off`: the cache is neither read nor written."""

Retention = Literal["none", "transcript", "audio"]
"""What may be written down: nothing, words without sound, or everything."""

MIXED = 1
"""Grows when what is kept changes its form, so that nothing of an older form is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Larder:
    """A cache for the calls of one client.

    Attributes:
        cache: Where results are kept.
        executions: Asks under way that several callers wait for.
    """

    cache: AudioCache
    executions: Executions


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """The part of a cache that one call may use.

    Attributes:
        larder: The client's.
        tenant: Whose.
        use: What the caller wants.
        retention: What may be written down.
        place: Where the provider sends requests, and its settings: they decide what comes back.
    """

    larder: Larder
    tenant: str
    use: Literal["use", "renew"]
    retention: Retention
    place: Any

    @property
    def keeps_audio(self) -> bool:
        """Whether sound may be written down."""
        return self.retention == "audio"

    def keeps_answers(self, task: Task) -> bool:
        """Whether answers to such a call may be written down."""
        return self.keeps_audio or (task == "transcribe" and self.retention == "transcript")


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheWish:
    """What a caller says of the cache.

    Attributes:
        use: `None`: `use` for speech and transcripts, and for other answers not at all.
        retention: What may be written down.
        place: As in `Portion`.
    """

    use: CacheUse | None = None
    retention: Retention = "audio"
    place: Any = None

    def portion(self, larder: Larder | None, tenant: str) -> Portion | None:
        """What the call may use; `None`: nothing."""
        if larder is None or self.use == "off" or self.retention == "none":
            return None
        return Portion(
            larder=larder,
            tenant=tenant,
            use=self.use or "use",
            retention=self.retention,
            place=self.place,
        )

    def wants_answer(self, task: Task) -> bool:
        """Whether the answer itself may come from the cache, not only what is sent."""
        return self.use in ("use", "renew") or (self.use is None and task != "respond")
