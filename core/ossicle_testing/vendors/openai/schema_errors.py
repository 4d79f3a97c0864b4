"""Schema problems in the words of OpenAI's error bodies."""

from __future__ import annotations

from typing import Any

from ossicle_testing.vendors.openai.errors import ApiError, unknown_value
from ossicle_testing.vendors.schema import Problem, Schema, first_problem


def refuse_problems(schema: Schema, body: Any, *, is_strict: bool) -> None:
    """Raise for the first thing that is wrong with a body.

    Raises:
        ApiError: In the vendor's words.
    """
    problem = first_problem(schema, body, is_strict=is_strict)
    if problem is not None:
        raise problem_error(problem)


def problem_error(problem: Problem) -> ApiError:
    """The vendor's error for one problem."""
    path, expected = problem.path, " or ".join(problem.expected)
    match problem.rule:
        case "missing":
            return _error(path, f"Missing required parameter: '{path}'.",
                          "missing_required_parameter")  # fmt: skip
        case "unknown" if "." not in path and "[" not in path:
            # The top level has other words than the levels below, and names no parameter.
            return ApiError(f"Unrecognized request argument supplied: {path}")
        case "unknown":
            return _error(path, f"Unknown parameter: '{path}'.", "unknown_parameter")
        case "value":
            return unknown_value(problem.found, problem.expected, param=path)
        case "type":
            return _error(
                path,
                f"Invalid type for '{path}': expected {_article(expected)}, "
                f"but got {_article(problem.found)} instead.",
                "invalid_type",
            )
        case "too_low" | "too_high":
            side, sign = ("below minimum", ">=") if problem.rule == "too_low" else (
                "above maximum", "<=")  # fmt: skip
            code = "decimal_below_min_value" if problem.rule == "too_low" else (
                "decimal_above_max_value")  # fmt: skip
            return _error(
                path,
                f"Invalid '{path}': decimal {side} value. Expected a value {sign} {expected}, "
                f"but got {problem.found} instead.",
                code,
            )
        case _:
            bound = "minimum" if problem.rule == "too_short" else "maximum"
            return _error(
                path,
                f"Invalid '{path}': expected a {bound} length of {expected}, but got "
                f"{problem.found} instead.",
                "invalid_length",
            )


def _error(path: str, message: str, code: str) -> ApiError:
    return ApiError(message, param=path, code=code)


def _article(name: str) -> str:
    return f"an {name}" if name[:1] in "aeiou" else f"a {name}"
