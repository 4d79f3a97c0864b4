"""The error tree: drawn once, whole, picklable, and with messages of three parts."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from ossicle import errors


def all_errors() -> list[type[errors.OssicleError]]:
    return [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.OssicleError)
    ]


def drawn() -> dict[str, tuple[str | None, str | None]]:
    """Name → (parent, builtin) as the docstring of the package draws the tree."""
    found: dict[str, tuple[str | None, str | None]] = {}
    stack: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^( +)(\w+Error)\b(?: \((\w+)\))?", line)
        if match is None:
            continue
        indent, name, builtin = len(match[1]), match[2], match[3]
        while stack and stack[-1][0] >= indent:
            stack.pop()
        found[name] = (stack[-1][1] if stack else None, builtin)
        stack.append((indent, name))
    return found


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    tree = drawn()
    assert set(tree) == {kind.__name__ for kind in all_errors()}
    for kind in all_errors():
        parent, builtin = tree[kind.__name__]
        bases = [base.__name__ for base in kind.__bases__]
        assert bases[0] == (parent or "Exception")
        assert bases[1:] == ([builtin] if builtin else [])


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in all_errors()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling_with_its_facts(kind: type[errors.OssicleError]) -> None:
    signature = inspect.signature(kind.__init__)
    needed = {
        name: {"limit": "duration_s", "measured": 2.0, "allowed": 1.0}.get(name, "x")
        for name, parameter in signature.parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
    }
    error = kind("it broke at 7", **needed, fix="Mend it.")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert again.__dict__ == error.__dict__
    assert str(again) == str(error) == "it broke at 7. Mend it."


def test_a_missing_extra_is_named_with_its_command() -> None:
    error = errors.DependencyMissingError("no recogniser", package="x", extra="local")
    assert 'pip install "ossicle[local]"' in str(error)
