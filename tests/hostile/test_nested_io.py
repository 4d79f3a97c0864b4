"""Text that names other files or addresses, given as audio: nothing is opened, nothing fetched."""

from __future__ import annotations

import base64
import contextlib
import io
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.core.audio import synthetic
from tests.core.audio.synthetic import box
from tests.hostile.attack import decode_all

from ossicle.audio import AudioClip
from ossicle.errors import AudioError, ConfigurationError, MalformedAudioError
from ossicle.intake import load


class Canary:
    """A loopback server that counts who calls, and a file that sings."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "canary.wav"
        self.file.write_bytes(synthetic.wav(b"\x11\x22" * 4000))
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.05)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/canary.wav"
        self.hits = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._is_over.is_set():
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                continue
            connection.close()
            self.hits += 1

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._server.close()


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    monkeypatch.chdir(tmp_path)
    bird = Canary(tmp_path)
    yield bird
    bird.close()


def payloads(canary: Canary) -> dict[str, bytes]:
    name, url = canary.file.name, canary.url
    hls = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n"
    texts = {
        "ffconcat": f"ffconcat version 1.0\nfile {name}\n",
        "ffconcat-absolute": f"ffconcat version 1.0\nfile '{canary.file}'\n",
        "hls-url": f"{hls}{url}\n#EXT-X-ENDLIST\n",
        "hls-file": f"{hls}file://{canary.file}\n#EXT-X-ENDLIST\n",
        "hls-concat": f"{hls}concat:{url}|{name}\n#EXT-X-ENDLIST\n",
        "hls-key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n#EXTINF:9,\n{name}\n',
        "hls-bom": f"\ufeff{hls}{url}\n",
        "dash": f'<?xml version="1.0"?><MPD><BaseURL>{url}</BaseURL></MPD>',
        "smil": f'<smil><audio src="{url}"/></smil>',
        "sdp": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=audio 5004 RTP/AVP 0\r\n",
        "pls": f"[playlist]\nFile1={url}\nNumberOfEntries=1\n",
        "m3u": f"{url}\n{name}\n",
        "url": url,
        "concat": f"concat:{name}",
        "subfile": f"subfile,,start,0,end,99,,:{name}",
        "json": f'{{"url": "{url}"}}',
        "html": f'<html><audio src="{url}"></html>',
        "image2": f"{canary.file.stem}%d.wav\n",
    }
    found = {key: text.encode() for key, text in texts.items()}
    found["hls-utf16"] = texts["hls-url"].encode("utf-16")
    found["hls-after-id3"] = synthetic.id3(30) + texts["hls-url"].encode()
    found["hls-after-blanks"] = b"\n \t" * 50 + texts["hls-url"].encode()
    return found


class NamedBytes(io.BytesIO):
    """Bytes whose name would tell a library which demuxer to take."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def path_of(suffix: str) -> Callable[[bytes], Any]:
    def write(data: bytes) -> Path:
        path = Path(f"upload{suffix}")
        path.write_bytes(data)
        return path

    return write


WRAPPINGS: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "named m3u8": lambda data: NamedBytes(data, "a.m3u8"),
    "named url": lambda data: NamedBytes(data, "http://127.0.0.1/a.mpd"),
    "path .wav": path_of(".wav"),
    "path .m3u8": path_of(".m3u8"),
    "path .ffconcat": path_of(".ffconcat"),
    "path .mp3": path_of(".mp3"),
}


@pytest.mark.parametrize("wrapping", sorted(WRAPPINGS))
def test_text_that_names_others_is_refused_unopened(wrapping: str, canary: Canary) -> None:
    for name, data in payloads(canary).items():
        with pytest.raises(MalformedAudioError, match="looks like"):
            decode_all(load(WRAPPINGS[wrapping](data)))
        assert canary.hits == 0, name


def test_the_same_as_base64_and_as_a_string(canary: Canary) -> None:
    for name, data in payloads(canary).items():
        with pytest.raises(MalformedAudioError):
            AudioClip.from_base64(base64.b64encode(data))
        with pytest.raises((ConfigurationError, AudioError, OSError)):
            load(data.decode("utf-8", "replace"))
        assert canary.hits == 0, name


def mp4_with_samples_elsewhere(canary: Canary) -> bytes:
    """QuickTime lets the samples stand in another file."""
    plain = synthetic.mp4(kind=b"mp4a")
    location = canary.url.encode() + b"\x00"
    reference = box(
        b"dinf", box(b"dref", struct.pack(">II", 0, 1), box(b"url ", bytes(4), location))
    )
    at = plain.find(b"minf") - 4
    inner = plain[at + 8 : at + 8 + struct.unpack_from(">I", plain, at)[0] - 8]
    grown = plain.replace(plain[at : at + 8] + inner, box(b"minf", reference, inner))
    for kind in (b"mdia", b"trak", b"moov"):
        place = grown.find(kind) - 4
        size = struct.unpack_from(">I", grown, place)[0] + len(reference)
        grown = grown[:place] + struct.pack(">I", size) + grown[place + 4 :]
    return grown


def test_a_mov_that_keeps_its_samples_elsewhere_opens_nothing(canary: Canary) -> None:
    data = mp4_with_samples_elsewhere(canary)
    assert load(data).format.encoding == "aac"
    with contextlib.suppress(AudioError):
        decode_all(load(data))
    assert canary.hits == 0


def test_the_canary_would_notice(canary: Canary) -> None:
    with socket.create_connection(("127.0.0.1", int(canary.url.split(":")[2].split("/")[0]))):
        pass
    canary.close()
    assert canary.hits == 1
    assert decode_all(load(canary.file)) == 4000
