from __future__ import annotations

import datetime
import subprocess
import sys

import pytest

from ossicle.errors import UnknownModelError
from ossicle_elevenlabs import plugin
from ossicle_elevenlabs.catalogue import CATALOGUE


def test_what_is_announced() -> None:
    (spec,) = plugin.ossicle_register_providers()
    records = {one.model: one for one in plugin.ossicle_register_models()}
    assert spec.name == "elevenlabs"
    # A partial provider: two tasks, and no stand-in for the third.
    assert set(spec.default_models) == {"speak", "transcribe"}
    for task, model in spec.default_models.items():
        assert records[model].tasks == {task}
    assert spec.requires[0].fix == 'pip install "ossicle[elevenlabs]"'
    assert not spec.is_local


@pytest.mark.parametrize("record", CATALOGUE.capabilities(), ids=str)
def test_every_record_says_where_it_is_from(record: object) -> None:
    from ossicle.abc import Capabilities

    assert isinstance(record, Capabilities)
    assert len(record.source) > 20
    assert record.as_of >= datetime.date(2026, 11, 26)
    assert len(record.tasks) == 1
    if "speak" in record.tasks:
        assert record.max_text_chars
        assert record.streaming
    if record.successor is not None:
        assert not CATALOGUE.record(record.successor).capabilities.is_assumed


def test_a_price_that_was_not_read_is_unknown() -> None:
    known = CATALOGUE.record("eleven_flash_v2_5").capabilities.prices
    assert known is not None
    assert known.million_characters == 50
    assert CATALOGUE.record("scribe_v2").capabilities.prices is None
    assert CATALOGUE.record("eleven_v4").capabilities.prices is None


@pytest.mark.parametrize(("model", "task"), [("eleven_v9", "speak"), ("scribe_v9", "transcribe")])
def test_a_model_nobody_described_is_a_cautious_guess(model: str, task: str) -> None:
    record = CATALOGUE.record(model).capabilities
    assert record.is_assumed
    assert record.model == model
    assert record.tasks == {task}
    assert record.prices is None


@pytest.mark.parametrize("model", ["", "a b", "a/b", "x?y", "a" * 101, "ü"])
def test_names_that_cannot_be(model: str) -> None:
    with pytest.raises(UnknownModelError):
        CATALOGUE.record(model)


def test_announcing_imports_no_http_client() -> None:
    code = (
        "import sys, ossicle_elevenlabs.plugin as p; p.ossicle_register_providers(); "
        "p.ossicle_register_models(); "
        "sys.exit(any(name in sys.modules for name in ('httpx2', 'ssl', 'numpy')))"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()[-500:]
