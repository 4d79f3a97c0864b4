"""Whether two results are the same, bit by bit, and where they first differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def difference(one: object, other: object, *, place: str = "the result") -> str | None:
    """Where two results first differ, in words and without their content; `None`: nowhere.

    Arrays are compared bit by bit (two that are no number count as the same), dataclasses,
    mappings, lists and tuples by what they hold, everything else by `==`.

    Args:
        one: A result.
        other: Another.
        place: What the result is called.
    """
    if type(one) is not type(other):
        return f"{place} is a {type(one).__name__} and a {type(other).__name__}"
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return _array_difference(one, other, place)
    if isinstance(one, bytes | str) and isinstance(other, bytes | str):
        return _text_difference(one, other, place)
    parts = _parts(one, other, place)
    if isinstance(parts, str):
        return parts
    if parts is not None:
        found = (difference(left, right, place=inner) for inner, left, right in parts)
        return next((text for text in found if text is not None), None)
    if one == other or (one != one and other != other):
        return None
    if isinstance(one, int | float):
        return f"{place} is {one!r} and {other!r}"
    return f"{place} is not the same {type(one).__name__}"


def _parts(one: Any, other: Any, place: str) -> Iterable[tuple[str, object, object]] | str | None:
    """What both hold, side by side; a text where that is not possible; `None` without parts."""
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one) if field.compare]
        return [(f"{place}.{name}", getattr(one, name), getattr(other, name)) for name in names]
    if isinstance(one, Mapping):
        if list(one) != list(other):
            return f"{place} has other keys"
        return [(f"{place}[{key!r}]", one[key], other[key]) for key in one]
    if isinstance(one, list | tuple):
        if len(one) != len(other):
            return f"{place} holds {len(one)} and {len(other)} items"
        pairs = enumerate(zip(one, other, strict=True))
        return [(f"{place}[{number}]", left, right) for number, (left, right) in pairs]
    return None


def _array_difference(one: NDArray[Any], other: NDArray[Any], place: str) -> str | None:
    if one.dtype != other.dtype:
        return f"{place} is of type {one.dtype} and {other.dtype}"
    if one.shape != other.shape:
        return f"{place} has the shape {one.shape} and {other.shape}"
    has_nan = np.issubdtype(one.dtype, np.inexact)
    is_other = (one != other) & ~(np.isnan(one) & np.isnan(other)) if has_nan else one != other
    if not is_other.any():
        return None
    first = tuple(int(index) for index in np.argwhere(is_other)[0])
    return f"{place} differs at {list(first)}: {one[first]!s} and {other[first]!s}"


def _text_difference(one: bytes | str, other: bytes | str, place: str) -> str | None:
    if one == other:
        return None
    unit = "bytes" if isinstance(one, bytes) else "characters"
    if len(one) != len(other):
        return f"{place} is {len(one)} and {len(other)} {unit} long"
    pairs = enumerate(zip(one, other, strict=True))
    first = next(number for number, (left, right) in pairs if left != right)
    return f"{place} differs from {unit[:-1]} {first} on"
