"""The converter works where users meet it: in a client."""

from __future__ import annotations

import io

from ossicle import Client
from ossicle.audio import AudioClip, AudioFormat

from ossicle_newname import plugin
from ossicle_newname.converter import NewnameConverter


def test_a_client_hears_what_it_reads() -> None:
    with Client("echo", plugins=[plugin]) as client:
        spoken = client.speak("Good morning.").audio
        assert spoken is not None
        pcm, sink = spoken.to_pcm(), io.BytesIO()
        target = AudioFormat(container="au", encoding="pcm_s16be")
        NewnameConverter().encode(pcm.stream(), target, sink)
        clip = AudioClip.from_bytes(sink.getvalue())
        assert client.transcribe(clip).text == "Good morning."
