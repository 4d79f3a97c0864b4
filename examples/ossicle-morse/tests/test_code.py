"""The code, by hand and as a property."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ossicle_morse.code import CODE, marks_to_text, sendable


def test_distress_is_heard_as_such() -> None:
    assert marks_to_text("... --- ...") == "SOS"


def test_accents_go_and_what_is_unknown_becomes_a_question() -> None:
    assert sendable("Grüße,  Ångström 世!") == "GRUSSE, ANGSTROM ??"


@given(st.text())
def test_any_text_can_be_sent_and_sending_it_again_changes_nothing(text: str) -> None:
    sent = sendable(text)
    assert sent
    assert set(sent) <= {*CODE, " "}
    assert sendable(sent) == sent


@given(st.lists(st.text(alphabet=sorted(CODE), min_size=1), min_size=1))
def test_marks_come_back_as_text(words: list[str]) -> None:
    marks = "   ".join(" ".join(CODE[letter] for letter in word) for word in words)
    assert marks_to_text(marks) == " ".join(words)
