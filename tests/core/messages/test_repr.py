"""No `repr` shows what was said, heard or asked, of any value on the way of a call."""

from __future__ import annotations

import pytest

from ossicle import AudioClip, Turn
from ossicle.messages import (
    AudioDelta,
    AudioPart,
    AudioReference,
    InputHeard,
    Message,
    RefusalDelta,
    Reply,
    Request,
    Segment,
    TextDelta,
    TextPart,
    Tool,
    ToolCall,
    ToolCallDelta,
    ToolCallPart,
    ToolResultPart,
    TranscriptDelta,
)
from ossicle.storage import ConversationSummary, StoredTurn

SAID = "my secret"
CLIP = AudioClip.from_pcm(SAID.encode() + b"!", sample_rate=8000)
CALL = ToolCall(id="t", name="f", arguments=f'{{"x": "{SAID}"}}')
MESSAGE = Message(role="user", parts=(TextPart(text=SAID), AudioPart(clip=CLIP, transcript=SAID)))

VALUES = [
    TextDelta(text=SAID), TranscriptDelta(text=SAID), RefusalDelta(text=SAID),
    InputHeard(text=SAID), ToolCallDelta(index=0, arguments=SAID),
    AudioDelta(data=SAID.encode(), format=CLIP.format),
    Segment(text=SAID), MESSAGE, AudioReference(provider="p", id="a", transcript=SAID), CALL,
    ToolCallPart(call=CALL), ToolResultPart(call_id="t", content=SAID),
    Tool(name="f", description=SAID), Turn(id="turn", messages=(MESSAGE,)),
    Reply(provider="p", model="m", content=SAID, transcript=SAID, heard=SAID, refusal=SAID),
    Request(
        task="respond", model="m", messages=(MESSAGE,), instructions=SAID,
        output=frozenset({"text"}), deadline=None,
    ),
    StoredTurn(index=0, document=SAID),
    ConversationSummary(
        conversation_id="c", revision=1, created_at=0.0, updated_at=0.0, document=SAID, n_turns=1
    ),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda one: type(one).__name__)
def test_no_repr_shows_what_was_said(value: object) -> None:
    for shown in (repr(value), str(value), f"{value!r:>9}", repr([value])):
        assert "secret" not in shown
    assert type(value).__name__ in repr(value)
