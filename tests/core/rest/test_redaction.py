import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossicle.rest import redact


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abc123DEF456",
        "sk-abcd************wxyz",
        "sk-proj-****9900",
        "Bearer eyJhbGciOi.J9",
        "gsk_0123456789abcdef",
        "****",
        "abcd****wxyz",
    ],
)
def test_keys_vanish_whole_or_masked(secret: str) -> None:
    said = redact(f"Incorrect API key provided: {secret}. You can find it elsewhere")
    assert secret not in said
    assert said.startswith("Incorrect API key provided: ")
    assert said.endswith("elsewhere")


def test_base64_vanishes_and_words_stay() -> None:
    assert redact("data " + "UklGRv" * 40 + " end") == "data [data] end"
    text = "Unsupported value: 'audio.format' does not support 'wav' when stream=true."
    assert redact(text) == text


@settings(deadline=None)
@given(
    st.text(max_size=400),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=40),
)
def test_the_key_that_was_sent_never_stays(text: str, key: str) -> None:
    if key in "[key] [data]…":
        return
    assert key not in redact(f"{text}{key}{text}", key=key)


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
