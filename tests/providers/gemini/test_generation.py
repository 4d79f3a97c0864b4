from __future__ import annotations

import datetime
from typing import Any

import pytest
from tests.providers.gemini.wire import asking, said, speaking, transcribing

from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import NamedTool, Request, Tool
from ossicle.rest import call_options
from ossicle_gemini.catalogue import record_for
from ossicle_gemini.generation import payload_of
from ossicle_gemini.options import PROVIDER, CallOptions
from ossicle_gemini.signatures import Signatures

TODAY = datetime.date(2026, 11, 23)


def payload(request: Request) -> dict[str, Any]:
    return payload_of(
        request,
        options=call_options(CallOptions, request.provider_options, provider=PROVIDER),
        record=record_for(request.model, TODAY),
        signatures=Signatures(),
    )


def test_a_plain_question_is_nothing_but_its_contents() -> None:
    assert payload(asking("Hi")) == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


@pytest.mark.parametrize(
    ("choice", "strict", "config"),
    [
        (None, None, None),
        (None, True, {"mode": "VALIDATED"}),
        ("auto", None, {"mode": "AUTO"}),
        ("auto", True, {"mode": "VALIDATED"}),
        ("none", None, {"mode": "NONE"}),
        ("required", True, {"mode": "ANY"}),
        (NamedTool(name="look"), None, {"mode": "ANY", "allowedFunctionNames": ["look"]}),
    ],
)
def test_tool_choices(choice: Any, strict: bool | None, config: Any) -> None:
    body = payload(asking(tools=(Tool(name="look", strict=strict),), tool_choice=choice))
    assert body.get("toolConfig", {}).get("functionCallingConfig") == config
    (function,) = body["tools"][0]["functionDeclarations"]
    assert function["parametersJsonSchema"] == {"type": "object", "properties": {}}


def test_speech_of_both_generations() -> None:
    new = payload(speaking("Hi", instructions="Whisper", voice="Puck", language="de-DE", seed=1))
    assert new["contents"][0]["parts"] == [{"text": "Hi", "speechMetadata": {"style": "Whisper"}}]
    assert new["generationConfig"] == {
        "seed": 1,
        "responseModalities": ["AUDIO"],
        "speechConfig": {"voiceConfig": {"voice": "Puck"}, "languageCode": "de-DE"},
    }
    old = payload(speaking("Hi", model="gemini-2.5-pro-preview-tts", instructions="Say slowly:"))
    assert old["contents"][0]["parts"] == [{"text": "Say slowly:\nHi"}]
    voice = old["generationConfig"]["speechConfig"]["voiceConfig"]
    assert voice == {"prebuiltVoiceConfig": {"voiceName": "Kore"}}


def test_a_transcription() -> None:
    bare = payload(transcribing(said("Hi")))
    assert list(bare) == ["contents"]
    full = payload(transcribing(said("Hi"), language="en", provider_options={"vocabulary": ["A"]}))
    config = full["generationConfig"]["audioTranscriptionConfig"]
    assert config == {"languageCodes": ["en"], "customVocabulary": ["A"]}
    with pytest.raises(UnsupportedFeatureError, match="instructions"):
        payload(transcribing(said("Hi"), instructions="Names"))


def test_further_fields_are_merged_into_objects() -> None:
    extra = {"generationConfig": {"candidateCount": 1}, "cachedContent": "c"}
    body = payload(asking(temperature=0.2, provider_options={"extra_body": extra}))
    assert body["generationConfig"] == {"temperature": 0.2, "candidateCount": 1}
    assert body["cachedContent"] == "c"


@pytest.mark.parametrize(
    ("name", "value"), [("temperature", 0.0), ("temperature", 0.9), ("seed", 0),
                        ("max_output_tokens", 5)],
)  # fmt: skip
def test_a_transcription_refuses_sampling_instead_of_dropping_it(name: str, value: float) -> None:
    """It came out as a body without any of them, and without an error."""
    with pytest.raises(UnsupportedFeatureError, match=name) as caught:
        payload(transcribing(said("Hello"), **{name: value}))
    assert caught.value.feature == name
    assert payload(asking("Hello", **{name: value}))["generationConfig"]


@pytest.mark.parametrize(
    ("name", "value", "tasks"),
    [
        ("top_p", 0.0, {"respond"}),
        ("top_p", 0.5, {"respond"}),
        ("top_k", 7, {"respond"}),
        ("stop", ["x"], {"respond"}),
        ("thinking_level", "low", {"respond"}),
        ("vocabulary", ["Ada"], {"transcribe"}),
        ("word_timestamps", True, {"transcribe"}),
        ("diarization", True, {"transcribe"}),
    ],
)
def test_extras_of_another_task_are_refused(name: str, value: object, tasks: set[str]) -> None:
    options = {"provider_options": {name: value}}
    for request in (
        asking("Hello", **options), speaking("Hello", **options),
        transcribing(said("Hello"), **options),
    ):  # fmt: skip
        if request.task in tasks:
            assert payload(request)["generationConfig"]
        else:
            with pytest.raises(UnsupportedFeatureError, match=name):
                payload(request)


def test_extras_that_ask_for_nothing_are_no_fault() -> None:
    options = {"provider_options": {"diarization": False, "stop": [], "top_p": None}}
    assert payload(asking("Hello", **options)).keys() == {"contents"}
    assert "generationConfig" not in payload(transcribing(said("Hello"), **options))
