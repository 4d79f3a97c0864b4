"""What the local assistant answers: the first rule that knows something does.

Deterministic and honest about what it is: the same words at the same time get the same answer.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ossicle_local.numbers import find_numbers, spelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What the rules know.

    Attributes:
        text: The newest message, as it was written or heard.
        said: What the user said before, oldest first.
        answered: What the assistant said before, oldest first.
        instructions: How to behave; the rules look for a name in them.
        now: The time.
    """

    text: str
    said: Sequence[str] = ()
    answered: Sequence[str] = ()
    instructions: str = ""
    now: datetime.datetime


Rule = Callable[[Conversation, str], str | None]
"""Takes the conversation and its newest message in plain words; `None`: has nothing to say."""

_OPERATORS = {
    "plus": "+", "+": "+", "minus": "-", "-": "-", "times": "*", "multiplied by": "*", "*": "*",
    "x": "*", "×": "*", "divided by": "/", "/": "/", "÷": "/",
}  # fmt: skip
_FACT = re.compile(r"\bmy ((?:[a-z]+ ){0,2}[a-z]+) is (?:called )?([^.!?\n]+)", re.IGNORECASE)
_ASKED_FACT = re.compile(r"\bwhat(?:'s| is| was) my ((?:[a-z]+ ){0,2}[a-z]+)")
_CALL_ME = re.compile(r"\b(?:call me|my name's|i am called) ([^.!?,\n]+)", re.IGNORECASE)
_NAMED = re.compile(r"\b(?i:your name is|you are called) ([A-Z][\w-]*)")

INTRODUCTION = "I am the local assistant of this machine"


def answer(conversation: Conversation) -> str:
    """The answer of the first rule that has one."""
    if re.search(r"\w", conversation.text) is None:
        return "I did not hear any words."
    words = plain(conversation.text)
    for rule in RULES:
        found = rule(conversation, words)
        if found is not None:
            return found
    return f"You said: {conversation.text.strip()}"


def plain(text: str) -> str:
    """Lower-case words with single spaces, signs of arithmetic kept."""
    return " ".join(re.findall(r"[a-z0-9'.,]*[a-z0-9']|[+*/×÷-]", text.lower().replace("’", "'")))


def _earlier_words(conversation: Conversation, words: str) -> str | None:
    if re.search(r"\bwhat (?:did|have) i (?:just )?(?:say|said|ask|asked)\b", words):
        if not conversation.said:
            return "You have not said anything before."
        which = conversation.said[0] if "first" in words else conversation.said[-1]
        return f"Before, you said: {which.strip()}"
    if re.search(r"\bwhat (?:did|have) you (?:just )?(?:say|said|answer)|say that again", words):
        if not conversation.answered:
            return "I have not said anything before."
        return f"I said: {conversation.answered[-1].strip()}"
    return None


def _asked_fact(conversation: Conversation, words: str) -> str | None:
    asked = _ASKED_FACT.search(words)
    subject = "name" if re.search(r"\bwho am i\b", words) else asked[1] if asked else None
    if subject is None:
        return None
    for earlier in reversed([*conversation.said]):
        known = _facts(earlier).get(subject)
        if known is not None:
            return f"Your {subject} is {known}."
    return f"You have not told me your {subject}."


def _told_fact(conversation: Conversation, words: str) -> str | None:
    facts = _facts(conversation.text)
    if "name" in facts:
        return f"Nice to meet you, {facts['name']}."
    told = next(iter(facts.items()), None)
    return None if told is None else f"I will remember that your {told[0]} is {told[1]}."


def _facts(text: str) -> dict[str, str]:
    """What a message tells about its synthesizer, by subject."""
    facts = {match[1].lower(): match[2].strip(" ,") for match in _FACT.finditer(text)}
    if named := _CALL_ME.search(text):
        facts["name"] = named[1].strip()
    return facts


def _arithmetic(conversation: Conversation, words: str) -> str | None:
    numbers = list(find_numbers(words))
    for left, right in itertools.pairwise(numbers):
        between = words[left.end : right.start].strip(" ,.")
        operator = _OPERATORS.get(between)
        if operator is None:
            continue
        result = _calculate(left.value, operator, right.value)
        if result is None:
            return "I cannot divide by zero."
        sum_in_words = words[left.start : right.end].strip(" ,.")
        return f"{sum_in_words} is {spelled(result)}."
    return None


def _calculate(left: float, operator: str, right: float) -> float | None:
    if operator == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}[operator]


def _clock(conversation: Conversation, words: str) -> str | None:
    now = conversation.now
    if re.search(r"\bwhat time\b|\bthe time\b", words):
        return f"It is {now:%H:%M}."
    if re.search(r"\b(?:what|which) day\b|\bthe date\b|\btoday's date\b", words):
        return f"Today is {now:%A}, {now:%B} {now.day}."
    return None


def _repeat(conversation: Conversation, words: str) -> str | None:
    asked = re.match(
        r"\s*(?:please )?(?:say|repeat)(?: after me)?[:,]? +(\S.*)",
        conversation.text,
        re.IGNORECASE | re.DOTALL,
    )
    if asked is None:
        return None
    wanted = asked[1].strip()
    ending = "" if wanted[-1] in ".!?" else "."
    return f"{wanted[0].upper()}{wanted[1:]}{ending}"


def _courtesy(conversation: Conversation, words: str) -> str | None:
    name = _NAMED.search(conversation.instructions)
    if re.search(r"\bwho are you\b|\bwhat(?:'s| is) your name\b", words):
        return f"My name is {name[1]}." if name else f"{INTRODUCTION}."
    if re.match(r"(?:hi|hello|hey|good (?:morning|evening|afternoon))\b", words):
        who = f"I am {name[1]}" if name else INTRODUCTION
        return f"Hello! {who}. Ask me the time, some arithmetic, or to repeat something."
    if re.search(r"\b(?:thank you|thanks)\b", words):
        return "You are welcome."
    return "Goodbye." if re.search(r"\b(?:bye|goodbye)\b", words) else None


RULES: tuple[Rule, ...] = (
    _repeat,
    _earlier_words,
    _asked_fact,
    _told_fact,
    _arithmetic,
    _clock,
    _courtesy,
)
"""In the order in which they are tried."""
