"""Arguments against schemas, judged as an independent validator judges them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.profiles import tried

from ossicle import Client, Tool
from ossicle.conversation.argument_schema import find_violation, unknown_keywords
from ossicle.conversation.schema_mistakes import find_mistakes
from ossicle.errors import ConfigurationError, InvalidReplyError
from ossicle.messages import ToolCall, ToolResultPart

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.sampled_from([0.5, 1.0, 2.5, 10**400, -(10**400)])
    | st.sampled_from(["", "a", "ab", "b1"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=6,
)
small = st.integers(0, 3)
leaves = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            ["null", "boolean", "object", "array", "string", "number", "integer"]
        )
        | st.just(["string", "null"]),
        "enum": st.lists(values, min_size=1, max_size=3),
        "const": values,
        "minLength": small,
        "maxLength": small,
        "pattern": st.sampled_from(["^a", "b$", "[0-9]"]),
        "minimum": small,
        "maximum": small,
        "exclusiveMinimum": small,
        "exclusiveMaximum": small,
        "multipleOf": st.sampled_from([1, 2, 0.5]),
        "minItems": small,
        "maxItems": small,
        "uniqueItems": st.booleans(),
        "minProperties": small,
        "maxProperties": small,
        "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
        "description": st.just("words"),
    },
)


def _deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array"]),
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "additionalProperties": st.booleans() | inner,
            "items": st.booleans() | inner,
            "allOf": several,
            "anyOf": several,
            "oneOf": several,
            "not": inner,
        },
    )


schemas = st.recursive(leaves, _deeper, max_leaves=5)


@settings(deadline=None, max_examples=tried(400))
@given(value=values, schema=schemas)
def test_it_judges_as_the_reference_validator_does(value: Any, schema: dict[str, Any]) -> None:
    assert unknown_keywords(schema) == set()
    assert list(find_mistakes(schema)) == []
    expected = Draft202012Validator(schema).is_valid(value)
    assert (find_violation(value, schema) is None) == expected


def test_references_into_the_schema_itself_are_followed_even_in_circles() -> None:
    schema = {
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
        "$ref": "#/$defs/node",
    }
    assert find_violation({"next": {"next": {}}}, schema) is None
    assert find_violation({"next": {"next": 5}}, schema) is not None
    circle = {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}
    assert "deep" in str(find_violation({}, circle))
    assert find_violation({}, {"$ref": "#/$defs/none"}) is not None


def test_deep_values_do_not_exhaust_the_stack() -> None:
    value: Any = 1
    for _ in range(500):
        value = {"a": value}
    schema = {"$defs": {"n": {"properties": {"a": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"}
    assert "deep" in str(find_violation(value, schema))


@pytest.mark.parametrize("name", ["propertyNames", "if", "dependentRequired", "madeUp"])
def test_what_is_not_checked_is_named(name: str) -> None:
    assert unknown_keywords({"properties": {"a": {"anyOf": [{name: {}}]}}}) == {name}


def test_a_violation_says_where_and_never_the_value() -> None:
    schema = {"properties": {"a": {"items": {"type": "integer"}}}}
    found = find_violation({"a": [1, "secret"]}, schema)
    assert found is not None
    assert "a[1]" in found
    assert "secret" not in found


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**6), st.integers(0, 9))
def test_a_multiple_is_one_as_it_is_written(n: int, step: int, places: int) -> None:
    unit = Decimal(step).scaleb(-places)
    number = json.loads(format(n * unit, "f"))
    if Decimal(repr(number)) == n * unit:  # more digits than a float holds were another number
        assert find_violation(number, {"multipleOf": float(unit)}) is None
        is_half = find_violation(number, {"multipleOf": float(2 * unit)}) is None
        assert is_half == (n % 2 == 0)


@pytest.mark.parametrize(
    ("value", "step", "fits"),
    [
        (19.99, 0.01, True),
        (19.995, 0.01, False),
        (0.3, 0.1, True),
        (10**400, 7, False),
        (7 * 10**400, 7, True),
        (10**400, 0.01, True),
        (1e308, 1e-300, True),
        (0, 3, True),
    ],
)
def test_multiples(value: float, step: float, fits: bool) -> None:
    assert (find_violation(value, {"multipleOf": step}) is None) == fits


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("kind", ["number", "integer"])
def test_what_json_has_no_numbers_for_is_none(text: str, kind: str) -> None:
    assert find_violation(json.loads(text), {"type": kind}) is not None


def test_many_items_are_told_apart_in_no_time() -> None:
    many = list(range(200_000))
    schema = {"uniqueItems": True, "type": "array"}
    assert find_violation(many, schema) is None
    assert find_violation([*many, 5.0], schema) is not None
    assert find_violation([1, True, [1], [True], {"a": 1}, {"a": True}], schema) is None


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("pattern", "["),
        ("pattern", 5),
        ("multipleOf", 0),
        ("multipleOf", -1),
        ("multipleOf", "2"),
        ("multipleOf", float("nan")),
        ("minimum", "3"),
        ("minLength", -1),
        ("maxItems", 1.5),
        ("type", "int"),
        ("type", 5),
        ("enum", "abc"),
        ("required", "abc"),
        ("required", [1]),
        ("uniqueItems", 1),
        ("anyOf", []),
        ("allOf", {}),
        ("properties", []),
        ("items", 5),
        ("not", "a"),
    ],
)
def test_a_schema_that_is_wrong_is_refused_before_anything_is_sent(
    keyword: str, value: object
) -> None:
    inner = {"properties": {"a": {"items": {keyword: value}}}}
    [mistake] = find_mistakes(inner)
    assert f"#/properties/a/items/{keyword}" in mistake
    tool = Tool(name="x", parameters=inner)
    with Client("echo") as client:
        talk = client.conversation(tools=[tool], on_tool_call=lambda name, arguments: "")
        with pytest.raises(ConfigurationError, match="schema of tool 'x'"):
            talk.send("hi")
        assert talk.turns == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
NAMES = (
    *("type", "enum", "const", "required", "properties", "additionalProperties", "items"),
    *("uniqueItems", "minItems", "maxItems", "minLength", "maxLength", "minProperties"),
    *("maxProperties", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "pattern", "allOf", "anyOf", "oneOf", "not", "$ref", "$defs"),
)


@settings(deadline=None, max_examples=tried(300))
@given(schema=st.dictionaries(st.sampled_from(NAMES), json_values, max_size=3), value=json_values)
def test_no_schema_without_mistakes_and_no_value_makes_it_stumble(
    schema: dict[str, Any], value: Any
) -> None:
    if next(find_mistakes(schema), None) is None and not unknown_keywords(schema):
        find_violation(value, schema)


@pytest.mark.parametrize(
    "arguments", ['{"n": 1' + "0" * 400 + "}", '{"p": 19.99}', '{"n": 1' + "0" * 400 + ".5}"]
)
def test_numbers_that_a_model_may_write_end_no_turn(arguments: str) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "p": {"type": "number", "multipleOf": 0.01}},
    }
    tool, got = Tool(name="n", description="d", parameters=schema), list[object]()

    def run(name: str, arguments: dict[str, Any]) -> str:
        got.append(arguments)
        return "ok"

    with Client("echo") as client:
        talk = client.conversation(tools=[tool], on_tool_call=run)
        talk.send(f"call n {arguments}")
        results = [
            part
            for message in talk.messages
            for part in message.parts
            if isinstance(part, ToolResultPart)
        ]
    assert [result.is_error for result in results] == [not got]
    assert bool(got) == (".5" not in arguments)


def test_arguments_nested_beyond_reading_are_no_json_object() -> None:
    with pytest.raises(InvalidReplyError):
        ToolCall(id="c", name="f", arguments='{"a":' + "[" * 200_000).parsed()
