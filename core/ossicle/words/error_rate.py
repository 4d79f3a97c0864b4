"""Word error rate: how far a transcript is from what was said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ossicle.errors import DependencyMissingError
from ossicle.words.normalizing import normal_words


@dataclass(frozen=True, slots=True, kw_only=True)
class WordErrors:
    """Errors in a transcript, or in several added up.

    Attributes:
        errors: Fewest substitutions, insertions and deletions of words.
        words: Words of the reference.
    """

    errors: int
    words: int

    @property
    def rate(self) -> float:
        """Errors per word of the reference; more than 1 is possible.

        Without any word in the reference, 0.0 where nothing was heard either, else the number of
        words heard.
        """
        return self.errors / self.words if self.words else float(self.errors)

    def __add__(self, other: WordErrors) -> WordErrors:
        """Errors and words of both."""
        return WordErrors(errors=self.errors + other.errors, words=self.words + other.words)


def word_errors(reference: str, heard: str) -> WordErrors:
    """Count the word errors of a transcript, spelling aside.

    Args:
        reference: What was said.
        heard: What was recognised.

    Raises:
        DependencyMissingError: There are errors to count, and `rapidfuzz`, of the extras `local`,
            `tiny` and `testing`, is not installed.
    """
    wanted, found = normal_words(reference), normal_words(heard)
    if wanted == found:
        return WordErrors(errors=0, words=len(wanted))
    try:
        from rapidfuzz.distance import Levenshtein
    except ImportError as error:
        raise DependencyMissingError(
            "counting word errors needs the package 'rapidfuzz', which is not here",
            package="rapidfuzz",
            extra="local",
        ) from error
    return WordErrors(errors=Levenshtein.distance(wanted, found), words=len(wanted))


def word_error_rate(reference: str, heard: str) -> float:
    """Word errors per word of the reference, spelling aside; see `ossicle.words.normalizing`.

    Args:
        reference: What was said.
        heard: What was recognised.

    Raises:
        DependencyMissingError: As `word_errors` does.

    Example:
        >>> word_error_rate("Twenty-one bells ring.", "21 bells rang")
        0.25
    """
    return word_errors(reference, heard).rate


def total_errors(pairs: Iterable[tuple[str, str]]) -> WordErrors:
    """Errors of several pairs of reference and transcript together."""
    return sum((word_errors(*pair) for pair in pairs), WordErrors(errors=0, words=0))
