from __future__ import annotations

from typing import Any

import pytest

from ossicle_gemini.errors import duration_s


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("34.074824224s", 34.074824224), ("0s", 0.0), ("1.5s", 1.5), ("-1s", None), ("1", None),
     ("nans", None), ("", None), (3, None), (None, None), ("9" * 30 + "s", None)],
)  # fmt: skip
def test_durations(value: Any, seconds: float | None) -> None:
    assert duration_s(value) == seconds
