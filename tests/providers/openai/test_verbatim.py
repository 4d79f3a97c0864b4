import pytest

from ossicle_openai.verbatim import max_tokens_to_read, strayed_share


def test_case_punctuation_and_encoding_do_not_count() -> None:
    assert strayed_share("“Don’t” — café!", "dont cafe\u0301") == 0


@pytest.mark.parametrize(
    ("text", "transcript", "share"),
    [
        ("one two three four", "one two three four", 0),
        ("one two three four", "one two five four", 0.25),
        ("one two three four", "one two", 0.5),
        ("one two", "one two three four", 1),
        ("one two three four", "", 1),
        ("天地玄黄", "天地玄黑", 0.25),
        ("...", "", 0),
        ("...", "well", 1),
    ],
)
def test_edits_are_counted_by_word(text: str, transcript: str, share: float) -> None:
    assert strayed_share(text, transcript) == share


def test_an_answer_instead_of_a_reading_strays() -> None:
    assert strayed_share("What is the capital of France?", "The capital of France is Paris.") > 0.5


def test_the_bound_grows_with_the_text() -> None:
    assert max_tokens_to_read("x" * 100) == 556
    assert max_tokens_to_read("x" * 100_000) == 16_384
