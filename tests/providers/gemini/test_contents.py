from __future__ import annotations

import pytest
from tests.providers.gemini.wire import said, user

from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import (
    AudioPart,
    AudioReference,
    Message,
    Part,
    TextPart,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
)
from ossicle.rest import ClipData
from ossicle_gemini.contents import contents_of
from ossicle_gemini.signatures import WITHOUT, Signatures

MODEL = "gemini-3.8-flash"
CALLS = tuple(ToolCallPart(call=ToolCall(id=name, name=name)) for name in ("one", "two"))


def answered(*parts: Part) -> Message:
    return Message(role="assistant", parts=parts)


def test_a_history_of_every_kind() -> None:
    clip = said("Hello")
    messages = (
        user(TextPart(text="Hear"), clip),
        answered(TextPart(text="I heard"), *CALLS),
        Message(role="tool", parts=(ToolResultPart(call_id="one", content='{"n": 1}'),)),
        Message(role="tool", parts=(ToolResultPart(call_id="two", content="{no", is_error=True),)),
        user(TextPart(text="Go on")),
    )
    turns = contents_of(messages, model=MODEL, signatures=None)
    assert [turn["role"] for turn in turns] == ["user", "model", "user", "user"]
    blob = turns[0]["parts"][1]["inlineData"]
    assert blob == {"mimeType": "audio/wav", "data": ClipData(clip=clip.clip)}
    assert turns[1]["parts"][0] == {"text": "I heard"}
    assert turns[1]["parts"][1] == {"functionCall": {"id": "one", "name": "one", "args": {}}}
    assert [part["functionResponse"]["response"] for part in turns[2]["parts"]] == [
        {"output": {"n": 1}},
        {"error": "{no"},
    ]


def test_only_the_first_call_is_signed_and_each_model_has_its_own() -> None:
    signatures = Signatures()
    signatures.remember(model=MODEL, call_id="one", signature="sig")

    def signed(model: str) -> list[str | None]:
        (turn,) = contents_of((answered(*CALLS),), model=model, signatures=signatures)
        return [part.get("thoughtSignature") for part in turn["parts"]]

    assert signed(MODEL) == ["sig", None]
    assert signed("gemini-4-argon") == [WITHOUT, None]


def test_signatures_are_forgotten_oldest_first() -> None:
    signatures = Signatures()
    for number in range(5000):
        signatures.remember(model=MODEL, call_id=str(number), signature="s")
    assert signatures.recall(model=MODEL, call_id="0") is None
    assert signatures.recall(model=MODEL, call_id="4999") == "s"


def test_what_the_model_said_goes_as_words() -> None:
    clip = said("Hello").clip
    messages = (
        answered(AudioPart(clip=clip, transcript="Hello")),
        answered(AudioReference(provider="openai", id="audio_1", transcript="there")),
    )
    turns = contents_of(messages, model=MODEL, signatures=None)
    assert [turn["parts"] for turn in turns] == [[{"text": "Hello"}], [{"text": "there"}]]


@pytest.mark.parametrize(
    "message",
    [
        answered(AudioReference(provider="openai", id="audio_1")),
        answered(ToolResultPart(call_id="one", content="")),
        user(CALLS[0]),
        Message(role="tool", parts=(TextPart(text="no"),)),
        Message(role="tool", parts=(ToolResultPart(call_id="nobody", content=""),)),
        Message(role="tool", parts=(said("no"),)),
    ],
)
def test_what_cannot_be_said_is_refused(message: Message) -> None:
    with pytest.raises(UnsupportedFeatureError):
        contents_of((message,), model=MODEL, signatures=None)


def test_empty_messages_are_left_out() -> None:
    turns = contents_of((answered(), user(TextPart(text="a"))), model=MODEL, signatures=None)
    assert len(turns) == 1
