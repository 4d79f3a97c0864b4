"""`plugins.md` is true: its hooks, signatures and snippets are those of the code."""

from __future__ import annotations

import inspect
import re
import types
from pathlib import Path

import pytest

from ossicle import Client
from ossicle.abc import hooks

PAGE = (Path(__file__).parents[2] / "plugins.md").read_text()


def documented() -> dict[str, str]:
    return dict(re.findall(r"\| `(ossicle_\w+)` \| `(\(.*?)` \|", PAGE))


def declared() -> dict[str, str]:
    return {
        name: str(inspect.signature(function)).replace("'", "")
        for name, function in inspect.getmembers(hooks, inspect.isfunction)
        if name.startswith("ossicle_")
    }


def test_every_hook_stands_on_the_page_with_its_signature() -> None:
    assert documented() == declared()


def snippets() -> list[str]:
    return list(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))


def module_of(snippet: str) -> types.ModuleType:
    module = types.ModuleType("snippet")
    exec(compile(snippet, "plugins.md", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("number", range(len(snippets())))
def test_a_snippet_is_a_plugin_that_loads(number: int) -> None:
    with Client("echo", plugins=[module_of(snippets()[number])]) as client:
        [listing] = [line for line in client.plugins.listings() if line.name == "snippet"]
    assert listing.state == "ready", listing.reason
    assert listing.provides


def test_the_provider_of_the_page_speaks() -> None:
    snippet = next(block for block in snippets() if "BeepProvider" in block)
    with Client("beep", plugins=[module_of(snippet)]) as client:
        reply = client.speak("abc", output_format="wav")
    assert reply.audio is not None
    assert reply.audio.format.sample_rate == 16000
    assert reply.audio.facts.frames == 3 * 800


def test_the_validator_of_the_page_finds() -> None:
    snippet = next(block for block in snippets() if "Shouting" in block)
    with Client("echo", plugins=[module_of(snippet)]) as client:
        audio = client.speak("hello").audio
        findings = client.explain(audio=audio, output={"text"}).inputs[0].findings
    quiet = {finding.code for finding in findings}
    assert "shouting" not in quiet
