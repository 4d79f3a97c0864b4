"""Speech and calls for tests with real models."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from ossicle.audio import AudioClip
from ossicle.cascade import CascadeProvider
from ossicle.messages import AudioPart, Message, Part, Reply, ReplyFold, Request, TextPart

SENTENCES = tuple(
    """\
The old farmer walked slowly across the frozen field.
Please leave the parcel with my neighbor on the second floor.
Our train leaves from platform nine at half past six.
She bought three pounds of apples and a loaf of bread.
Nobody expected the storm to arrive so early in the year.
The museum opens at ten and closes at five on weekdays.
My brother painted the kitchen walls a bright yellow color.
Can you tell me how far it is to the nearest station?
The scientist published her findings in a small journal.
We counted forty seven birds on the wire this morning.
A gentle rain fell on the roof throughout the night.
He forgot his umbrella and came home completely wet.
The children built a castle of sand near the water.
Turn left at the church and follow the river north.
This bridge was built more than two hundred years ago.
I would like a cup of tea with milk and no sugar.
The meeting has been moved to Thursday afternoon.
Fresh snow covered the mountains by early December.
The doctor advised him to walk for an hour each day.
They sold their house and moved to a village by the sea.""".splitlines()
)


@dataclass(frozen=True)
class Recording:
    """A file of the shared folder and what is said in it."""

    path: Path
    transcript: str


def english_recordings(folder: Path) -> list[Recording]:
    """Real English speech with a transcript, in containers that libsndfile reads."""
    found = []
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            note = row["transcript_or_expected"]
            is_speech = row["path"].startswith("fetched/speech/") and note.startswith("transcript")
            if is_speech and row["status"] == "valid" and not note.endswith(("(zh)", "(fr)")):
                transcript = note.split(": ", 1)[1]
                found.append(Recording(folder / row["path"], transcript))
    return found


def heard_clip(samples: np.ndarray, sample_rate: int) -> AudioClip:
    """Samples of any rate and channel count as the provider takes them."""
    mono = samples.mean(axis=1) if samples.ndim > 1 else samples
    at_16k = soxr.resample(mono, sample_rate, 16000)
    pcm = np.clip(np.rint(at_16k * 32767), -32768, 32767).astype("<i2")
    return AudioClip.from_pcm(pcm.tobytes(), sample_rate=16000)


def file_clip(path: Path) -> AudioClip:
    samples, sample_rate = soundfile.read(path, dtype="float32")
    return heard_clip(samples, sample_rate)


def reply_samples(clip: AudioClip) -> np.ndarray:
    """A spoken reply as mono samples, full scale ±1.0."""
    return np.frombuffer(clip.read_bytes(), "<i2").astype(np.float32) / 32768


def hearable(clip: AudioClip) -> AudioClip:
    """A spoken reply, ready to be heard."""
    assert clip.format.sample_rate is not None
    return heard_clip(reply_samples(clip), clip.format.sample_rate)


async def ask(
    provider: CascadeProvider,
    *parts: Part | str | AudioClip,
    history: tuple[Message, ...] = (),
    **fields: Any,
) -> Reply:
    """The whole reply to one message."""
    made: list[Part] = []
    for part in parts:
        if isinstance(part, str):
            made.append(TextPart(text=part))
        elif isinstance(part, AudioClip):
            made.append(AudioPart(clip=part))
        else:
            made.append(part)
    newest = Message(role="user", parts=tuple(made))
    request = Request.model_validate({
        "task": "respond", "model": "assistant", "messages": (*history, newest), **fields,
    })  # fmt: skip
    fold = ReplyFold(provider="local", model="assistant")
    async for event in provider.respond(request):
        fold.add(event)
    assert fold.is_complete
    return fold.reply()


async def hear(provider: CascadeProvider, clip: AudioClip) -> str:
    return (await ask(provider, clip, task="transcribe")).text


async def say(provider: CascadeProvider, text: str, **fields: Any) -> AudioClip:
    reply = await ask(provider, text, task="speak", output={"audio"}, **fields)
    assert reply.audio is not None
    return reply.audio
