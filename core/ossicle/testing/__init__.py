"""What plugin authors and applications test with; shipped, and never needed to run."""

from ossicle.testing.transcripts import normal_words
from ossicle.testing.wer import WordErrors, total_errors, word_error_rate, word_errors

__all__ = ["WordErrors", "normal_words", "total_errors", "word_error_rate", "word_errors"]
