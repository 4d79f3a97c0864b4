from __future__ import annotations

import pytest

from ossicle_gemini.redaction import redact


@pytest.mark.parametrize(
    "secret",
    ["AIzaSyA1234567890abcdef", "ya29.a0AfH6SM", "Bearer abc.def", "AQ.Ab8RN6abcdefgh"],
)
def test_keys_are_taken_out(secret: str) -> None:
    assert secret not in redact(f"the key {secret} is bad")


def test_the_key_that_was_sent_is_taken_out_whatever_it_looks_like() -> None:
    assert redact("my-own-key is bad", key="my-own-key") == "[key] is bad"
    assert "abc" not in redact("https://host/v1?key=abc failed")


def test_blobs_and_control_characters_go_and_long_texts_are_cut() -> None:
    assert redact("a\x00b\u202ec " + "QUJD" * 30) == "a b c [data]"
    assert len(redact("word " * 500)) == 301
    assert redact("plain words stay") == "plain words stay"
