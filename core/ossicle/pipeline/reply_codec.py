"""A reply as it is kept: JSON for what was said and used, bytes for the sound."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal

from pydantic import ValidationError

from ossicle.audio import AudioClip, AudioFormat
from ossicle.conversion.encoding import clip_over
from ossicle.errors import MalformedAudioError, UnsupportedFormatError
from ossicle.messages import Attempt, Cost, Reply, Usage
from ossicle.storage import Cacheable, Fetched

_OF_ONE_CALL = {"id": None, "request_id": None, "reference": None, "server_time_s": None}
"""What belongs to the call that was made, and not to the one that gets its answer."""


def pack(
    reply: Reply, *, cost: Cost | None, attempts: Sequence[Attempt], notes: Sequence[str]
) -> Cacheable:
    """What came back, to be kept; an answer that was cut or filtered is only shared."""
    form = None if reply.audio is None else asdict(reply.audio.format)
    document = {
        "reply": reply.model_dump(mode="json", exclude={"audio", "receipt"}),
        "format": form,
        "cost": None if cost is None else cost.model_dump(mode="json"),
        "attempts": [attempt.model_dump(mode="json") for attempt in attempts],
        "notes": list(notes),
    }
    is_whole = reply.finish_reason in ("stop", "tool_calls") and reply.refusal is None
    return Cacheable(
        document=json.dumps(document, ensure_ascii=False, separators=(",", ":")),
        value=b"" if reply.audio is None else reply.audio.read_bytes(),
        lasts=is_whole,
    )


class StoredReply:
    """What `pack` kept.

    Args:
        fetched: From the cache.

    Raises:
        ValueError: It is damaged, or of another version.

    Attributes:
        reply: As it came back.
        cost: What it cost then.
        attempts: At the provider, then.
        notes: What the log said, then.
    """

    def __init__(self, fetched: Fetched) -> None:
        try:
            document = json.loads(fetched.document)
            reply = Reply.model_validate(document["reply"])
            form = document["format"]
            audio = None if form is None else _clip(fetched.value, AudioFormat(**form))
            cost = document["cost"]
            self.cost = None if cost is None else Cost.model_validate(cost)
            self.attempts = tuple(Attempt.model_validate(one) for one in document["attempts"])
            self.notes = tuple(str(note) for note in document["notes"])
        except (
            KeyError, TypeError, AttributeError, ValidationError,
            MalformedAudioError, UnsupportedFormatError,
        ) as error:  # fmt: skip
            raise ValueError("a kept answer cannot be read") from error
        self.reply = reply.model_copy(update={"audio": audio})

    def for_another(self) -> Reply:
        """The reply for a call that was not made: it used nothing."""
        nothing = Usage(input_tokens=0, output_tokens=0)
        return self.reply.model_copy(update={**_OF_ONE_CALL, "usage": nothing})

    @property
    def free(self) -> Cost:
        """What a call cost that was not made."""
        currency = "USD" if self.cost is None else self.cost.currency
        return Cost(amount=Decimal(0), currency=currency, basis="cache")

    @property
    def saving(self) -> str:
        """What the caller should know of it."""
        if self.cost is None:
            return "the answer is that of another call: nobody was asked"
        spared = f"{self.cost.amount:f} {self.cost.currency}"
        return f"the answer is that of another call: nobody was asked, {spared} spared"


def _clip(data: bytes, form: AudioFormat) -> AudioClip:
    return clip_over(data, form)
