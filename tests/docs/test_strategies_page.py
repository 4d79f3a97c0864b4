"""`docs/guides/strategies.md` names every law and every strategy, and no other."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from ossicle_testing import laws, strategies

PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "strategies.md").read_text()
MADE_OF = {"blocks_of", "difference", "passed_through", "with_silence"}
NO_STRATEGIES = {"installed_writers", "spoken", "written"}


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_every_law_stands_on_the_page_with_its_arguments() -> None:
    told = dict(re.findall(r"\| `(\w+)\((.*?)\)` \|", section("Laws")))
    assert told.keys() == set(laws.__all__) - MADE_OF
    for name, arguments in told.items():
        parameters = inspect.signature(getattr(laws, name)).parameters.values()
        assert [argument.removesuffix("=…") for argument in arguments.split(", ")] == [
            one.name for one in parameters if one.default is inspect.Parameter.empty
        ]


def test_every_strategy_stands_on_the_page() -> None:
    told = set(re.findall(r"`(\w+)`", section("Strategies").split("Everything shrinks")[0]))
    drawn = {name for name in strategies.__all__ if name.islower()}
    assert told == drawn - NO_STRATEGIES
