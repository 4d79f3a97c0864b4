"""What a cascade's call used, counted by rules that anyone can repeat.

Text: one token a word, as `text_tokens` counts them. Audio: the declared tokens per second, the
seconds of all clips of one side added up, rounded up once.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from ossicle.cascade.relay import closing
from ossicle.cascade.stages import Heard, cost_of_stage, is_billed
from ossicle.errors import OssicleError
from ossicle.messages import Part, TextPart, ToolCallPart, ToolResultPart, Usage, sum_costs

Item = TypeVar("Item")

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff_]+")


def text_tokens(text: str) -> int:
    """How many words a text has; each character of Chinese and Japanese counts as one."""
    return len(_WORD.findall(text))


def part_tokens(part: Part) -> int:
    """Words of what is written in one part of a message, tool calls and results included."""
    match part:
        case TextPart(text=text):
            return text_tokens(text)
        case ToolCallPart(call=call):
            return text_tokens(call.name) + text_tokens(call.arguments)
        case ToolResultPart(content=content):
            return text_tokens(content)
        case _:
            return 0


@dataclass(slots=True, kw_only=True)
class Counter:
    """Adds up one call.

    Attributes:
        rate_in: Audio tokens per second heard.
        rate_out: Audio tokens per second spoken.
        words_in: Words read; those that were heard are not counted again.
        words_out: Words written or said.
        heard_s: Seconds of audio heard.
        spoken_s: Seconds of audio spoken.
        billed: The stages that a vendor bills and that have, or may have, done their work; however
            much that was, and whether or not it can be counted.
    """

    rate_in: float
    rate_out: float
    words_in: int = 0
    words_out: int = 0
    heard_s: float = 0.0
    spoken_s: float = 0.0
    billed: list[object] = field(default_factory=list)
    _may_owe_more: bool = False

    @property
    def is_billed(self) -> bool:
        """Whether a vendor bills anything of it."""
        return bool(self.billed)

    def charge(self, stage: object) -> None:
        """Note that a stage has given something."""
        if is_billed(stage) and not any(stage is known for known in self.billed):
            self.billed.append(stage)

    @contextlib.contextmanager
    def charging(self, stage: object) -> Iterator[None]:
        """Around the work of a stage, which counts however it ends, left half-way too.

        But for an error of ours: that says by itself whether it was billed.
        """
        is_refused = False
        try:
            yield
        except OssicleError as error:
            is_refused = True
            if is_billed(stage) and getattr(error, "billed", None) is not False:
                self._may_owe_more = True
            raise
        finally:
            if not is_refused:
                self.charge(stage)

    async def charged(self, items: AsyncIterator[Item], *, stage: object) -> AsyncIterator[Item]:
        """What a stage yields, which counts from its first item on."""
        with self.charging(stage):
            async with closing(items):
                async for item in items:
                    self.charge(stage)
                    yield item

    def add_heard(self, heard: Heard, duration_s: float | None) -> None:
        """Count one clip.

        Args:
            heard: What was heard in it.
            duration_s: Its length by its header; where that does not tell, the end of the last
                words stands for it.
        """
        ends = [segment.end_s for segment in heard.segments if segment.end_s is not None]
        self.heard_s += max(ends, default=0.0) if duration_s is None else duration_s

    def usage(self) -> Usage:
        """Everything so far; without its cost, since a stage may be in the middle of its work."""
        audio_in = _tokens(self.heard_s, self.rate_in)
        audio_out = _tokens(self.spoken_s, self.rate_out)
        return Usage(
            input_tokens=self.words_in + audio_in,
            output_tokens=self.words_out + audio_out,
            input_text_tokens=self.words_in,
            input_audio_tokens=audio_in,
            cached_tokens=0,
            output_text_tokens=self.words_out,
            output_audio_tokens=audio_out,
        )

    def final_usage(self) -> Usage:
        """Everything, once no stage works any more, with its cost where all billed stages tell."""
        if self._may_owe_more:
            return self.usage()
        costs = [cost_of_stage(stage) for stage in self.billed]
        return self.usage().model_copy(update={"cost": sum_costs(costs)})


def _tokens(seconds: float, rate: float) -> int:
    # A duration such as 0.1 + 0.2 must not be rounded up to one token more.
    return math.ceil(round(seconds * rate, 6))


class WordCounter:
    """Counts the words of text that arrives in pieces, and cuts it at a limit.

    Args:
        limit: How many words may pass; `None`: any number.
    """

    def __init__(self, *, limit: int | None = None) -> None:
        self.is_cut = False
        """Whether something was held back."""
        self._limit = limit
        self._before_tail = 0
        self._tail = ""

    @property
    def words(self) -> int:
        """How many words have passed."""
        return self._before_tail + (1 if self._tail else 0)

    def passing(self, piece: str) -> str:
        """The part of a piece that is within the limit."""
        if self.is_cut:
            return ""
        text = self._tail + piece
        matches = list(_WORD.finditer(text))
        room = len(matches) if self._limit is None else self._limit - self._before_tail
        if len(matches) > room:
            self.is_cut = True
            passed = text[: matches[room].start()].rstrip()
            piece = passed[len(self._tail) :]
            self._before_tail, self._tail = self._before_tail + room, ""
            return piece
        # A word that touches the end may go on in the next piece.
        is_open = bool(matches) and matches[-1].end() == len(text)
        self._tail = matches[-1][0] if is_open else ""
        self._before_tail += len(matches) - is_open
        return piece
