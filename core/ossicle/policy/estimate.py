"""What a request will use and cost, before it is sent."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ossicle.abc import Capabilities, Prices, cost_of
from ossicle.messages import (
    AudioPart,
    AudioReference,
    Cost,
    Estimate,
    Part,
    Request,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    Usage,
)
from ossicle.policy.text_tokens import estimate_tokens

_PER_MESSAGE, _PER_REQUEST = 4, 3
_PER_TOOL, _FOR_TOOLS = 7, 12
"""Tokens that frame messages and tools. Source: OpenAI cookbook, "How to count tokens with
tiktoken" (gpt-4o: 3 and the role's own per message, 3 for the reply; 7 per tool, 12 at the end),
read 2026-11-23."""

_SPOKEN_TOKENS_PER_S = 2.5
"""Speech in tokens of its text per second, on the slow side, so that speech whose length is
unknown is rather taken as too long: 150 English words a minute are about 3."""


def audio_tokens(duration_s: float, tokens_per_s: float) -> int:
    """Tokens of one clip: its seconds at the model's rate, rounded up.

    Computed in decimals, so that 1.1 s at 10 per second are 11 tokens and not 12.
    """
    return math.ceil(_exact_tokens(duration_s, tokens_per_s))


def _exact_tokens(duration_s: float, tokens_per_s: float) -> Decimal:
    return Decimal(repr(float(duration_s))) * Decimal(repr(float(tokens_per_s)))


@dataclass(slots=True)
class _Heard:
    """Audio of a request, as far as it is known.

    Parts of a token are carried from clip to clip and rounded up once: a token too many for each
    of many short clips would be several percent.
    """

    exact: Decimal | None = Decimal(0)
    seconds: float | None = 0.0

    @property
    def tokens(self) -> int | None:
        return None if self.exact is None else math.ceil(self.exact)

    def add(self, duration_s: float | None, tokens_per_s: float | None) -> None:
        if duration_s is None or not math.isfinite(duration_s) or duration_s < 0:
            self.exact = self.seconds = None
            return
        if self.seconds is not None:
            self.seconds += duration_s
        if tokens_per_s is None or self.exact is None:
            self.exact = None
        else:
            self.exact += _exact_tokens(duration_s, tokens_per_s)


def estimate_request(
    request: Request,
    *,
    capabilities: Capabilities,
    durations_s: Sequence[float | None] = (),
    max_output_tokens: int | None = None,
) -> Estimate:
    """What a request will use and cost; unknown stays `None`.

    Text counts by `estimate_tokens`, plus what frames messages and tools; audio by its seconds at
    the model's rate, rounded up once. Audio named by a reference is billed again on every turn, at
    the higher of the model's two rates, since no vendor says which. The answer is taken as
    long as its bound allows, all of it in the dearer modality that was asked for. For `speak`
    without a bound it is what reading the text slowly takes.

    Args:
        request: Ready to send.
        capabilities: Of the model.
        durations_s: Seconds of every clip and every audio reference of the request, in order;
            `None` or missing: what the clip's header or the reference says, or what saying the
            reference's transcript takes.
        max_output_tokens: Bound of the answer where the request names none; `None`: the model's.
    """
    heard = _heard(request, capabilities, durations_s)
    text = _text_tokens(request)
    spoken_s = _reading_s(request.messages[-1].text) if request.task == "speak" else None
    bound = request.max_output_tokens or max_output_tokens or _bound(capabilities, spoken_s)
    is_spoken = "audio" in request.output
    used = Usage(
        input_tokens=None if heard.tokens is None else text + heard.tokens,
        # text alone would pass for the whole input where the audio's part is unknown
        input_text_tokens=None if heard.tokens is None else text,
        input_audio_tokens=heard.tokens,
        output_tokens=bound,
        output_audio_tokens=bound if is_spoken else None,
        output_text_tokens=None if is_spoken else bound,
        input_audio_s=heard.seconds,
        output_audio_s=spoken_s,
        characters=_characters(request) if request.task == "speak" else None,
    )
    return Estimate(
        input_tokens=used.input_tokens,
        input_audio_tokens=heard.tokens,
        output_tokens=bound,
        cost=_cost(used, capabilities.prices),
    )


def _bound(capabilities: Capabilities, spoken_s: float | None) -> int | None:
    rate = capabilities.audio_tokens_per_s_out
    if capabilities.max_output_tokens is None and spoken_s is not None and rate is not None:
        return audio_tokens(spoken_s, rate)
    return capabilities.max_output_tokens


def _cost(used: Usage, prices: Prices | None) -> Cost | None:
    if prices is None:
        return None
    if used.input_tokens is None and (used.input_audio_s is None or prices.second_in is None):
        return None
    cost = cost_of(used, prices)
    return None if cost is None else cost.model_copy(update={"basis": "estimate"})


def _heard(
    request: Request, capabilities: Capabilities, durations_s: Sequence[float | None]
) -> _Heard:
    heard = _Heard()
    rate = capabilities.audio_tokens_per_s_in
    rates = [known for known in (rate, capabilities.audio_tokens_per_s_out) if known is not None]
    given = iter(durations_s)
    for part in _parts(request):
        if isinstance(part, AudioPart):
            duration_s = next(given, None)
            if duration_s is None:
                duration_s = part.clip.facts.duration_s
            heard.add(duration_s, rate)
        elif isinstance(part, AudioReference):
            duration_s = next(given, None)
            if duration_s is None:
                duration_s = part.duration_s
            if duration_s is None and part.transcript:
                duration_s = _reading_s(part.transcript)
            heard.add(duration_s, max(rates, default=None))
    return heard


def _text_tokens(request: Request) -> int:
    """Everything of the request that is text, with what frames it where it is a conversation."""
    total = estimate_tokens(request.instructions) if request.instructions else 0
    for part in _parts(request):
        total += sum(estimate_tokens(text) for text in _texts(part))
    for tool in request.tools:
        total += estimate_tokens(f"{tool.name}:{tool.description}")
        total += estimate_tokens(json.dumps(tool.parameters, ensure_ascii=False))
    if request.task == "respond":
        messages = len(request.messages) + (1 if request.instructions else 0)
        total += _PER_REQUEST + _PER_MESSAGE * messages
        total += _FOR_TOOLS + _PER_TOOL * len(request.tools) if request.tools else 0
    return total


def _parts(request: Request) -> Iterator[Part]:
    for message in request.messages:
        yield from message.parts


def _texts(part: Part) -> tuple[str, ...]:
    """What of a part goes out as text; transcripts of audio that is sent do not."""
    if isinstance(part, TextPart):
        return (part.text,)
    if isinstance(part, ToolCallPart):
        return (part.call.name, part.call.arguments)
    if isinstance(part, ToolResultPart):
        return (part.content,)
    return ()


def _characters(request: Request) -> int:
    return sum(len(part.text) for part in _parts(request) if isinstance(part, TextPart))


def _reading_s(text: str) -> float:
    return estimate_tokens(text) / _SPOKEN_TOKENS_PER_S
