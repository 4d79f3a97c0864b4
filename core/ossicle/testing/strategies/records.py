"""Capability records, tools and arguments that fit them."""

from __future__ import annotations

import datetime
import json
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from ossicle.abc import AudioInput, AudioOutput, Capabilities, FormatRule
from ossicle.messages import (
    CHAT_AUDIO_ROWS,
    SPEAK,
    TEXT_TO_TEXT,
    TRANSCRIBE,
    ModalityRow,
    Task,
    Tool,
)
from ossicle.testing.strategies.signals import RATES

_NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8)
_KINDS = (("wav", "pcm_s16le"), ("raw", "pcm_s16le"), ("mp3", "mp3"), ("flac", "flac"))
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
    max_text_chars = draw(st.none() | st.integers(1, 100_000))
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
        max_text_chars=max_text_chars,
        source="drawn",
        as_of=datetime.date(2026, 11, 23),
    )


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
        max_bytes=st.none() | st.integers(1 << 10, 1 << 28),
        max_duration_s=st.none() | st.sampled_from((30.0, 1500.0)),
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
    """Schemas of arguments objects: strings, numbers, booleans, choices, lists and objects."""
    inner = st.recursive(st.sampled_from(_LEAVES), _nested, max_leaves=6)
    return _objects(inner)


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    lists = inner.map(lambda items: {"type": "array", "items": items})
    return lists | _objects(inner)


def _objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def build(properties: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": properties,
            "required": sorted(properties),
            "additionalProperties": False,
        }

    return st.dictionaries(_NAMES, inner, max_size=3).map(build)


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
    return st.fixed_dictionaries(parts)
