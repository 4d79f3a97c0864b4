from __future__ import annotations

import datetime
from typing import Any

import pytest
from tests.providers.gemini.wire import asking, said, speaking, transcribing

from ossicle.errors import UnsupportedFeatureError
from ossicle.messages import NamedTool, Request, Tool
from ossicle_gemini.catalogue import record_for
from ossicle_gemini.generation import payload_of
from ossicle_gemini.options import call_options
from ossicle_gemini.signatures import Signatures

TODAY = datetime.date(2026, 11, 23)


def payload(request: Request) -> dict[str, Any]:
    return payload_of(
        request,
        options=call_options(request.provider_options),
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
