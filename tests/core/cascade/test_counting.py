from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.cascade.counting import Counter, WordCounter, text_tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one", 1),
        ("It's fine, twice.", 4),
        ("你好 world", 3),
        ("snake_case", 2),
        ("...", 0),
    ],
)
def test_words_are_counted(text: str, words: int) -> None:
    assert text_tokens(text) == words


@given(st.lists(st.text(alphabet="ab 字_.,", max_size=6)), st.none() | st.integers(1, 12))
def test_counting_in_pieces_is_counting_the_whole(pieces: list[str], limit: int | None) -> None:
    text = "".join(pieces)
    counter = WordCounter(limit=limit)
    passed = "".join(counter.passing(piece) for piece in pieces)
    total = text_tokens(text)
    assert text.startswith(passed)
    assert counter.words == text_tokens(passed) == (total if limit is None else min(total, limit))
    assert counter.is_cut == (limit is not None and total > limit)
    if not counter.is_cut:
        assert passed == text


def test_audio_is_counted_by_its_seconds() -> None:
    usage = Counter(
        rate_in=10, rate_out=20, words_in=3, words_out=4, heard_s=0.1 + 0.2, spoken_s=1.01
    ).usage()
    assert (usage.input_text_tokens, usage.input_audio_tokens, usage.input_tokens) == (3, 3, 6)
    assert (usage.output_text_tokens, usage.output_audio_tokens) == (4, 21)
    assert usage.output_tokens == 25
