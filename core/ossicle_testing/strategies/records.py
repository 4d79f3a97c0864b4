"""Capability records, tools and arguments that fit them."""

from __future__ import annotations

import datetime
import json
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from ossicle.abc import AudioInput, AudioOutput, Capabilities, FormatRule, Prices
from ossicle.messages import (
    CHAT_AUDIO_ROWS,
    SPEAK,
    TEXT_TO_TEXT,
    TRANSCRIBE,
    ModalityRow,
    Task,
    Tool,
)
from ossicle_testing.strategies.signals import RATES

_NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8)
_KINDS = (("wav", "pcm_s16le"), ("raw", "pcm_s16le"), ("mp3", "mp3"), ("flac", "flac"))
_SIZES = st.none() | st.integers(1 << 10, 1 << 28)
_LENGTHS_S = st.none() | st.sampled_from((30.0, 1500.0))
_TOKENS = st.none() | st.integers(1, 1_000_000)
_TOKENS_PER_S = st.none() | st.sampled_from((10.0, 12.5, 32.0))
_LANGUAGES = st.lists(
    st.sampled_from(("en", "de", "zh-Hans", "pt-BR", "gsw")), min_size=1, max_size=3, unique=True
).map(tuple)
_DAYS = st.sampled_from((datetime.date(2027, 6, 30), datetime.date(2026, 1, 31)))
_TOOL_NAMES = st.text("abcxyzABC019_-", min_size=1, max_size=64)


@st.composite
def format_rules(draw: st.DrawFn) -> FormatRule:
    """Rules that name a container, and any of the rest."""
    container, encoding = draw(st.sampled_from(_KINDS))
    rates = draw(st.none() | st.lists(st.sampled_from(RATES), min_size=1, max_size=3, unique=True))
    if container == "raw":
        rates = rates or [draw(st.sampled_from(RATES))]
    channels = draw(st.none() | st.sampled_from([(1,), (1, 2), (2,)]))
    return FormatRule.model_validate(
        {
            "container": container,
            "encodings": (encoding,),
            "sample_rates": rates,
            "max_sample_rate": None if rates else draw(st.none() | st.sampled_from(RATES)),
            "channels": (1,) if container == "raw" and channels is None else channels,
            "bit_rate": draw(st.none() | st.sampled_from((32_000, 128_000)))
            if container == "mp3"
            else None,
            "max_bytes": draw(_SIZES),
            "max_duration_s": draw(_LENGTHS_S),
        }
    )


def _rules(min_size: int) -> st.SearchStrategy[tuple[FormatRule, ...]]:
    return st.lists(
        format_rules(), min_size=min_size, max_size=3, unique_by=lambda rule: rule.container
    ).map(tuple)


_TASK_SETS: tuple[tuple[Task, ...], ...] = (
    ("respond",), ("speak",), ("transcribe",), ("speak", "transcribe"), ("respond", "speak"),
    ("respond", "transcribe"), ("respond", "speak", "transcribe"),
)  # fmt: skip


@st.composite
def capabilities(draw: st.DrawFn) -> Capabilities:
    """Records that agree with themselves: what a row needs is there.

    The simplest claims one task and nothing that it does not need.
    """
    # Everything is drawn whether it is needed or not: a record that fails shrinks field by field.
    tasks = draw(st.sampled_from(_TASK_SETS))
    claims = {name: draw(st.booleans()) for name in ("streams", "tools", "instructs", "keeps")}
    lifetime_s = draw(st.none() | st.just(3600.0))
    voices = draw(st.none() | st.lists(_NAMES, min_size=1, max_size=3, unique=True).map(tuple))
    more: dict[str, Any] = {
        "max_text_chars": draw(st.none() | st.integers(1, 100_000)),
        "languages": draw(st.none() | _LANGUAGES),
        "context_tokens": draw(_TOKENS),
        "max_output_tokens": draw(_TOKENS),
        "prices": draw(st.none() | prices()),
        "failed_requests_are_billed": draw(st.sampled_from((None, False, True))),
        "shutdown": draw(st.none() | _DAYS),
        "is_assumed": draw(st.booleans()),
    }
    rate_in, rate_out = draw(_TOKENS_PER_S), draw(_TOKENS_PER_S)
    successor = draw(st.none() | _NAMES)
    known: dict[Task, tuple[ModalityRow, ...]] = {
        "respond": draw(st.sampled_from(_CHAT_ROWS)),
        "speak": (SPEAK,),
        "transcribe": (TRANSCRIBE,),
    }
    rows: dict[Task, tuple[ModalityRow, ...]] = {task: known[task] for task in tasks}
    every = [row for some in rows.values() for row in some]
    hears = any("audio" in row.inputs for row in every)
    speaks = any("audio" in row.outputs for row in every)
    heard, whole, streamed = draw(_audio_inputs()), draw(_rules(1)), draw(_rules(1))
    keeps = "respond" in rows and speaks and claims["keeps"]
    return Capabilities(
        provider=draw(_NAMES),
        model=draw(_NAMES),
        rows=rows,
        audio_input=heard if hears else None,
        audio_output=AudioOutput(whole=whole, streamed=streamed if claims["streams"] else ())
        if speaks
        else None,
        voices=voices if speaks else None,
        default_voice=voices[0] if speaks and voices else None,
        streaming=claims["streams"],
        tools="respond" in rows and claims["tools"],
        instructions=claims["instructs"],
        audio_references=keeps,
        reference_lifetime_s=lifetime_s if keeps else None,
        audio_tokens_per_s_in=rate_in if hears else None,
        audio_tokens_per_s_out=rate_out if speaks else None,
        successor=successor if more["shutdown"] is not None else None,
        **more,
        source="drawn",
        as_of=datetime.date(2026, 11, 23),
    )


