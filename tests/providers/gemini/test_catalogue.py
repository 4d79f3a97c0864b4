from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from ossicle.audio import AudioFormat
from ossicle.errors import UnknownModelError
from ossicle.messages import Task
from ossicle_gemini.catalogue import CATALOGUE, default_models, record_for
from ossicle_gemini.contents import media_type_of

TODAY = datetime.date(2026, 11, 23)
NEW_YEAR = datetime.date(2027, 1, 1)
EVERY = CATALOGUE.capabilities(TODAY)


@pytest.mark.parametrize("found", EVERY, ids=lambda one: one.model)
def test_every_record_is_dated_and_sourced(found) -> None:  # type: ignore[no-untyped-def]  # frozen data
    assert found.source.startswith("https://")
    assert found.as_of <= TODAY
    assert found.provider == "gemini"
    assert not found.audio_references
    assert not found.is_assumed
    assert (found.audio_output is not None) == ("speak" in found.tasks)
    if found.successor is not None:
        assert found.successor in {one.model for one in EVERY}
    if found.audio_input is not None:
        for rule in found.audio_input.formats:
            form = AudioFormat(container=rule.container, encoding=(rule.encodings or ("x",))[0])
            assert media_type_of(form).startswith("audio/")


def test_no_model_gives_text_and_audio_at_once() -> None:
    outputs = {row.outputs for one in EVERY for rows in one.rows.values() for row in rows}
    assert outputs == {frozenset({"text"}), frozenset({"audio"})}


def test_prices_change_on_their_day() -> None:
    for day, wanted in ((TODAY, "0.75"), (NEW_YEAR, "1.50")):
        prices = record_for("gemini-3.8-flash", day).capabilities.prices
        assert prices is not None
        assert prices.audio_in == prices.text_in == Decimal(wanted)


@pytest.mark.parametrize("task", ["respond", "speak", "transcribe"])
def test_default_models_do_their_task(task: Task) -> None:
    model = default_models(TODAY)[task]
    found = record_for(model, TODAY).capabilities
    assert task in found.tasks
    assert found.shutdown is None


def test_older_speech_models_are_asked_their_own_way() -> None:
    assert not record_for("gemini-2.5-pro-preview-tts", TODAY).style_is_metadata
    assert record_for("gemini-3.8-flash-tts", TODAY).style_is_metadata
    assert not record_for("gemini-2.5-flash", TODAY).signs_thoughts
    assert record_for("gemini-3.8-flash", TODAY).signs_thoughts


@pytest.mark.parametrize(
    ("model", "task", "signs", "style", "streams"),
    [
        ("gemini-9-flash", "respond", True, False, True),
        ("gemini-2.0-flash", "respond", False, False, True),
        ("gemini-9-flash-tts", "speak", False, True, True),
        ("gemini-2.5-flash-tts", "speak", False, False, False),
        ("gemini-9-transcribe", "transcribe", False, False, False),
    ],
)
def test_a_model_that_nobody_described(
    model: str, task: Task, signs: bool, style: bool, streams: bool
) -> None:
    record = record_for(model, TODAY)
    found = record.capabilities
    assert found.tasks == {task}
    assert (found.is_assumed, found.prices, found.shutdown) == (True, None, None)
    assert (record.signs_thoughts, record.style_is_metadata) == (signs, style)
    assert found.streaming == streams
    if found.audio_output is not None:
        assert bool(found.audio_output.streamed) == streams


def test_the_long_form_of_a_name_is_the_same_model() -> None:
    assert not record_for("models/gemini-3.8-flash", TODAY).capabilities.is_assumed


@pytest.mark.parametrize(
    "name", ["", "models/", "a/b", "a:b", "a?key=1", "a b", "a\n", "%2e", "a#"]
)
def test_names_that_would_change_the_address_are_refused(name: str) -> None:
    with pytest.raises(UnknownModelError):
        record_for(name, TODAY)
