"""The first-party converters pass their suite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.conformance import written

from ossicle.abc import ConverterSpec
from ossicle.audio import AudioClip, Pcm
from ossicle.intake.plugin import ossicle_register_converters as pcm
from ossicle.plugins.host import missing
from ossicle_av.plugin import ossicle_register_converters as av
from ossicle_lame.plugin import ossicle_register_converters as lame
from ossicle_pydub.plugin import ossicle_register_converters as pydub
from ossicle_soundfile.plugin import ossicle_register_converters as soundfile
from ossicle_testing.conformance import ConverterConformance

Clip = AudioClip | tuple[AudioClip, Pcm]
DATA = Path(__file__).parents[1] / "data"


def only(register: Any) -> ConverterSpec:
    specs: Sequence[ConverterSpec] = register()
    [spec] = specs
    if missing(spec.requires):
        pytest.skip(f"not installed: {spec.name}")
    return spec


class TestPcm(ConverterConformance):
    @pytest.fixture
    def spec(self) -> ConverterSpec:
        return only(pcm)

    @pytest.fixture
    def clips(self, spec: ConverterSpec) -> Sequence[Clip]:
        return list(written.by_soundfile(spec.reads))


class TestSoundfile(ConverterConformance):
    @pytest.fixture
    def spec(self) -> ConverterSpec:
        return only(soundfile)

    @pytest.fixture
    def clips(self, spec: ConverterSpec) -> Sequence[Clip]:
        return [*written.by_soundfile(spec.reads), written.layer_two(), written.layer_one()]


def found(*names: str) -> Sequence[AudioClip]:
    return [AudioClip.from_path(DATA / name) for name in names]


class TestAv(ConverterConformance):
    exceptions = {
        "test_writing_opens_nothing": "MP4 passes through a temporary file without a name, as its "
        "index must stand first"
    }

    @pytest.fixture
    def spec(self) -> ConverterSpec:
        return only(av)

    @pytest.fixture
    def clips(self, spec: ConverterSpec) -> Sequence[Clip]:
        recorded = found(
            "aac-adts.aac", "ac3.ac3", "amr-nb.amr", "m4a-moov-last-edit-list.m4a",
            "ogg-chained-opus.ogg", "webm-mediarecorder-mono.webm", "wma.wma",
        )  # fmt: skip
        made: list[Clip] = [written.aac_in_caf(), written.layer_one(), written.amr_wideband()]
        return [*recorded, *written.by_av(spec.reads), *made]


class TestLame(ConverterConformance):
    @pytest.fixture
    def spec(self) -> ConverterSpec:
        return only(lame)


class TestPydub(ConverterConformance):
    exceptions = {"test_memory_is_constant": "an AudioSegment holds the whole audio in memory"}

    @pytest.fixture
    def spec(self) -> ConverterSpec:
        return only(pydub)
