"""Records agree with themselves, and arguments with their schema."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # it ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.testing.strategies.finding import drawn, simplest

from ossicle.abc import Capabilities, FormatRule, Prices
from ossicle.messages import Tool
from ossicle_testing.strategies import arguments_for, capabilities, json_schemas, tools

TASKS = ("respond", "speak", "transcribe")


@settings(deadline=None)
@given(capabilities())
def test_what_a_row_needs_is_there(record: Capabilities) -> None:
    assert record.tasks
    for rows in record.rows.values():
        for row in rows:
            assert "audio" not in row.inputs or record.audio_input is not None
            assert "audio" not in row.outputs or record.audio_output is not None
    assert Capabilities.model_validate_json(record.model_dump_json()) == record


@pytest.mark.slow
def test_every_task_and_partial_models_are_drawn() -> None:
    found = drawn(capabilities(), 150)
    for task in TASKS:
        assert any(record.tasks == {task} for record in found)
    assert any(record.audio_input is None for record in found)
    assert any(record.audio_references for record in found)
    assert any(record.voices is None and record.streaming for record in found)


@pytest.mark.slow
def test_every_field_of_a_record_is_drawn_known_and_unknown() -> None:
    found = drawn(capabilities(), 300)
    for name in Capabilities.model_fields:
        values = [getattr(record, name) for record in found]
        assert name in ("source", "as_of") or any(value != values[0] for value in values), name
    for name in Prices.model_fields:
        prices = [getattr(record.prices, name) for record in found if record.prices is not None]
        assert any(value != prices[0] for value in prices), name
    rules = [rule for one in found if one.audio_input for rule in one.audio_input.formats]
    for name in FormatRule.model_fields:
        assert any(getattr(rule, name) != getattr(rules[0], name) for rule in rules), name


@pytest.mark.slow
def test_properties_are_required_and_optional_and_left_out() -> None:
    schemas = drawn(json_schemas(), 200)
    assert any(set(one["required"]) < set(one["properties"]) for one in schemas)
    assert any(one["required"] == sorted(one["properties"]) != [] for one in schemas)
    schema = simplest(json_schemas(), lambda one: len(one["required"]) < len(one["properties"]))
    assert schema["properties"] == {"a": {"type": "string"}}
    assert {text == "{}" for text in drawn(arguments_for(schema), 50)} == {True, False}


@settings(deadline=None)
@given(tools())
def test_tools_hold_valid_schemas(tool: Tool) -> None:
    jsonschema.Draft202012Validator.check_schema(tool.parameters)


@settings(deadline=None)
@given(st.data(), json_schemas())
def test_arguments_fit_their_schema(data: st.DataObject, schema: dict[str, Any]) -> None:
    jsonschema.validate(json.loads(data.draw(arguments_for(schema))), schema)


@pytest.mark.slow
def test_a_failing_record_shrinks_to_what_it_must_claim() -> None:
    keeping = simplest(capabilities(), lambda record: record.audio_references)
    assert (keeping.provider, keeping.model) == ("a", "a")
    assert keeping.tasks == {"respond"}
    [row] = keeping.rows["respond"]
    assert "audio" in row.outputs
    assert keeping.audio_output is not None
    [rule] = keeping.audio_output.whole
    assert (rule.container, rule.channels) == ("wav", None)
    assert not keeping.streaming
    assert not keeping.tools
    assert keeping.voices is None
    assert keeping.prices is None
    assert keeping.shutdown is None
    assert keeping.languages is None


def test_a_failing_tool_shrinks_to_one_property() -> None:
    found = simplest(tools(), lambda tool: bool(tool.parameters["properties"]))
    assert (found.name, found.description, found.strict) == ("0", "", None)
    assert found.parameters["properties"] == {"a": {"type": "string"}}
    assert found.parameters["required"] == ["a"]
