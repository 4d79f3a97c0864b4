"""A clip in a notebook: facts, picture and player, bounded, and no tag that is not ours."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles import tried

from ossicle.audio import AudioClip
from ossicle.audio.html import DRAWN_S, SHOWN_BYTES
from ossicle_testing.strategies import (
    Signal,
    WrittenClip,
    clips,
    installed_writers,
    malformed_headers,
    written,
    written_clips,
)

DATA = Path(__file__).parents[2] / "data"
TAGS = {"div", "span", "svg", "path", "audio"}


class Page(HTMLParser):
    """The tags and attributes of a piece of HTML, and whether all of them are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def played(clip: AudioClip) -> AudioClip:
    """What the player of a clip plays."""
    [source] = [attrs["src"] for tag, attrs in Page(clip._repr_html_()).tags if tag == "audio"]
    assert source is not None
    found = re.fullmatch(r"data:audio/[a-z0-9-]+;base64,([A-Za-z0-9+/=]+)", source)
    assert found is not None
    return AudioClip.from_bytes(base64.b64decode(found[1]))


@settings(deadline=None, max_examples=tried(40))
@given(written_clips(min_frames=2000, max_frames=2400))
def test_every_clip_is_drawn_and_played(made: WrittenClip) -> None:
    page = Page(made.clip._repr_html_())
    assert {tag for tag, _ in page.tags} == TAGS
    assert page.open == []
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    played_as = played(made.clip).format.container
    assert played_as in ("wav", "flac", "mp3", "ogg", "mp4", "adts", "matroska")


@settings(deadline=None, max_examples=tried(60))
@given(malformed_headers() | clips(max_frames=32).map(AudioClip.read_bytes))
def test_damaged_files_are_shown_as_far_as_they_go(data: bytes) -> None:
    try:
        clip = AudioClip.from_bytes(data)
    except ValueError:
        return
    page = Page(clip._repr_html_())
    assert {tag for tag, _ in page.tags} <= TAGS
    assert page.open == []


def test_what_browsers_play_goes_in_as_it_is() -> None:
    clip = AudioClip.from_path(DATA / "opus-mono-20ms.ogg")
    assert played(clip) == clip


@pytest.mark.parametrize("name", ["wav-ima-adpcm.wav", "cpython--pluck-alaw.aifc"])
def test_what_browsers_do_not_play_goes_in_as_samples(name: str) -> None:
    clip = AudioClip.from_path(DATA / name)
    shown, pcm = played(clip), clip.to_pcm()
    assert (shown.format.name, shown.format.sample_rate) == ("wav", pcm.sample_rate)
    np.testing.assert_allclose(shown.to_pcm().samples, pcm.samples, atol=2 / 32767)


def test_raw_samples_get_a_header() -> None:
    clip = AudioClip.from_pcm(b"\1\2\3\4", sample_rate=8000)
    assert played(clip).to_pcm().samples.tolist() == clip.to_pcm().samples.tolist()


def test_a_size_that_is_not_known_is_put_right_for_the_player() -> None:
    writer = next(one for one in installed_writers() if repr(one) == "pcm:wav/pcm_s16le")
    data = bytearray(written(Signal(kind="tone", frames=100), writer).clip.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    shown = played(AudioClip.from_bytes(data))
    assert (shown.facts.frames, shown.facts.notes) == (100, ())


def test_the_waveform_by_hand() -> None:
    half = AudioClip.from_pcm(
        np.array([16384, -16384], "<i2").tobytes(), sample_rate=200, channels=1
    )
    page = half._repr_html_()
    # Two columns of one frame in a picture of 96 lines whose scale is 47: 48 - 23.5 and 48 + 23.5,
    # each half a line thick.
    assert "M0.5 24.0L1.5 71.0L1.5 72.0L0.5 25.0Z" in page
    assert "<span>0.01 s</span>" in page
    assert "d='' stroke='#d6202e'" in page


def test_clipped_columns_are_red() -> None:
    loud = AudioClip.from_pcm(np.array([0, 32767, 0, -32768], "<i2").tobytes(), sample_rate=200)
    assert "d='M1 0V96M3 0V96' stroke='#d6202e'" in loud._repr_html_()


def test_long_and_large_clips_are_told_and_not_decoded() -> None:
    rate = 8
    long = AudioClip.from_pcm(bytes(2 * rate * int(DRAWN_S + 1)), sample_rate=rate)
    tags = [tag for tag, _ in Page(long._repr_html_()).tags]
    assert "svg" not in tags
    large = AudioClip.from_pcm(bytes(SHOWN_BYTES + 2), sample_rate=384_000)
    page = large._repr_html_()
    assert len(page) < 1000
    assert "Too long to be drawn" in page


def test_empty_clips_and_missing_files_are_told(tmp_path: Path) -> None:
    assert "holds no samples" in AudioClip.from_pcm(b"", sample_rate=8000)._repr_html_()
    path = tmp_path / "<script>alert(1)</script>.wav".replace("/", "_")
    path.write_bytes((DATA / "wav-ima-adpcm.wav").read_bytes())
    clip = AudioClip.from_path(path)
    path.unlink()
    page = clip._repr_html_()
    assert "Not drawn: cannot read" in page
    assert {tag for tag, _ in Page(page).tags} == {"div"}


@given(st.binary(min_size=2, max_size=40).filter(lambda data: len(data) % 2 == 0))
def test_the_plain_form_still_tells_no_content(data: bytes) -> None:
    clip = AudioClip.from_pcm(data, sample_rate=8000)
    assert repr(clip) == f"AudioClip({clip.format}, {clip.duration_s:.2f} s, {len(data)} bytes)"


def test_nothing_is_loaded_before_it_is_shown() -> None:
    code = (
        "import sys; from ossicle import AudioClip\n"
        "AudioClip.from_pcm(bytes(4), sample_rate=8)\n"
        "assert not {'numpy', 'html', 'ossicle.audio.html', 'ossicle.intake'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
