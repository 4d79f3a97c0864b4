"""What a store keeps, as values."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, NonNegativeFloat, model_validator

from ossicle.messages import CallOutcome, Task, Usage, Value

Count = Annotated[int, Field(ge=0, lt=2**53)]
"""A count that every database and JSON reader holds exactly."""

Instant = Annotated[float, Field(ge=0, lt=253_402_300_800)]
"""Seconds since 1970, before the year 10000."""


_COUNTS = frozenset({"input_tokens", "output_tokens", "input_audio_tokens", "output_audio_tokens"})


_FORMER_OUTCOMES = {None: "finished", "answered": "finished"}


class StoredTurn(Value):
    """One turn of a conversation; to a store its text is opaque.

    Attributes:
        index: Its place in the conversation, from 0; gaps are allowed.
        document: What it is, as JSON text.
        blobs: Digests of the blobs it needs; they are kept as long as it is.
        blobs_until: When its blobs may go although the turn stays, in seconds since 1970; `None`:
            not before the turn does. After that time a store may give the turn without blobs.
    """

    index: Count
    document: str
    blobs: tuple[str, ...] = ()
    blobs_until: Instant | None = None


class StoredConversation(Value):
    """A conversation as it was last written.

    Attributes:
        conversation_id: Its id.
        revision: Grows by one with each change; start from it to notice another writer.
        created_at: Seconds since 1970.
        updated_at: Seconds since 1970.
        document: Everything that belongs to no turn, as JSON text.
        turns: By index.
    """

    conversation_id: str
    revision: int
    created_at: float
    updated_at: float
    document: str
    turns: tuple[StoredTurn, ...] = ()


class ConversationSummary(Value):
    """A line of a list of conversations.

    Attributes:
        conversation_id: Its id.
        revision: As in `StoredConversation`.
        created_at: Seconds since 1970.
        updated_at: Seconds since 1970.
        document: Everything that belongs to no turn, as JSON text.
        n_turns: How many turns it has.
    """

    conversation_id: str
    revision: int
    created_at: float
    updated_at: float
    document: str
    n_turns: Count


class Charge(Value):
    """One entry of the ledger: what a call used and cost, and how it went.

    Attributes:
        charge_id: New and unique; the same entry written twice counts once.
        at: When it ended, in seconds since 1970.
        provider: Who was called.
        model: Which model.
        task: For what; `None`: not known, as in entries of the first versions.
        conversation_id: To which conversation it belongs, if any.
        outcome: How the call ended.
        error: `OssicleError.code` of what ended it, or `None`.
        usage: What the vendor told; `None`: nothing.
        input_audio_s: Seconds of audio sent.
        output_audio_s: Seconds of audio received.
        saved_s: Seconds of audio that were not sent because they held nothing.
        amount: Money in `currency`, exact; `None` when not known.
        currency: ISO 4217 code; `None` when the call names no cost.
        latency_s: From its beginning to its end; `None`: not measured.
        first_audio_s: From sending to the first audio of the answer; `None`: there was none.
        findings: Of the validators, how many by code.
        attempts: Tries at the provider, how many by outcome.
        cache_hit: Whether it was answered from the cache.
    """

    charge_id: str
    at: Instant
    provider: str
    model: str
    task: Task | None = None
    conversation_id: str | None = None
    outcome: CallOutcome = "finished"
    error: str | None = None
    usage: Usage | None = None
    input_audio_s: NonNegativeFloat = 0.0
    output_audio_s: NonNegativeFloat = 0.0
    saved_s: NonNegativeFloat = 0.0
    amount: Decimal | None = None
    currency: str | None = "USD"
    latency_s: NonNegativeFloat | None = None
    first_audio_s: NonNegativeFloat | None = None
    findings: dict[str, Count] = Field(default_factory=dict)
    attempts: dict[str, Count] = Field(default_factory=dict)
    cache_hit: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_schema_2(cls, data: object) -> object:
        """Stores up to schema 2 hold four counts instead of the usage; 0 when not told."""
        if not isinstance(data, dict) or not _COUNTS & data.keys():
            return data
        counts = {name: data[name] for name in _COUNTS & data.keys()}
        rest = {name: value for name, value in data.items() if name not in _COUNTS}
        outcome = rest.get("outcome")
        return rest | {"usage": counts, "outcome": _FORMER_OUTCOMES.get(outcome, outcome)}


class ChargeSum(Value):
    """All charges of one day, provider, model, outcome and currency.

    Attributes:
        day: In UTC, as `YYYY-MM-DD`.
        calls: How many charges.
        input_tokens: What was not told counts as nothing, here and below.
        output_tokens: All output tokens.
        input_audio_tokens: Part of `input_tokens`.
        output_audio_tokens: Part of `output_tokens`.
        input_audio_s: Seconds of audio sent.
        output_audio_s: Seconds of audio received.
        amount: Their sum, exact; what is not known counts as nothing.
        n_unknown_amounts: How many charges name no amount.
    """

    day: str
    provider: str
    model: str
    outcome: str
    currency: str
    calls: Count = 0
    input_tokens: Count = 0
    output_tokens: Count = 0
    input_audio_tokens: Count = 0
    output_audio_tokens: Count = 0
    input_audio_s: NonNegativeFloat = 0.0
    output_audio_s: NonNegativeFloat = 0.0
    amount: Decimal = Decimal(0)
    n_unknown_amounts: Count = 0


class CachedValue(Value):
    """A value from the cache.

    Attributes:
        document: What it is, as JSON text.
        value: Its bytes.
        created_at: Seconds since 1970.
        expires_at: Seconds since 1970.
    """

    document: str
    value: bytes
    created_at: float
    expires_at: float

    @property
    def n_bytes(self) -> int:
        """What it counts with where the cache is bounded and measured: value and document."""
        return cached_size(self.value, self.document)


def cached_size(value: bytes, document: str) -> int:
    """Bytes that a cached value takes: a transcript is nothing but its document."""
    # Half a surrogate pair is refused where it is stored; it must not stop the counting before.
    return len(value) + len(document.encode(errors="surrogatepass"))


class TenantSize(Value):
    """How much a store holds for a tenant.

    Attributes:
        conversations: How many.
        turns: Of all conversations.
        blobs: Different ones.
        blob_bytes: Together.
        cached_values: How many.
        cached_bytes: Together, with their documents.
        charges: Entries of the ledger.
    """

    conversations: Count = 0
    turns: Count = 0
    blobs: Count = 0
    blob_bytes: Count = 0
    cached_values: Count = 0
    cached_bytes: Count = 0
    charges: Count = 0


class CleanReport(Value):
    """What a cleaning took away.

    Attributes:
        cached_values: Expired ones.
        turns: Those whose blobs were due to go.
        blobs: Those that nothing needs any more.
        n_bytes: Size of the blobs and cached values together.
    """

    cached_values: Count = 0
    turns: Count = 0
    blobs: Count = 0
    n_bytes: Count = 0
