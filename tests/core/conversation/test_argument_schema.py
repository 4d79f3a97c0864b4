"""Arguments against schemas, judged as an independent validator judges them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.profiles import tried

from ossicle.conversation.argument_schema import find_violation, unknown_keywords

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.sampled_from([0.5, 1.0, 2.5])
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
