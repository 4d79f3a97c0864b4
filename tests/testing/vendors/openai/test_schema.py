"""Our own checker against an independent one, and its words."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema  # it ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle_testing.vendors.openai import (
    Problem,
    chat_schema,
    first_problem,
    problems,
    speech_schema,
    transcription_schema,
)
from ossicle_testing.vendors.openai.schema_errors import problem_error

CHAT: dict[str, Any] = {
    "model": "gpt-audio-1.5",
    "modalities": ["text", "audio"],
    "audio": {"voice": {"id": "voice_1"}, "format": "pcm16"},
    "stream": True,
    "stream_options": {"include_usage": True},
    "temperature": 0.5,
    "max_completion_tokens": 100,
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {}, "strict": None}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "messages": [
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "name": "Ann", "content": [
            {"type": "text", "text": "What is it?"},
            {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}},
        ]},
        {"role": "assistant", "audio": {"id": "audio_1"}, "content": None, "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        ]},
        {"role": "tool", "tool_call_id": "c", "content": "42"},
    ],
}  # fmt: skip
SPEECH: dict[str, Any] = {
    "model": "tts-1", "input": "x", "voice": "alloy", "speed": 1, "stream_format": "sse",
    "instructions": "slow",
}  # fmt: skip
FORM: dict[str, Any] = {
    "model": "whisper-1", "response_format": "verbose_json", "temperature": 0.2, "stream": False,
    "timestamp_granularities": ["word"], "known_speaker_names": ["a"],
    "chunking_strategy": {"type": "server_vad", "threshold": 0.4},
}  # fmt: skip

CASES = [(chat_schema(), CHAT), (speech_schema(), SPEECH), (transcription_schema(), FORM)]
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 200), st.floats(-3, 5), st.text(max_size=5),
    st.sampled_from(["text", "audio", "input_audio", "user", "tool", "word", "auto"]),
    st.just([]), st.just({}), st.just(["text"]), st.just({"id": "x"}),
)  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items: Any = []
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        found += _places(item, (*path, key))
    return found


@pytest.mark.parametrize(("schema", "body"), CASES)
def test_right_bodies_have_no_problem(schema: Any, body: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    assert list(problems(schema, body)) == []


@given(data=st.data())
@settings(max_examples=tried(400), deadline=None)
def test_another_validator_agrees(data: st.DataObject) -> None:
    schema, right = data.draw(st.sampled_from(CASES))
    body = copy.deepcopy(right)
    for _ in range(data.draw(st.integers(1, 2))):
        *path, last = data.draw(st.sampled_from(_places(body)))
        parent = body
        for key in path:
            parent = parent[key]
        match data.draw(st.sampled_from(["replace", "delete", "add"])):
            case "delete":
                del parent[last]
            case "add" if isinstance(parent, dict):
                parent["surprise"] = 1
            case _:
                # A copy: the next change may strike inside it.
                parent[last] = copy.deepcopy(data.draw(VALUES))
        if not _places(body):
            break
    is_valid = jsonschema.Draft202012Validator(schema).is_valid(body)
    assert (first_problem(schema, body) is None) == is_valid


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("model",), None, Problem(path="model", rule="type", expected=("string",), found="null")),
        (("stream",), 1, Problem(path="stream", rule="type", expected=("boolean", "null"),
                                 found="integer")),
        (("messages", 1, "role"), "wizard",
         Problem(path="messages[1].role", rule="value",
                 expected=("system", "developer", "user", "assistant", "tool"), found="wizard")),
        (("messages", 1, "content", 1, "input_audio", "data"), 7,
         Problem(path="messages[1].content[1].input_audio.data", rule="type",
                 expected=("string",), found="integer")),
        (("messages", 3, "content"), 7,
         Problem(path="messages[3].content", rule="type", expected=("string", "array"),
                 found="integer")),
        (("audio", "format"), "ogg",
         Problem(path="audio.format", rule="value",
                 expected=("wav", "aac", "mp3", "flac", "opus", "pcm16"), found="ogg")),
        (("max_completion_tokens",), 0,
         Problem(path="max_completion_tokens", rule="too_low", expected=("1",), found="0")),
        (("tool_choice",), "sometimes",
         Problem(path="tool_choice", rule="value", expected=("none", "auto", "required"),
                 found="sometimes")),
    ],
)  # fmt: skip
def test_problems_name_the_place_and_the_rule(
    path: tuple[Any, ...], value: Any, problem: Problem
) -> None:
    body = copy.deepcopy(CHAT)
    parent: Any = body
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    assert first_problem(chat_schema(), body) == problem


def test_unknown_fields_matter_only_to_the_strict() -> None:
    body = {**CHAT, "surprise": 1}
    assert first_problem(chat_schema(), body) == Problem(path="surprise", rule="unknown")
    assert first_problem(chat_schema(), body, is_strict=False) is None


def test_audio_urls_are_known_where_they_are_asked_for() -> None:
    part = {"type": "audio_url", "audio_url": {"url": "data:"}}
    body = {"model": "m", "messages": [{"role": "user", "content": [part]}]}
    assert first_problem(chat_schema(), body) is not None
    assert first_problem(chat_schema(audio_url=True), body) is None


def test_contents_never_stand_in_a_problem() -> None:
    part = {"type": "input_audio", "input_audio": {"data": ["c2VjcmV0"], "format": "wav"}}
    body = {"model": "m", "messages": [{"role": "user", "content": [part]}]}
    problem = first_problem(chat_schema(), body)
    assert problem is not None
    assert "c2VjcmV0" not in repr(problem) + problem_error(problem).message