def prices() -> st.SearchStrategy[Prices]:
    """What models cost, by tokens, seconds or characters; the simplest says nothing.

    Nothing is priced below zero; free and a hundred units are among the amounts.
    """
    amount = st.none() | st.decimals(0, 100, places=4, allow_nan=False, allow_infinity=False)
    fields = {name: amount for name in Prices.model_fields if name != "currency"}
    return st.builds(Prices, **fields, currency=st.sampled_from(("USD", "EUR")))


_CHAT_ROWS: tuple[tuple[ModalityRow, ...], ...] = tuple(
    rows
    for size in range(1, 2 + len(CHAT_AUDIO_ROWS))
    for rows in combinations((TEXT_TO_TEXT, *CHAT_AUDIO_ROWS), size)
)
"""Every choice of rows, fewest first."""


def _audio_inputs() -> st.SearchStrategy[AudioInput]:
    return st.builds(
        AudioInput,
        formats=_rules(1),
        max_bytes=_SIZES,
        max_duration_s=_LENGTHS_S,
        min_duration_s=st.none() | st.just(0.1),
        max_clips=st.none() | st.integers(1, 64),
    )


_LEAVES: tuple[dict[str, Any], ...] = (
    {"type": "string"},
    {"type": "integer"},
    {"type": "number"},
    {"type": "boolean"},
    {"enum": ["a", "b"]},
)


def json_schemas() -> st.SearchStrategy[dict[str, Any]]:
    """Schemas of arguments objects: strings, numbers, booleans, choices, lists and objects.

    Any of the properties may be optional; the simplest schemas require all of theirs.
    """
    inner = st.recursive(st.sampled_from(_LEAVES), _nested, max_leaves=6)
    return _objects(inner)


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    lists = inner.map(lambda items: {"type": "array", "items": items})
    return lists | _objects(inner)


def _objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def build(drawn: dict[str, tuple[dict[str, Any], bool]]) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {name: part for name, (part, _) in drawn.items()},
            "required": sorted(name for name, (_, is_optional) in drawn.items() if not is_optional),
            "additionalProperties": False,
        }

    return st.dictionaries(_NAMES, st.tuples(inner, st.booleans()), max_size=3).map(build)


def tools() -> st.SearchStrategy[Tool]:
    """Tools with names, descriptions in any script, and schemas."""
    return st.builds(
        Tool,
        name=_TOOL_NAMES,
        description=st.text(max_size=20),
        parameters=json_schemas(),
        strict=st.sampled_from((None, True, False)),
    )


def arguments_for(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    """JSON texts that fit a schema of `json_schemas`, as a model would write them."""
    return _values(schema).map(lambda value: json.dumps(value, ensure_ascii=False))


def _values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "string":
            return st.text(max_size=8)
        case "integer":
            return st.integers(-(2**31), 2**31)
        case "number":
            return st.floats(-1e6, 1e6, allow_nan=False)
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(_values(schema["items"]), max_size=3)
    parts = {name: _values(part) for name, part in schema["properties"].items()}
    optional = {name: parts.pop(name) for name in [*parts] if name not in schema["required"]}
    return st.fixed_dictionaries(parts, optional=optional)
