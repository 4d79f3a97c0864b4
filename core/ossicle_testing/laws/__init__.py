"""Metamorphic laws as ready-made checks: one line inside a property test of yours.

Each takes the thing to be checked and something that was drawn, and raises an `AssertionError`
that says where the law was broken, in numbers and never in content. Hypothesis is not needed.
"""

from ossicle_testing.laws.containers import containers_agree, encoding_keeps_samples
from ossicle_testing.laws.cutting import (
    blocks_of,
    chunked_is_whole,
    fold_is_split_invariant,
    meter_chunked_is_whole,
    passed_through,
    transform_chunked_is_whole,
)
from ossicle_testing.laws.levels import gain_commutes, transform_keeps_gain
from ossicle_testing.laws.resampling import resampling_round_trips
from ossicle_testing.laws.sameness import difference
from ossicle_testing.laws.shifting import marks_move_with_shift, transform_commutes_with_shift
from ossicle_testing.laws.speech import silence_keeps_words, with_silence

__all__ = [
    "blocks_of",
    "chunked_is_whole",
    "containers_agree",
    "difference",
    "encoding_keeps_samples",
    "fold_is_split_invariant",
    "gain_commutes",
    "marks_move_with_shift",
    "meter_chunked_is_whole",
    "passed_through",
    "resampling_round_trips",
    "silence_keeps_words",
    "transform_chunked_is_whole",
    "transform_commutes_with_shift",
    "transform_keeps_gain",
    "with_silence",
]
