from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.words import normal_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ten of clubs.", "10 of clubs"),
        ("twenty-one", "21"),
        ("one hundred and five", "105"),
        ("a hundred", "100"),
        ("two thousand twenty four", "2024"),
        ("twenty twenty-four", "2024"),
        ("nineteen ninety", "1990"),
        ("one million two hundred thousand", "1,200,000"),
        ("half past seven thirty", "half past 7:30"),
        ("one zero zero nine oh two", "1-0-0 902"),
        ("three point one four", "3.14"),
        ("the twenty first of May", "the 21st of May"),
        ("the third", "the 3rd"),
        ("the hundred and fifth", "the hundred and 5th"),
        ("five dollars", "$5"),
        ("50 per cent", "fifty percent"),
        ("Mr. Smith & Dr. Jones", "mister smith and doctor jones"),
        ("at 5 p.m.", "at five PM"),
        ("across the harbour", "Across the harbor!"),
        ("It’s state-of-the-art", "it's state of the art"),
        ("OK", "okay"),
    ],
)
def test_two_ways_of_writing_are_one(one: str, other: str) -> None:
    assert normal_words(one) == normal_words(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("twenty one", "twenty two"),
        ("fifteen", "fifty"),
        ("its", "it is"),
        ("no", "know"),
        ("the 3rd", "the 3"),
        ("3.14", "314"),
        ("can", "can't"),
    ],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert normal_words(one) != normal_words(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" ... ", []),
        ("Oh no, I owe two.", ["oh", "no", "i", "owe", "2"]),
        ("one two three", ["1", "2", "3"]),
        ("two hundred and a dog", ["2", "0", "0", "and", "a", "dog"]),
        ("砸自己的脚", ["砸自己的脚"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert normal_words(text) == words


@given(st.integers(0, 999_999))
def test_every_number_has_the_digits_of_its_words(number: int) -> None:
    assert "".join(normal_words(in_words(number))) == str(number)


@given(st.text(max_size=80))
def test_normal_words_of_any_text_are_lower_case_and_whole(text: str) -> None:
    for word in normal_words(text):
        assert word
        assert not any(letter.isspace() for letter in word)


def in_words(number: int) -> str:
    """The English name of a number, written independently of the module under test."""
    small = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
        "nineteen",
    ]  # fmt: skip
    tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    if number < 20:
        return small[number]
    if number < 100:
        return tens[number // 10] + (f"-{small[number % 10]}" if number % 10 else "")
    if number < 1000:
        rest = f" and {in_words(number % 100)}" if number % 100 else ""
        return f"{small[number // 100]} hundred{rest}"
    rest = f" {in_words(number % 1000)}" if number % 1000 else ""
    return f"{in_words(number // 1000)} thousand{rest}"
