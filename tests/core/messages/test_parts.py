"""What a message says, in words."""

from __future__ import annotations

import pytest
from tests.core.conversation.made import clip

from ossicle import Client
from ossicle.messages import AudioPart, AudioReference, Message, Part, TextPart

SOUND, WORDS = clip(), "good morning"
SPOKEN = AudioPart(clip=SOUND, transcript=WORDS)
NAMED = AudioReference(provider="vendor", id="a1", transcript=WORDS)
OTHER = AudioReference(provider="vendor", id="a2", transcript="good night")


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((), ""),
        ((SPOKEN,), WORDS),
        ((NAMED,), WORDS),
        ((SPOKEN, NAMED), WORDS),
        ((SPOKEN, OTHER), f"{WORDS}\ngood night"),
        ((SPOKEN, SPOKEN), f"{WORDS}\n{WORDS}"),
        ((TextPart(text=WORDS), SPOKEN), f"{WORDS}\n{WORDS}"),
        ((AudioPart(clip=SOUND), NAMED), WORDS),
        ((AudioReference(provider="vendor", id="a3"),), ""),
    ],
)
def test_text_says_every_sound_once(parts: tuple[Part, ...], text: str) -> None:
    assert Message(role="assistant", parts=parts).text == text


def test_a_spoken_answer_of_a_conversation_is_not_told_twice() -> None:
    with Client("echo") as client:
        talk = client.conversation()
        reply = talk.send("hello")
        assert [message.text for message in talk.messages] == ["hello", "You said: hello"]
        assert reply.text == "You said: hello"
