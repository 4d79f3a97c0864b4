"""What a faulty vendor is asked, and which fault strikes: both drawn from a seed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any, Literal

import numpy as np

from ossicle.audio import AudioClip, AudioFormat
from ossicle.audio.wav import wav_header
from ossicle_testing.vendors import FAULT_FACTS, Fault, FaultKind, Request, RetryAfter
from ossicle_testing.vendors.tones import tone_voice

NONCE_HEADER = "x-ossicle-nonce"
Way = Literal["whole", "streamed", "left_early", "cancelled"]
"""How an answer is read: to its end, as events to their end, or not to its end."""

SHORT_WAITS = (RetryAfter.ABSENT, RetryAfter.ZERO, RetryAfter.MILLISECONDS, RetryAfter.PAST,
               RetryAfter.NAN, RetryAfter.EMPTY)  # fmt: skip
"""Forms of Retry-After after which a call waits a second at most."""

_ENDPOINTS = ("chat", "chat", "chat", "hearing", "speech")
_MODELS = {"chat": "gpt-audio-1.5", "hearing": "gpt-transcribe", "speech": "tts-1"}


@dataclass(frozen=True, kw_only=True)
class Question:
    """One call.

    Attributes:
        nonce: Its name, in a header and in its words.
        endpoint: Which of the vendor's it goes to.
        way: How the answer is read.
        is_spoken: Whether the words go as audio.
        wants_audio: Whether the answer shall be spoken.
        output_format: Of that audio, or `None`.
        is_large: Whether a long silence makes the upload large.
        timeout_s: For the whole call.
        patience_s: After how long the caller cancels, for that way.
    """

    nonce: str
    endpoint: Literal["chat", "hearing", "speech"]
    way: Way
    is_spoken: bool
    wants_audio: bool
    output_format: str | None
    is_large: bool
    timeout_s: float
    patience_s: float

    @property
    def words(self) -> str:
        """What is said to the vendor; not ASCII, so that a cut inside a character can strike."""
        return f"{self.nonce} Zoë"

    @property
    def expected(self) -> str:
        """What a vendor without fault answers."""
        return f"You said: {self.words}" if self.endpoint == "chat" else self.words

    @cached_property
    def clip(self) -> AudioClip:
        """The words as audio."""
        silence = np.zeros(60 * 24_000 if self.is_large else 0, np.float32)
        samples = np.concatenate((tone_voice(self.words), silence))
        pcm = (samples.clip(-1, 1) * 32767).astype("<i2").tobytes()
        form = AudioFormat.named("wav", sample_rate=24_000, channels=1)
        return AudioClip.from_bytes(wav_header(form, len(pcm) // 2) + pcm)

    @property
    def arguments(self) -> dict[str, Any]:
        """Of the client's method, but for text and audio."""
        return {
            "model": _MODELS[self.endpoint],
            "timeout_s": self.timeout_s,
            "provider_options": {"openai": {"headers": {NONCE_HEADER: self.nonce}}},
        }


def draw_question(seed: int, number: int) -> Question:
    """The question of this number; the same for the same seed."""
    draw = Random(f"question/{seed}/{number}")
    endpoint: Any = draw.choice(_ENDPOINTS)
    ways: tuple[Way, ...] = ("whole", "streamed", "left_early", "cancelled")
    way = draw.choices(ways, (45, 45, 6, 4))[0]
    is_spoken = endpoint == "hearing" or (endpoint == "chat" and draw.random() < 0.4)
    wants_audio = endpoint == "speech" or (
        endpoint == "chat" and not (is_spoken and draw.random() < 0.4)
    )
    return Question(
        nonce=f"s{seed}-{number}",
        endpoint=endpoint,
        way=way,
        is_spoken=is_spoken,
        wants_audio=wants_audio,
        output_format=draw.choice(("wav", "pcm16", "wav", "mp3", None)) if wants_audio else None,
        is_large=is_spoken and draw.random() < 0.05,
        timeout_s=draw.choice((0.5, 2.5, 2.5, 2.5)),
        patience_s=draw.uniform(0.0, 0.05),
    )


class DrawnFaults:
    """A schedule that draws kinds evenly among those that can strike this request.

    The draw depends on the seed, the request's nonce and how often that came before, on nothing
    else.

    Args:
        seed: Any number.
        rate: Share of requests that are struck.
        kinds: What to draw from.
        most_in_a_row: How many attempts of one call are struck at most; `None`: any number.
        waits: Forms of Retry-After to draw from.
    """

    def __init__(
        self,
        seed: int,
        *,
        rate: float,
        kinds: frozenset[FaultKind],
        most_in_a_row: int | None = None,
        waits: Sequence[RetryAfter] = tuple(RetryAfter),
    ) -> None:
        self._waits = waits
        self._seed, self._rate, self._most = seed, rate, most_in_a_row
        self._kinds = sorted(kinds)
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Fault | None:
        """The fault of this request, or `None`."""
        nonce = request.nonce or f"#{request.index}"
        with self._lock:
            attempt = self._seen[nonce]
            self._seen[nonce] += 1
        draw = Random(f"fault/{self._seed}/{nonce}/{attempt}")
        if draw.random() >= self._rate or (self._most is not None and attempt >= self._most):
            return None
        streams = "event-stream" in (request.header("accept") or "")
        fitting = [kind for kind in self._kinds if streams or not kind.name.startswith("STREAM_")]
        return _fault(draw, draw.choice(fitting), self._waits)


def _fault(draw: Random, kind: FaultKind, waits: Sequence[RetryAfter]) -> Fault:
    executes: bool | None = None
    if FAULT_FACTS[kind].outcome == "ambiguous":
        executes = draw.random() < 0.7
    form = RetryAfter.ABSENT
    if kind in (FaultKind.STATUS_429, FaultKind.STATUS_503, FaultKind.STATUS_529):
        form = draw.choice(waits)
    return Fault(
        kind=kind,
        executes=executes,
        at=draw.random(),
        delay_s=draw.choice((0.0, 0.02, 0.1)),
        piece_bytes=draw.choice((61, 1000, 4099)),
        bytes_per_s=2_000_000,
        n_bytes=draw.choice((1 << 20, 1 << 21)) if kind is FaultKind.STREAM_HUGE_LINE else None,
        retry_after=form,
        retry_after_s=draw.choice((0.05, 0.3, 1.0)),
    )
