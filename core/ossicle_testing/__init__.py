"""Conformance suites, strategies, measures and fake vendors for those who build on ossicle."""

from ossicle.words import (
    WordErrors,
    normal_words,
    total_errors,
    word_error_rate,
    word_errors,
)

__all__ = ["WordErrors", "normal_words", "total_errors", "word_error_rate", "word_errors"]
