"""Replies and receipts in a notebook: every text is there to be read, and no tag of it lives."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.telemetry.calls import FULL_RECEIPT

from ossicle.audio import AudioClip
from ossicle.messages import (
    Attempt,
    AudioRecord,
    Cost,
    Finding,
    Receipt,
    Reply,
    Step,
    ToolCall,
    Usage,
)
from ossicle_testing.strategies import sentences

HOSTILE = st.sampled_from(
    ("<script>alert(1)</script>", "</td></table><img src=x onerror=alert(1)>", "' onload='x",
     '"><svg/onload=alert(1)>', "&lt;b&gt;", "<!-- ", "]]>", "$\\href{javascript:x}{y}$", "\ud800")
) | sentences()  # fmt: skip
OURS = {"div", "b", "bdi", "details", "summary", "table", "thead", "tbody", "tr", "th", "td",
        "svg", "path", "audio", "span"}  # fmt: skip


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")


def shown(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def checked(html: str) -> Page:
    html.encode()
    page = Page(html)
    assert page.tags <= OURS
    assert page.attributes <= {"class", "style", "dir", "controls", "preload", "src", "viewbox",
                               "preserveaspectratio", "role", "aria-label", "d", "fill", "stroke",
                               "fill-opacity", "stroke-opacity"}  # fmt: skip
    return page


@settings(deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_no_tag_of_a_reply_lives_and_every_word_can_be_read(
    heard: str, said: str, name: str, arguments: str
) -> None:
    reply = Reply(
        provider=name,
        model=name,
        heard=heard,
        content=said,
        transcript=said,
        refusal=said,
        audio=AudioClip.from_pcm(b"\0\1" * 20, sample_rate=8000),
        tool_calls=(ToolCall(id="c", name=name, arguments=arguments),),
        receipt=Receipt(turn_id="t", provider=name, model=name, task="respond", notes=(said,)),
    )
    page = checked(reply._repr_html_())
    for text in (heard, said, f"{name}({arguments})"):
        assert shown(text).replace("\r\n", "\n").replace("\r", "\n") in page.text.replace(
            "\r\n", "\n"
        ).replace("\r", "\n")


@settings(deadline=None)
@given(HOSTILE)
def test_no_tag_of_a_receipt_lives_whatever_field_it_is_in(text: str) -> None:
    finding = Finding(code=text, severity="warning", message=text, fix=text)
    record = AudioRecord(
        source=text,
        result=text,
        n_bytes=1,
        result_n_bytes=1,
        steps=(Step(action=text, reason=text, detail=text, effect={text: 1.0}),),
        measurements={text: 1.0},
        findings=(finding,),
    )
    receipt = Receipt(
        turn_id=text,
        tenant=text,
        provider=text,
        model=text,
        response_model=text,
        task="respond",
        inputs=(record,),
        output=record,
        cost=Cost(amount=1.0, currency=text, basis="details"),
        attempts=(Attempt(outcome="clean", error=text, request_id=text),),
        timings={text: 1.0},
        notes=(text,),
        usage=Usage(input_tokens=1, output_tokens=1),
    )
    page = checked(receipt._repr_html_())
    assert page.text.count(shown(text).strip()) >= 8


def test_what_was_changed_why_and_what_it_cost_stand_in_their_columns() -> None:
    record = AudioRecord(
        source="flac 44100 Hz 2 ch",
        result="wav 16000 Hz 1 ch",
        duration_s=2.5,
        n_bytes=1000,
        result_n_bytes=500,
        steps=(Step(action="downmix", reason="the model hears mono", detail="2 to 1 channels"),),
    )
    receipt = Receipt(
        turn_id="t",
        provider="p",
        model="m",
        task="transcribe",
        inputs=(record,),
        cost=Cost(amount=0.25, currency="USD", basis="details"),
    )
    html = receipt._repr_html_()
    rows = [Page(row).text for row in html.split("<tr>")[1:]]
    assert rows == [
        "whatwhy",
        "calltranscribe by p:m",
        "audio inflac 44100 Hz 2 ch, 2.50 s, 1000 bytes",
        "\u2003downmix2 to 1 channelsthe model hears mono",
        "\u2003resultwav 16000 Hz 1 ch, 500 bytes",
        "cost0.250000 USD (by details)",
    ]
    assert ("  downmix", "2 to 1 channels - the model hears mono") in receipt.rows()


def test_a_full_receipt_is_shown_line_by_line() -> None:
    assert FULL_RECEIPT._repr_html_().count("<tr>") == 1 + len(FULL_RECEIPT.rows())


def test_a_very_long_answer_is_cut() -> None:
    reply = Reply(provider="p", model="m", content="a" * 30_000)
    assert len(reply._repr_html_()) < 21_000


@pytest.mark.parametrize("field", ["content", "transcript", "heard", "refusal"])
def test_the_plain_form_still_tells_no_content(field: str) -> None:
    reply = Reply.model_validate({"provider": "p", "model": "m", field: "a secret"})
    assert "secret" not in repr(reply) + str(reply)
    assert "a secret" in reply._repr_html_()
