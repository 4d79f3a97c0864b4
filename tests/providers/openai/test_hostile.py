"""Whatever a server sends, what comes of it is events or an error of ours."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried
from tests.providers.openai.wire import AUDIO_ID, CALL, b64

from ossicle.errors import OssicleError
from ossicle.messages import Event, ReplyFold
from ossicle.rest import Refusal, StreamReader
from ossicle_openai.chat_events import ChatStream
from ossicle_openai.chat_reply import chat_reply_events
from ossicle_openai.profiles import PROFILE_NAMES, profile_named
from ossicle_openai.response_audio import PCM16
from ossicle_openai.speech import SpeechStream, speech_json_events
from ossicle_openai.transcription import TranscriptionStream, transcription_events

NAMES = st.sampled_from(
    ["choices", "delta", "message", "audio", "data", "transcript", "id", "expires_at", "content",
     "refusal", "tool_calls", "function", "name", "arguments", "index", "finish_reason", "usage",
     "prompt_tokens", "completion_tokens", "prompt_tokens_details", "audio_tokens", "error", "code",
     "type", "text", "segments", "words", "word", "start", "end", "speaker", "logprobs", "logprob",
     "languages", "language", "audio_data", "model", "object", "seconds", "detail", "param"]
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["transcript.text.delta", "transcript.text.done", "speech.audio.delta", "error", "stop",
         AUDIO_ID, b64(b"RIFF" + bytes(40)), b64(b"\xff\xfb\x90\x00" * 8), "duration", "a=b"]
    )
)  # fmt: skip
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=25,
)
BODIES = st.dictionaries(NAMES, JSON, max_size=6) | st.fixed_dictionaries(
    {
        "choices": st.lists(
            st.fixed_dictionaries({"delta": JSON, "message": JSON, "index": JSON}), max_size=2
        )
    }
)


def fold(events: Iterable[Event]) -> None:
    folding = ReplyFold(provider="openai", model="m")
    for event in events:
        folding.add(event)
    if folding.is_complete:
        folding.reply()


@settings(deadline=None, max_examples=tried(150))
@given(st.lists(BODIES | JSON, max_size=4), st.sampled_from(PROFILE_NAMES))
def test_streams(chunks: list[object], profile: str) -> None:
    readers: list[StreamReader] = [
        ChatStream(errors=CALL, profile=profile_named(profile), asked=PCM16, max_audio_bytes=1000),
        ChatStream(errors=CALL, profile=profile_named(profile), asked=None),
        SpeechStream(errors=CALL, asked=PCM16, request_id=None, max_bytes=1000),
        TranscriptionStream(errors=CALL),
    ]
    for reader in readers:
        found: list[Event] = []
        with contextlib.suppress(OssicleError):
            for one in chunks:
                found += reader.feed(one)
            reader.done()
            found += reader.finish()
            fold(found)


@settings(deadline=None, max_examples=tried(150))
@given(BODIES | JSON, st.sampled_from(PROFILE_NAMES))
def test_whole_answers(body: object, profile: str) -> None:
    kind = profile_named(profile)
    with contextlib.suppress(OssicleError):
        fold(chat_reply_events(body, errors=CALL, profile=kind, asked=PCM16))
    with contextlib.suppress(OssicleError):
        fold(transcription_events(body))
    with contextlib.suppress(OssicleError):
        fold(speech_json_events(body, asked=PCM16, request_id=None, max_bytes=1000))


@settings(deadline=None, max_examples=tried(150))
@given(
    st.integers(300, 599),
    (BODIES | JSON).map(lambda body: json.dumps(body).encode()) | st.binary(max_size=50),
    st.dictionaries(
        st.sampled_from(["retry-after", "retry-after-ms", "date", "x-request-id"]),
        st.text(max_size=30),
    ),
)
def test_error_replies(status: int, body: bytes, headers: dict[str, str]) -> None:
    error = CALL.explain(Refusal(status=status, headers=headers, body=body))
    assert isinstance(error, OssicleError)
    assert len(str(error)) < 1000
    assert error.retry_after_s is None or 0 < error.retry_after_s < 10**8
