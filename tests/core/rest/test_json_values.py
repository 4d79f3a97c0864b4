from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.rest import (
    count_of,
    mapping_of,
    mappings_of,
    number_of,
    parse_json,
    probability_of,
    seconds_of,
    text_of,
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(ANYTHING)
def test_a_value_is_what_was_expected_or_nothing(value: object) -> None:
    assert text_of(value) in (None, value)
    assert count_of(value) is None or 0 <= (count_of(value) or 0) <= 10**9
    assert seconds_of(value) is None or 0 <= (seconds_of(value) or 0) <= 1e7
    assert probability_of(value) is None or 0 <= (probability_of(value) or 0) <= 1
    number = number_of(value)
    assert number is None or abs(number) < float("inf")
    assert isinstance(mapping_of(value), dict)
    assert all(isinstance(one, dict) for one in mappings_of(value))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb'{"text": "fine \ud83d words"}', "fine � words"),
        (rb'{"text": "fine \uDE00 words"}', "fine � words"),
        (rb'{"text": "\ud83d\ude00"}', "😀"),
        (rb'{"text": "\\ud83d"}', r"\ud83d"),
        (b'{"text": "\xed\xa0\xbd"}', "�"),
        ('{"text": "한국어"}'.encode(), "한국어"),
    ],
)
def test_half_of_a_surrogate_pair_is_replaced(body: bytes, text: str) -> None:
    assert parse_json(body) == {"text": text}
    assert parse_json(body.replace(b"text", rb"\ud83d")) == {"�": text}


@given(ANYTHING)
def test_what_comes_out_can_be_written(value: object) -> None:
    json.dumps(parse_json(json.dumps(value)), ensure_ascii=False).encode()
