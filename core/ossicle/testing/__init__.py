"""Conformance suites, strategies, measures and fake vendors for those who build on ossicle."""

from ossicle.testing.transcripts import normal_words
from ossicle.testing.wer import WordErrors, total_errors, word_error_rate, word_errors

__all__ = ["WordErrors", "normal_words", "total_errors", "word_error_rate", "word_errors"]
