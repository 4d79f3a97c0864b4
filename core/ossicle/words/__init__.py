"""Arithmetic on words: how far what was heard is from what was said, and who quotes whom."""

from ossicle.words.error_rate import WordErrors, total_errors, word_error_rate, word_errors
from ossicle.words.normalizing import normal_words
from ossicle.words.quoting import without_quotes

__all__ = [
    "WordErrors",
    "normal_words",
    "total_errors",
    "without_quotes",
    "word_error_rate",
    "word_errors",
]
