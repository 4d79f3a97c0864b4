"""Whether writing down audio costs less than sending it again: pure arithmetic on model records."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ossicle.abc import Capabilities, cost_of
from ossicle.messages import Cost, Usage
from ossicle.policy import audio_tokens

_WORD_TOKENS_PER_S = 4.0
"""Fast speech: 180 English words a minute at 1.33 tokens each. On the dear side, since it counts
against writing down."""


def expected_sends(n_committed: int) -> int:
    """How often a history will be sent again, this time included.

    Nobody knows how long a conversation will last. One that has lasted n turns is taken to last n
    more: the median when nothing but its age is known.

    Source:
        J. R. Gott, "Implications of the Copernican principle for our future prospects", Nature
        363 (1993), 315-319.
    """
    return max(1, n_committed)


def is_worth_transcribing(
    durations_s: Sequence[float | None],
    *,
    asked: Capabilities,
    transcriber: Capabilities,
    n_sends: int,
) -> bool:
    """Whether sending the words `n_sends` times and writing them down costs less than the audio.

    Whatever price or length is not known: no. Audio is taken at the price for cached audio where
    the model's record names one, so that a discount never makes it a loss.

    Args:
        durations_s: Of the clips.
        asked: The model that would be sent the audio again.
        transcriber: The model that would write it down.
        n_sends: How often it would be sent again.
    """
    seconds = [length for length in durations_s if length is not None and math.isfinite(length)]
    if len(seconds) < len(durations_s) or not seconds:
        return False
    total_s = math.fsum(seconds)
    audio, words = _hearing(total_s, asked), _reading(total_s, asked)
    written = _writing(total_s, transcriber)
    if audio is None or words is None or written is None:
        return False
    if len({audio.currency, words.currency, written.currency}) > 1:
        return False
    return (audio.amount - words.amount) * n_sends > written.amount


def _hearing(seconds: float, model: Capabilities) -> Cost | None:
    rate = model.audio_tokens_per_s_in
    tokens = None if rate is None else audio_tokens(seconds, rate)
    used = Usage(
        input_tokens=tokens,
        input_audio_tokens=tokens,
        input_audio_s=seconds,
        cached_tokens=tokens,
    )
    return cost_of(used, model.prices)


def _reading(seconds: float, model: Capabilities) -> Cost | None:
    tokens = _words(seconds)
    return cost_of(Usage(input_tokens=tokens, input_text_tokens=tokens), model.prices)


def _writing(seconds: float, model: Capabilities) -> Cost | None:
    rate = model.audio_tokens_per_s_in
    tokens = None if rate is None else audio_tokens(seconds, rate)
    used = Usage(
        input_tokens=tokens,
        input_audio_tokens=tokens,
        input_audio_s=seconds,
        output_tokens=_words(seconds),
        output_text_tokens=_words(seconds),
    )
    return cost_of(used, model.prices)


def _words(seconds: float) -> int:
    return math.ceil(seconds * _WORD_TOKENS_PER_S)
