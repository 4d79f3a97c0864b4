from __future__ import annotations

import json
from typing import Any

import jsonschema  # it ships no types
import pytest
from tests.providers.openai.wire import asking, b64, clip, sent

from ossicle.audio import AudioFormat
from ossicle.errors import UnknownVoiceError, UnsupportedFeatureError, UnsupportedModalityError
from ossicle.messages import (
    AudioPart,
    AudioReference,
    Message,
    NamedTool,
    Part,
    Request,
    TextPart,
    Tool,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
)
from ossicle.rest import ClipData, call_options
from ossicle_openai.catalogue import record_for
from ossicle_openai.chat_request import ChatCall, chat_call
from ossicle_openai.options import PROVIDER, CallOptions
from ossicle_openai.profiles import profile_named
from ossicle_openai.response_audio import PCM16
from ossicle_testing.vendors.openai import chat_schema, problems

BOTH = frozenset({"text", "audio"})


def user(*parts: Part) -> Message:
    return Message(role="user", parts=parts)


def assistant(*parts: Part) -> Message:
    return Message(role="assistant", parts=parts)


def call_for(request: Request, *, profile: str = "openai") -> ChatCall:
    kind = profile_named(profile)
    return chat_call(
        request,
        options=call_options(CallOptions, request.provider_options, provider=PROVIDER),
        capabilities=record_for(request.model, kind).capabilities,
        profile=kind,
    )


def payload_for(request: Request, *, profile: str = "openai") -> dict[str, Any]:
    return call_for(request, profile=profile).payload


SOUND = AudioPart(clip=clip())
WORDS = TextPart(text="What is in this recording?")


def test_audio_and_text_in_and_both_out_streamed() -> None:
    request = asking(
        messages=(user(WORDS, SOUND, SOUND),),
        instructions="Be brief.",
        output=BOTH,
        output_format=PCM16,
        voice="coral",
        stream=True,
        max_output_tokens=500,
        temperature=0.5,
        seed=3,
    )
    payload = payload_for(request)
    audio = {
        "type": "input_audio",
        "input_audio": {"data": ClipData(clip=SOUND.clip), "format": "wav"},
    }
    assert payload == {
        "model": "gpt-audio-1.5",
        "modalities": ["text", "audio"],
        "audio": {"voice": "coral", "format": "pcm16"},
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "What is in this recording?"}, audio, audio],
            },
        ],
        "stream": True,
        "stream_options": {"include_usage": True, "include_obfuscation": False},
        "max_completion_tokens": 500,
        "temperature": 0.5,
        "seed": 3,
    }


@pytest.mark.parametrize("name", ["wav", "mp3", "flac", "opus", "pcm16", "aac"])
def test_formats_by_their_names_on_the_wire(name: str) -> None:
    request = asking(output=BOTH, output_format=AudioFormat.named(name))
    assert payload_for(request)["audio"] == {"voice": "alloy", "format": name}


def test_text_only_output_names_no_voice() -> None:
    payload = payload_for(asking(messages=(user(SOUND),)))
    assert payload["modalities"] == ["text"]
    assert "audio" not in payload


def test_text_to_text_on_an_audio_model_is_refused_with_the_fix() -> None:
    with pytest.raises(UnsupportedModalityError, match="Ask for audio"):
        call_for(asking())
    # An unknown model may well be a text model.
    assert payload_for(asking(model="qwen3"), profile="vllm")["modalities"] == ["text"]


def test_a_conversation_names_earlier_audio_by_its_id_alone() -> None:
    reference = AudioReference(provider="openai", id="audio_1", expires_at=1, transcript="Hi")
    request = asking(
        messages=(
            user(SOUND),
            assistant(TextPart(text="Hi"), AudioPart(clip=clip(), transcript="Hi"), reference),
            user(TextPart(text="Why?")),
            assistant(reference),
            user(TextPart(text="And?")),
        ),
        instructions="x",
        output=BOTH,
    )
    chat = call_for(request)
    assert chat.payload["messages"][2:] == [
        {"role": "assistant", "content": "Hi", "audio": {"id": "audio_1"}},
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "audio": {"id": "audio_1"}},
        {"role": "user", "content": "And?"},
    ]
    assert chat.origins == (None, 0, 1, 2, 3, 4)


