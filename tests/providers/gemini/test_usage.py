from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle_gemini.usage import usage_of

VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


def details(**counts: int) -> list[dict[str, Any]]:
    return [{"modality": name, "tokenCount": count} for name, count in counts.items()]


def test_totals_include_thoughts_and_tools_and_parts_add_up() -> None:
    usage = usage_of({
        "promptTokenCount": 100, "toolUsePromptTokenCount": 5, "cachedContentTokenCount": 40,
        "candidatesTokenCount": 20, "thoughtsTokenCount": 30, "totalTokenCount": 155,
        "promptTokensDetails": details(TEXT=60, AUDIO=40),
        "candidatesTokensDetails": details(TEXT=20),
    })  # fmt: skip
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (105, 50)
    assert usage.total_tokens == 155
    assert (usage.input_text_tokens, usage.input_audio_tokens) == (65, 40)
    assert (usage.output_text_tokens, usage.output_audio_tokens) == (50, None)
    assert usage.cached_tokens == 40


def test_speech_is_audio_out() -> None:
    usage = usage_of({"promptTokenCount": 4, "candidatesTokenCount": 25,
                      "candidatesTokensDetails": details(AUDIO=25)})  # fmt: skip
    assert usage is not None
    assert (usage.output_audio_tokens, usage.output_text_tokens) == (25, None)


def test_parts_that_are_not_told_stay_untold() -> None:
    usage = usage_of({"promptTokenCount": 4, "candidatesTokenCount": 2, "thoughtsTokenCount": 3})
    assert usage is not None
    assert (usage.output_tokens, usage.output_text_tokens, usage.input_text_tokens) == (
        5,
        None,
        None,
    )


@pytest.mark.parametrize("data", [None, [], "x", {}, {"promptTokenCount": -1}, {"other": 1}])
def test_nothing_told(data: Any) -> None:
    assert usage_of(data) is None


@given(st.dictionaries(st.sampled_from([
    "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "promptTokensDetails",
    "candidatesTokensDetails", "cachedContentTokenCount",
]), VALUES | st.lists(st.dictionaries(st.sampled_from(["modality", "tokenCount"]), VALUES),
                      max_size=3)))  # fmt: skip
def test_any_figures_are_read_without_trust(data: Any) -> None:
    usage = usage_of(data)
    assert usage is None or all(
        value is None or value >= 0 for value in usage.model_dump().values()
    )
