"""Receipts and calls as Hypothesis strategies."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from ossicle.abc import CallInfo
from ossicle.messages import Attempt, AudioRecord, Cost, Finding, Receipt, Usage

TASKS = ("respond", "speak", "transcribe")
SECONDS = st.floats(0, 1000)
TOKENS = st.none() | st.integers(0, 100_000)


def call_of(receipt: Receipt) -> CallInfo:
    return CallInfo(
        turn_id=receipt.turn_id,
        tenant=receipt.tenant,
        provider=receipt.provider,
        model=receipt.model,
        task=receipt.task,
    )


findings = st.builds(
    Finding,
    code=st.sampled_from(["clipping", "no_speech", "noise"]),
    severity=st.sampled_from(["info", "warning", "error"]),
    message=st.just("words"),
)
records = st.builds(
    AudioRecord,
    source=st.just("wav"),
    result=st.just("wav"),
    duration_s=st.none() | SECONDS,
    result_duration_s=st.none() | SECONDS,
    n_bytes=st.just(1),
    findings=st.lists(findings, max_size=2).map(tuple),
)
usages = st.builds(
    Usage,
    input_tokens=TOKENS,
    output_tokens=TOKENS,
    input_text_tokens=TOKENS,
    input_audio_tokens=TOKENS,
    cached_tokens=TOKENS,
    output_text_tokens=TOKENS,
    output_audio_tokens=TOKENS,
)
attempts = st.builds(
    Attempt,
    outcome=st.sampled_from(["settled", "clean", "ambiguous"]),
    error=st.sampled_from([None, "rate_limited", "provider_unavailable"]),
)
costs = st.builds(
    Cost,
    amount=st.decimals(0, 1000, places=12).map(Decimal),
    currency=st.sampled_from(["USD", "EUR"]),
    basis=st.just("details"),
)
receipts = st.builds(
    Receipt,
    turn_id=st.just("turn_1"),
    tenant=st.sampled_from(["default", "ada"]),
    provider=st.sampled_from(["echo", "openai"]),
    model=st.sampled_from(["chat", "speak"]),
    task=st.sampled_from(TASKS),
    response_model=st.none() | st.just("chat-2026"),
    cache_hit=st.booleans(),
    inputs=st.lists(records, max_size=2).map(tuple),
    output=st.none() | records,
    usage=st.none() | usages,
    cost=st.none() | costs,
    attempts=st.lists(attempts, max_size=3).map(tuple),
    timings=st.fixed_dictionaries({"total": SECONDS}, optional={"first_audio": SECONDS}),
    saved_s=SECONDS,
)

FULL_RECORD = AudioRecord(
    source="wav",
    result="wav",
    duration_s=2.0,
    result_duration_s=1.5,
    n_bytes=1,
    findings=(Finding(code="noise", severity="warning", message="words"),),
)
FULL_RECEIPT = Receipt(
    turn_id="turn_1",
    tenant="ada",
    provider="openai",
    model="gpt-audio",
    task="respond",
    response_model="gpt-audio-2026",
    cache_hit=True,
    cache="stored",
    inputs=(FULL_RECORD,),
    output=FULL_RECORD,
    usage=Usage(
        input_tokens=30,
        output_tokens=70,
        input_text_tokens=10,
        input_audio_tokens=20,
        cached_tokens=5,
        output_text_tokens=30,
        output_audio_tokens=40,
    ),
    cost=Cost(amount=Decimal("0.25"), basis="details"),
    attempts=(Attempt(outcome="clean", error="rate_limited"), Attempt(outcome="settled")),
    timings={"prepare": 0.5, "provider": 3.0, "first_audio": 1.0, "total": 4.0},
    saved_s=0.5,
)
"""Every field that telemetry reads is there."""