def test_tools_calls_and_results() -> None:
    tool = Tool(name="look", description="Look.", strict=True)
    results = tuple(ToolResultPart(call_id=f"call_{n}", content="{}") for n in (1, 2))
    calls = tuple(ToolCallPart(call=ToolCall(id=f"call_{n}", name="look")) for n in (1, 2))
    request = asking(
        messages=(user(SOUND), assistant(*calls), Message(role="tool", parts=results)),
        tools=(tool,),
        tool_choice=NamedTool(name="look"),
        output=BOTH,
        provider_options={"parallel_tool_calls": False},
    )
    chat = call_for(request)
    function = {"name": "look", "arguments": "{}"}
    assert chat.payload["messages"][1] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": f"call_{n}", "type": "function", "function": function} for n in (1, 2)
        ],
    }
    assert chat.payload["messages"][2:] == [
        {"role": "tool", "tool_call_id": f"call_{n}", "content": "{}"} for n in (1, 2)
    ]
    assert chat.origins == (0, 1, 2, 2)
    assert chat.payload["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "look",
                "description": "Look.",
                "parameters": {"type": "object", "properties": {}},
                "strict": True,
            },
        }
    ]
    assert chat.payload["tool_choice"] == {"type": "function", "function": {"name": "look"}}
    assert chat.payload["parallel_tool_calls"] is False


@pytest.mark.parametrize(
    "message",
    [
        Message(role="tool", parts=(SOUND,)),
        Message(role="tool", parts=(WORDS,)),
        assistant(SOUND),
        user(AudioReference(provider="openai", id="audio_1")),
        user(ToolResultPart(call_id="x", content="y")),
        assistant(ToolResultPart(call_id="x", content="y")),
        user(ToolCallPart(call=ToolCall(id="x", name="y"))),
    ],
)
def test_parts_in_the_wrong_role_are_refused_before_sending(message: Message) -> None:
    with pytest.raises(UnsupportedFeatureError) as caught:
        call_for(asking(messages=(message, user(WORDS)), output=BOTH))
    assert caught.value.fix


def test_voices_by_name_and_by_id() -> None:
    with pytest.raises(UnknownVoiceError, match="alloy"):
        call_for(asking(output=BOTH, voice="bogus"))
    for request in (
        asking(output=BOTH, voice="voice_1234"),
        asking(output=BOTH, provider_options={"openai": {"voice_id": "voice_1234"}}),
    ):
        assert payload_for(request)["audio"]["voice"] == {"id": "voice_1234"}


def test_extras_reach_the_body_and_may_overrule_it() -> None:
    options = {"store": True, "metadata": {"a": "b"}, "top_p": 0.1, "extra_body": {"model": "m"}}
    payload = payload_for(asking(output=BOTH, provider_options=options))
    assert payload["store"] is True
    assert payload["metadata"] == {"a": "b"}
    assert payload["top_p"] == 0.1
    assert payload["model"] == "m"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("parts", [(WORDS,), (SOUND,), (WORDS, SOUND), (SOUND, WORDS, SOUND)])
@pytest.mark.parametrize("output", [BOTH, frozenset({"text"})])
def test_bodies_are_what_the_vendor_documents(
    parts: tuple[Part, ...], output: frozenset[Any], stream: bool
) -> None:
    if parts == (WORDS,) and "audio" not in output:
        return
    reference = AudioReference(provider="openai", id="audio_1")
    call = ToolCall(id="call_1", name="look", arguments="{}")
    request = asking(
        messages=(
            user(SOUND),
            assistant(reference, ToolCallPart(call=call)),
            Message(role="tool", parts=(ToolResultPart(call_id="call_1", content="x"),)),
            user(*parts),
        ),
        instructions="Be brief.",
        output=output,
        output_format=PCM16,
        stream=stream,
        tools=(Tool(name="look", description="Look."),),
        tool_choice="auto",
        max_output_tokens=100,
        temperature=0.1,
        seed=1,
        provider_options={"store": False, "metadata": {"a": "b"}, "top_p": 0.5, "user": "u"},
    )
    body = json.loads(sent(payload_for(request)))
    assert list(problems(chat_schema(), body)) == []
    jsonschema.validate(body, chat_schema())


def test_servers_that_do_it_their_own_way() -> None:
    request = asking(messages=(user(SOUND),), output=BOTH, model="m", voice="Cherry")
    body = sent(payload_for(request, profile="qwen-omni")).decode()
    assert f'"data":"data:audio/wav;base64,{b64(SOUND.clip.read_bytes())}"' in body
    assert call_for(request, profile="qwen-omni").streams
    assert payload_for(request, profile="qwen-omni")["audio"]["format"] == "wav"
    omni = payload_for(request, profile="vllm-omni")
    assert omni["speaker"] == "Cherry"
    assert "audio" not in omni
    assert omni["messages"][0]["content"][0]["type"] == "audio_url"
    routed = payload_for(request, profile="openrouter")
    assert routed["stream"] is True
    assert routed["audio"]["format"] == "pcm16"
    assert routed["stream_options"] == {"include_usage": True}
    bounded = payload_for(asking(model="m", max_output_tokens=5), profile="mistral")
    assert bounded["max_tokens"] == 5
