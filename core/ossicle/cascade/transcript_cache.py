"""The words of clips that were heard lately."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from anyio import to_thread

from ossicle.audio import AudioClip

_QUICK_BYTES = 1 << 20
"""More than this takes long enough to digest that it would stand in everybody's way."""

_Key = tuple[str, str | None]


class TranscriptCache:
    """Remembers what clips say, so that one that stays in the history is paid once.

    An application that answers tool calls by itself sends the same question in every round. Words
    are kept in memory only, few, and for minutes: this is no archive. Safe between threads.

    Args:
        max_clips: How many clips are remembered.
        max_chars: How many characters of words in all.
        max_age_s: For how many seconds.
        clock: Seconds that only go up.
    """

    def __init__(
        self,
        *,
        max_clips: int = 64,
        max_chars: int = 1 << 20,
        max_age_s: float = 600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_clips, self._max_chars, self._max_age_s = max_clips, max_chars, max_age_s
        self._clock = clock
        self._lock = threading.Lock()
        self._words: OrderedDict[_Key, tuple[str, float]] = OrderedDict()
        self._n_chars = 0

    async def find(self, clip: AudioClip, *, language: str | None) -> str | None:
        """What the clip says, heard as that language; `None` where it is not remembered."""
        if not self._words:
            return None
        key = await _key(clip, language)
        with self._lock:
            self._forget_old()
            found = self._words.get(key)
            return None if found is None else found[0]

    async def keep(self, clip: AudioClip, words: str, *, language: str | None) -> None:
        """Remember what the clip says."""
        key = await _key(clip, language)
        with self._lock:
            self._forget(key)
            self._words[key] = words, self._clock()
            self._n_chars += len(words)
            self._forget_old()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._words.clear()
            self._n_chars = 0

    def _forget_old(self) -> None:
        oldest_s = self._clock() - self._max_age_s
        while self._words:
            key, (_, kept_s) = next(iter(self._words.items()))
            is_within = len(self._words) <= self._max_clips and self._n_chars <= self._max_chars
            if is_within and kept_s > oldest_s:
                return
            self._forget(key)

    def _forget(self, key: _Key) -> None:
        words, _ = self._words.pop(key, ("", 0.0))
        self._n_chars -= len(words)


async def _key(clip: AudioClip, language: str | None) -> _Key:
    if clip.path is None and clip.n_bytes <= _QUICK_BYTES:
        return clip.digest, language
    return await to_thread.run_sync(lambda: clip.digest), language
