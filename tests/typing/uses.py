"""Uses of the public face: a line that ends in `# refused` must not type-check, any other must.

Never run; `test_typing` hands it to mypy and pyright.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, assert_type

import ossicle
from ossicle import (
    AsyncClient,
    AsyncConversation,
    AudioClip,
    BlockingReplyStream,
    Client,
    Conversation,
    Explanation,
    Message,
    Reply,
    ReplyStream,
    Tool,
)
from ossicle.conversation import ConversationStream

TOOL = Tool(name="look", description="Looks.", parameters={"type": "object"})


def blocking(client: Client, clip: AudioClip, past: list[Message]) -> None:
    assert_type(client.respond("x"), Reply)
    client.respond()
    client.respond("x", output={"text"})
    client.respond("x", output={"text", "audio"}, voice=None, output_format="mp3")
    client.respond("x", output=["audio"])
    client.respond("x", output="text")
    client.respond(audio="a.wav")
    client.respond(audio=Path("a.wav"))
    client.respond(audio=b"RIFF")
    client.respond(audio=clip)
    client.respond(audio=[clip, "b.wav"], history=past, instructions="short")
    client.respond(audio=(16_000, [0.0]))
    client.respond(audio={"array": [0.0], "sampling_rate": 16_000})
    client.respond("x", tools=[TOOL], tool_choice="auto")
    client.respond("x", language="de", max_output_tokens=5, temperature=0.1, seed=3)
    client.respond("x", model="echo:echo", timeout_s=2, cache="renew")
    client.respond("x", provider_options={"echo": {"delay_s": 1}})
    client.respond(5)  # refused
    client.respond("x", audio=5)  # refused
    client.respond("x", output={"nonsense"})  # refused
    client.respond("x", output="nonsense")  # refused
    client.respond("x", output=None)  # refused
    client.respond("x", voice=5)  # refused
    client.respond("x", voise="alloy")  # refused
    client.respond("x", history="earlier")  # refused
    client.respond("x", tools=TOOL)  # refused
    client.respond("x", tool_choice=5)  # refused
    client.respond("x", temperature="hot")  # refused
    client.respond("x", timeout_s="1")  # refused
    client.respond("x", cache="sometimes")  # refused
    client.respond("x", provider_options=["echo"])  # refused
    client.respond("x", task="speak")  # refused
    client.respond("x", "y")  # refused
    assert_type(client.speak("x", voice="a", output_format="mp3", cache="off"), Reply)
    client.speak("x", instructions="calm", language="en", model="echo", timeout_s=1.5)
    client.speak()  # refused
    client.speak(b"x")  # refused
    client.speak("x", output={"audio"})  # refused
    client.speak("x", tools=[TOOL])  # refused
    client.speak("x", audio=clip)  # refused
    assert_type(client.transcribe(clip, language="en", instructions="names"), Reply)
    client.transcribe("a.wav", model="echo", timeout_s=1, cache="use")
    client.transcribe()  # refused
    client.transcribe(5)  # refused
    client.transcribe([clip])  # refused
    client.transcribe(clip, voice="a")  # refused
    client.transcribe(clip, output_format="mp3")  # refused
    assert_type(client.explain("x", audio=clip, task="respond", output={"text"}), Explanation)
    client.explain("x", output={"nonsense"})  # refused
    client.explain("x", task="sing")  # refused
    with client.stream("x", task="speak", output_format="pcm16") as stream:
        assert_type(stream, BlockingReplyStream)
        assert_type(stream.collect(), Reply)
    client.stream("x", task="sing")  # refused
    client.stream("x", output={"nonsense"})  # refused
    client.stream("x", audio=5)  # refused
    client.for_tenant(5)  # refused
    Client(5)  # refused
    Client("echo", timeout=5)  # refused
    Client("echo", retention="everything")  # refused
    talk = client.conversation(instructions="short", tools=[TOOL])
    assert_type(talk, Conversation)
    client.conversation(history="x")  # refused
    client.conversation(retention="everything")  # refused
    client.conversation(tools=5)  # refused
    assert_type(client.conversations.open("id"), Conversation)
    client.conversations.open(5)  # refused


def conversation(talk: Conversation, clip: AudioClip) -> None:
    assert_type(talk.send("x", audio=[clip], output={"text"}, tools=[TOOL], timeout_s=3), Reply)
    talk.send(audio=clip, voice="a", output_format="mp3", tool_choice="none", seed=1)
    talk.send(audio=5)  # refused
    talk.send(output={"nonsense"})  # refused
    talk.send("x", instructions="short")  # refused
    talk.send("x", model="echo")  # refused
    talk.send("x", history=[])  # refused
    talk.send("x", cache="use")  # refused
    with talk.stream("x", audio=clip) as stream:
        assert_type(stream, BlockingReplyStream)
    talk.stream(audio=5)  # refused
    talk.stream("x", task="speak")  # refused
    talk.switch(5)  # refused
    talk.branch(5)  # refused


async def asynchronous(client: AsyncClient, talk: AsyncConversation, clip: AudioClip) -> None:
    way: Literal["text", "audio"] = "text"
    assert_type(await client.respond("x", audio=clip, output={way}), Reply)
    await client.respond("x", output={"nonsense"})  # refused
    await client.respond("x", voise="alloy")  # refused
    assert_type(await client.speak("x", voice="a"), Reply)
    await client.speak("x", tools=[TOOL])  # refused
    assert_type(await client.transcribe(clip, language="en"), Reply)
    await client.transcribe(clip, voice="a")  # refused
    assert_type(await client.explain("x", task="speak"), Explanation)
    await client.explain("x", task="sing")  # refused
    async with client.stream("x", cache="off") as stream:
        assert_type(stream, ReplyStream)
        assert_type(await stream.collect(), Reply)
    client.stream("x", output={"nonsense"})  # refused
    assert_type(await talk.send("x", audio="a.wav"), Reply)
    await talk.send(audio=5)  # refused
    await talk.send("x", model="echo")  # refused
    async with talk.stream("x", output="audio") as turn:
        assert_type(turn, ConversationStream)
    talk.stream("x", output={"nonsense"})  # refused
    assert_type(client.conversation(id="x"), AsyncConversation)
    assert_type(await client.conversations.load("x.zip", is_copy=True), AsyncConversation)


def functions() -> None:
    clip = ossicle.load("a.wav")
    assert_type(clip, AudioClip)
    ossicle.load(5)  # refused
    ossicle.decode("a.wav", rate="x")  # refused
