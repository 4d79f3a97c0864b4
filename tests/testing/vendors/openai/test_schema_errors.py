from __future__ import annotations

import pytest

from ossicle_testing.vendors.openai import Problem
from ossicle_testing.vendors.openai.schema_errors import problem_error


@pytest.mark.parametrize(
    ("problem", "message", "code"),
    [
        (
            Problem(path="a.b", rule="missing"),
            "Missing required parameter: 'a.b'.",
            "missing_required_parameter",
        ),
        (
            Problem(path="a", rule="type", expected=("integer",), found="object"),
            "Invalid type for 'a': expected an integer, but got an object instead.",
            "invalid_type",
        ),
        (
            Problem(path="a", rule="too_low", expected=("0.25",), found="0.1"),
            "Invalid 'a': decimal below minimum value. Expected a value >= 0.25, but got 0.1 "
            "instead.",
            "decimal_below_min_value",
        ),
        (
            Problem(path="a", rule="value", expected=("x",), found="y"),
            "Invalid value: 'y'. Supported values are: 'x'.",
            "invalid_value",
        ),
    ],
)
def test_problems_in_the_vendors_words(problem: Problem, message: str, code: str) -> None:
    error = problem_error(problem)
    assert (error.message, error.code, error.param) == (message, code, problem.path)
