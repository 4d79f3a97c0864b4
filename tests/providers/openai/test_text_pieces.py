from hypothesis import given, settings
from hypothesis import strategies as st

from ossicle_openai.text_pieces import split_text, text_tokens


def squeezed(text: str) -> str:
    return "".join(text.split())


@settings(deadline=None)
@given(
    st.text(st.sampled_from("ab ,.!?\n\tä漢。e\u0301😀"), max_size=120),
    st.integers(1, 40),
    st.none() | st.integers(3, 20),
)
def test_pieces_fit_and_lose_nothing_but_white_space(
    text: str, max_chars: int, max_tokens: int | None
) -> None:
    pieces = split_text(text, max_chars=max_chars, max_tokens=max_tokens)
    assert squeezed("".join(pieces)) == squeezed(text)
    if text.strip():
        assert all(piece.strip() for piece in pieces)
        assert all(len(piece) <= max_chars for piece in pieces)
        if max_tokens is not None:
            assert all(text_tokens(piece) <= max_tokens or len(piece) == 1 for piece in pieces)


def test_a_short_text_stays_whole() -> None:
    assert split_text(" One. Two. ", max_chars=100) == ["One. Two."]


def test_cuts_fall_between_sentences_then_clauses_then_words() -> None:
    assert split_text("One two. Three four.", max_chars=12) == ["One two.", "Three four."]
    assert split_text("One two, three four", max_chars=12) == ["One two,", "three four"]
    assert split_text("One two three four", max_chars=9) == ["One two", "three", "four"]
    assert split_text('He said "No." She left.', max_chars=15) == ['He said "No."', "She left."]
    assert split_text("第一句。第二句。", max_chars=5) == ["第一句。", "第二句。"]


def test_an_accent_stays_with_its_letter() -> None:
    pieces = split_text("e\u0301" * 10, max_chars=5)
    assert not any(piece.startswith("\u0301") for piece in pieces)


def test_tokens_are_rather_too_many() -> None:
    # 44 characters are 10 tokens by the vendor's tokenizer.
    assert text_tokens("The quick brown fox jumps over the lazy dog.") == 15
    assert text_tokens("漢字") == 2
    assert text_tokens("") == 0


def test_a_text_of_many_tokens_is_cut_before_its_characters_run_out() -> None:
    pieces = split_text("漢" * 4096, max_chars=4096, max_tokens=2000)
    assert [len(piece) for piece in pieces] == [2000, 2000, 96]
