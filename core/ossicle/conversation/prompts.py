"""What the model is told where its own words or sounds cannot be given back as they were."""

from __future__ import annotations


def told_answer(words: str) -> str:
    """A spoken answer whose sound is gone."""
    return f"[You answered aloud: {words}]"


def summary_of(words: str) -> str:
    """The oldest turns in short."""
    return f"[What was said before, in short: {words}]"


def told_tool(name: str, content: str) -> str:
    """A tool call and its result, for a model without tools."""
    return f"[The tool {name} was called and answered: {content}]"


def say_aloud(words: str) -> str:
    """The request to repeat with its voice what came only as text."""
    return f"Your answer came as text only. Say it aloud, word for word: {words}"


LOST_AUDIO = "[An audio message whose words are not known.]"
OWN_AUDIO = "[You answered aloud; this is the sound of it:]"
