"""What the echo answers: a pure function of what was said so far.

It repeats what it was told, and knows a few words, alone in a turn and in any case:

- `repeat`: what the user said in the turn before;
- `turn`: how many turns the user has had;
- `recall`: what the echo itself said last;
- `call NAME {…}`: calls that tool, if it was given one of this name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ossicle.messages import NamedTool, Tool, ToolCall, ToolChoice

_CALL = re.compile(r"\s*call\s+([A-Za-z0-9_-]{1,64})\s*(\{.*\})?[\s.!]*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message as the echo understood it.

    Attributes:
        role: Who spoke.
        text: All that was written and heard.
        other_s: Seconds of audio without tones.
    """

    role: Literal["user", "assistant", "tool"]
    text: str
    other_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the echo does next: it says something or calls a tool.

    Attributes:
        text: What it says; empty when it calls.
        call: The call, or `None`.
    """

    text: str = ""
    call: ToolCall | None = None


def answer(
    turns: Sequence[Turn], *, tools: Sequence[Tool] = (), tool_choice: ToolChoice | None = None
) -> Answer:
    """The answer to the last turn.

    >>> answer([Turn(role="user", text="Hello")]).text
    'You said: Hello'
    >>> answer([Turn(role="user", text="Hello"), Turn(role="user", text="Repeat!")]).text
    'Before that you said: Hello'
    """
    turn = turns[-1]
    if turn.role == "tool":
        return Answer(text=f"The tool said: {turn.text}")
    call = _call(turns, tools, tool_choice)
    if call is not None:
        return Answer(call=call)
    return Answer(text=_remembered(turns) or _repeated(turn))


def _repeated(turn: Turn) -> str:
    other = f"{turn.other_s:.1f} seconds of other audio"
    if not turn.other_s:
        return f"You said: {turn.text}"
    return f"You said: {turn.text} (and {other})" if turn.text else f"I heard {other}."


def _remembered(turns: Sequence[Turn]) -> str | None:
    """The answer to a question about the conversation; `None` when it is none."""
    earlier = turns[:-1]
    mine = [turn.text for turn in earlier if turn.role == "assistant" and turn.text]
    theirs = [turn.text for turn in earlier if turn.role == "user"]
    match turns[-1].text.strip().rstrip(".!?").lower():
        case "repeat":
            return f"Before that you said: {theirs[-1]}" if theirs else "You said nothing before."
        case "turn":
            return f"This is turn {len(theirs) + 1}."
        case "recall":
            return f"I said: {mine[-1]}" if mine else "I said nothing before."
    return None


def _call(
    turns: Sequence[Turn], tools: Sequence[Tool], choice: ToolChoice | None
) -> ToolCall | None:
    if not tools or choice == "none":
        return None
    name, arguments = _wanted(turns[-1].text)
    if isinstance(choice, NamedTool):
        name = choice.name
    elif name is None and choice == "required":
        name = tools[0].name
    if name not in {tool.name for tool in tools} or name is None:
        return None
    n_turns = sum(turn.role != "tool" for turn in turns)
    return ToolCall(id=f"call_{n_turns}_{name}", name=name, arguments=arguments)


def _wanted(text: str) -> tuple[str | None, str]:
    """The tool that a text asks for and its arguments; no name where it asks for none."""
    found = _CALL.fullmatch(text)
    if found is None:
        return None, "{}"
    arguments = found[2] or "{}"
    try:
        json.loads(arguments)
    except ValueError:
        return None, "{}"
    return found[1], arguments
