"""JSON for programs: valid, ASCII, complete."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import AudioLimitError, UnsupportedFormatError
from ossicle.messages import Reply, Segment, ToolCall
from ossicle_cli.document import error_document, plain, reply_document, write_document

LEAVES = st.none() | st.booleans() | st.floats() | st.text()
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(TREES)
def test_whatever_goes_in_is_valid_ascii_json(value: object) -> None:
    text = json.dumps(plain(value), allow_nan=False)
    assert text.isascii()


def test_a_document_has_no_control_character(capsys: pytest.CaptureFixture[str]) -> None:
    write_document({"text": "\x1b[2J\x7f\x9b\u202eé"})
    written = capsys.readouterr().out
    assert all(" " <= one <= "~" or one == "\n" for one in written)
    assert json.loads(written) == {"text": "\x1b[2J\x7f\x9b\u202eé"}


def test_values_become_plain_data() -> None:
    found = plain(
        {"a": -math.inf, "b": math.nan, "c": Decimal("0.10"), "d": Segment(text="x", start_s=1.0),
         "e": frozenset({"b", "a"}), "f": (1, 2)}
    )  # fmt: skip
    assert found["a"] is None
    assert found["b"] is None
    assert found["c"] == "0.10"
    assert found["d"]["text"] == "x"
    assert found["e"] == ["a", "b"]
    assert found["f"] == [1, 2]


def test_a_reply_has_all_keys_also_when_it_is_empty() -> None:
    reply = Reply(provider="p", model="m", tool_calls=(ToolCall(id="1", name="f"),))
    document = reply_document(reply, path=None)
    assert set(document) == {
        "provider", "model", "heard", "text", "transcript", "content", "finish_reason", "audio",
        "usage", "tool_calls", "receipt", "findings",
    }  # fmt: skip
    assert document["audio"] is None
    assert plain(document)["tool_calls"][0]["name"] == "f"


def test_an_error_tells_its_code_and_facts() -> None:
    limit = AudioLimitError("too long", limit="duration_s", measured=9.0, allowed=5.0, fix="Cut.")
    found = error_document(limit)["error"]
    assert found["code"] == "audio_limit"
    assert (found["limit"], found["measured"], found["allowed"]) == ("duration_s", 9.0, 5.0)
    assert found["fix"] == "Cut."
    assert error_document(UnsupportedFormatError("x", extra="av"))["error"]["extra"] == "av"
