from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.cascade import MAX_SENTENCE_CHARS, SentenceSplitter, split_sentences

# Text made of what decides about sentence ends, so that the rules meet in every order.
atoms = st.sampled_from([
    ".", "!", "?", "…", "...", "。", "！", "」", '"', "”", ")", " ", "  ", "\n", "\n\n", "- ", ",",
    "Dr", "Mr.", "e.g", "U.S", "no", "p.m", "A", "I", "1", "3.14", "word", "Word", "ein", "字", "é",
])  # fmt: skip
texts = st.one_of(st.text(max_size=200), st.lists(atoms, max_size=120).map("".join))
limits = st.sampled_from([MAX_SENTENCE_CHARS, 1, 2, 3, 7, 40])


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


@given(texts)
def test_joined_pieces_are_the_text(text: str) -> None:
    assert "".join(split_sentences(text)) == text


@given(texts, st.lists(st.integers(min_value=0), max_size=40), limits)
def test_growing_text_is_cut_like_whole_text(text: str, places: list[int], limit: int) -> None:
    splitter = SentenceSplitter(max_chars=limit)
    pieces = [piece for chunk in cut(text, places) for piece in splitter.feed(chunk)]
    pieces += splitter.finish()
    assert pieces == split_sentences(text, max_chars=limit)


@given(texts, limits)
def test_no_piece_is_longer_than_its_limit(text: str, limit: int) -> None:
    pieces = split_sentences(text, max_chars=limit)
    assert "".join(pieces) == text
    assert all(len(piece) >= 1 for piece in pieces)
    assert all(len(piece.rstrip()) <= limit for piece in pieces)


@given(st.text(alphabet="ab ,", min_size=MAX_SENTENCE_CHARS, max_size=5 * MAX_SENTENCE_CHARS))
def test_text_without_stops_is_cut_into_bounded_pieces(text: str) -> None:
    assert all(1 <= len(piece) <= MAX_SENTENCE_CHARS for piece in split_sentences(text))


@given(texts)
def test_no_piece_is_empty(text: str) -> None:
    assert all(split_sentences(text))


@pytest.mark.parametrize(
    "sentences",
    [
        ["Hello there. ", "How are you? ", "Fine!"],
        ["Dr. Smith met Mrs. Jones on St. James Street. ", "They talked."],
        ["It costs 3.14 dollars. ", "Version 2.0 is out."],
        ["Use fruit, e.g. apples, i.e. not stones. ", "Then cook."],
        ["J. K. Rowling wrote it. ", "So do I. ", "Good."],
        ["The U.S. Army came at 5 p.m. ", "It left."],
        ["See fig. 3 and no. 5. ", "I said no. ", "He left."],
        ["Well... maybe not. ", "Wait… ", "What?"],
        ['"Stop!" he said. ', '"Why?" ', "She ran."],
        ["(It rained.) ", "We stayed."],
        ["1. First of all. ", "It is 12. ", "Go."],
        ["Really?! ", "Yes."],
        ["Heading\n\n", "Text of it\ngoes on here."],
        ["Buy:\n", "- milk\n", "- bread"],
        ["今日は。", "元気ですか？", "「はい。」", "では"],
        ["你好！", "再见。 ", "Bye."],
        ["क्या हाल है। ", "ठीक है।"],
        ["All at once! ", "now what? ", "nothing."],
        ["A URL like example.com/x.html?y=1 stays. ", "Yes."],
        ["..."],
        ["   "],
    ],
)
def test_sentences_end_where_a_reader_would_end_them(sentences: list[str]) -> None:
    assert split_sentences("".join(sentences)) == sentences


def test_a_sentence_is_ready_when_the_next_one_begins() -> None:
    splitter = SentenceSplitter()
    assert list(splitter.feed("One. ")) == []
    assert list(splitter.feed("T")) == ["One. "]


def test_empty_text_has_no_sentences() -> None:
    assert split_sentences("") == []
