"""Remarks on what came, for the receipt."""

from __future__ import annotations

import pytest

from ossicle.messages import Reply
from ossicle.pipeline.delivery import replaced_note


@pytest.mark.parametrize(("text", "times"), [("fine words", 0), ("fine \ufffd words\ufffd", 2)])
def test_a_text_with_replaced_characters_is_remarked_on(text: str, times: int) -> None:
    note = replaced_note(Reply(provider="any", model="any", content=text))
    assert (note is None) == (times == 0)
    assert note is None or f"{times} times U+FFFD" in note
