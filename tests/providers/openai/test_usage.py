from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.openai.wire import USAGE

from ossicle.messages import Usage
from ossicle_openai.usage import chat_usage, speech_usage, transcription_usage

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def test_chat_usage_is_inclusive_with_its_parts() -> None:
    assert chat_usage(USAGE) == Usage(
        input_tokens=8, output_tokens=54, input_text_tokens=8, input_audio_tokens=0,
        cached_tokens=0, output_text_tokens=17, output_audio_tokens=37,
    )  # fmt: skip


def test_details_that_are_not_told_stay_unknown() -> None:
    usage = chat_usage({"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": None})
    assert usage == Usage(input_tokens=3, output_tokens=4)


def test_transcriptions_by_tokens_and_by_time() -> None:
    assert transcription_usage({"type": "duration", "seconds": 4}) == Usage(input_audio_s=4.0)
    assert transcription_usage({"type": "tokens", "input_tokens": 3}) == Usage(input_tokens=3)
    for seconds in (-1, float("nan"), float("inf"), "4", True, 1e300):
        assert transcription_usage({"type": "duration", "seconds": seconds}) is None


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*USAGE, "seconds", "type", "input_tokens"]), JSON) | JSON)
@pytest.mark.parametrize("read", [chat_usage, speech_usage, transcription_usage])
def test_no_usage_is_ever_impossible(read: object, data: object) -> None:
    usage = read(data)  # type: ignore[operator]  # a function of one argument
    assert usage is None or all(
        value is None or 0 <= value <= 10**9 for value in usage.model_dump().values()
    )
