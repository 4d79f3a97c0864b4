"""The report holds everything in itself, and nothing from outside acts in it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ossicle.audio import AudioClip
from ossicle.intake import DEFAULT
from ossicle.messages import Finding
from ossicle.plugins import PluginHost
from ossicle_cli import report
from ossicle_cli.inspection import Inspection, inspect_clip
from ossicle_cli.report import to_html

from .charts.test_png import clipped
from .conftest import write_wav

EVIL = "<script>alert(1)</script>\"'><img src=http://evil.example/x>\x1b[2J\u202e&"


class Page(HTMLParser):
    """Collects tags with their attributes, text, and whether tags are balanced."""

    VOID = frozenset({"meta", "img", "source", "br"})

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def inspection(tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    path = write_wav(tmp_path_factory.mktemp("report") / "a.wav", clipped(1.0, 1.4))
    clip = AudioClip.from_path(path)
    return inspect_clip(clip, PluginHost(), limits=DEFAULT, advance=lambda _seconds: None)


def with_finding(inspection: Inspection, **fields: Any) -> Inspection:
    found = Finding.model_validate({"code": "x", "severity": "error", "message": "m"} | fields)
    return Inspection(
        clip=inspection.clip,
        measurements=inspection.measurements,
        findings=(found,),
        drawing=inspection.drawing,
    )


@pytest.mark.slow
def test_it_parses_and_fetches_nothing(inspection: Inspection) -> None:
    text = to_html(inspection, name="a.wav")
    page = Page(text)
    assert page.open == []
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form", "a")
        for name in ("src", "srcset", "href", "action", "poster", "background", "style"):
            value = attributes.get(name)
            assert value is None or value.startswith("data:"), (tag, name)
    assert re.search(r"https?://|url\(|@import|fetch\(|import\(", text) is None


@pytest.mark.slow
def test_the_policy_allows_only_what_is_inside(inspection: Inspection) -> None:
    text = to_html(inspection, name="a.wav")
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = next(
        attributes["content"] for tag, attributes in Page(text).tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )  # fmt: skip
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert f"script-src 'sha256-{digest}'" in policy


def test_what_comes_from_outside_is_only_ever_text(inspection: Inspection) -> None:
    evil = with_finding(inspection, code=EVIL, message=EVIL, fix=EVIL, marks=((0.0, 1.0),))
    page = Page(to_html(evil, name=EVIL))
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert [tag for tag, _ in page.tags].count("img") == 1
    shown = "".join(page.texts)
    assert shown.count("alert(1)") == 5  # title, heading, and three cells
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.slow
def test_the_pictures_are_pictures_for_both_schemes(inspection: Inspection) -> None:
    page = Page(to_html(inspection, name="a.wav"))
    urls = [attributes.get("src") or attributes.get("srcset") for tag, attributes in page.tags
            if tag in ("img", "source")]  # fmt: skip
    assert len(urls) == 2
    corners = []
    for url in urls:
        assert url is not None
        image = Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,"))))
        assert image.size[0] == 1600
        corners.append(sum(image.convert("RGB").getpixel((0, 0))))  # type: ignore[arg-type]  # RGB
    assert corners[0] < 100 < 700 < corners[1]


@pytest.mark.slow
def test_the_clip_itself_can_be_played(inspection: Inspection) -> None:
    page = Page(to_html(inspection, name="a.wav"))
    (url,) = (attributes["src"] for tag, attributes in page.tags if tag == "audio")
    assert url is not None
    assert base64.b64decode(url.removeprefix("data:audio/wav;base64,")) == (
        inspection.clip.read_bytes()
    )


def test_a_large_clip_is_left_out(inspection: Inspection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "PLAYED_BYTES", 100)
    page = Page(to_html(with_finding(inspection, marks=((1.0, 1.4),)), name="a.wav"))
    assert all(tag not in ("audio", "button") for tag, _ in page.tags)
    assert "0:01.00-0:01.40" in "".join(page.texts)


def test_marks_of_findings_can_be_jumped_to(inspection: Inspection) -> None:
    marks = tuple((n / 10, n / 10 + 0.05) for n in range(20))
    page = Page(to_html(with_finding(inspection, marks=marks), name="a.wav"))
    places = [attributes.get("data-at") for tag, attributes in page.tags if tag == "button"]
    assert places[:2] == ["0.000", "0.100"]
    assert len(places) == 12
    assert "8 more" in "".join(page.texts)


def test_nothing_wrong_is_said(tmp_path: Path) -> None:
    clip = AudioClip.from_path(write_wav(tmp_path / "e.wav", np.zeros((0, 1))))
    seen = inspect_clip(clip, PluginHost(), limits=DEFAULT, advance=lambda _seconds: None)
    quiet = Inspection(clip=clip, measurements=seen.measurements, findings=(), drawing=seen.drawing)
    assert "Nothing is wrong." in to_html(quiet, name="e.wav")
