from __future__ import annotations

import csv
from pathlib import Path

import pytest
import soundfile
from tests.core.validators.evidence import evidence_of

from ossicle.abc import ValidationContext, ValidatorSpec
from ossicle.validators.plugin import ossicle_register_validators


def specs() -> list[ValidatorSpec]:
    return list(ossicle_register_validators())


def test_each_validator_bears_the_name_it_is_announced_by() -> None:
    names = [spec.name for spec in specs()]
    assert names == [spec.factory().name for spec in specs()]
    assert len(set(names)) == len(names)
    assert {"duration", "size", "silence", "level", "clipping", "format"} <= set(names)


def speech_files(folder: Path) -> list[Path]:
    """Every file marked as valid that holds speech, by the manifest."""
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    named = [
        row["path"]
        for row in rows
        if row["status"] == "valid"
        and not row["path"].startswith("made/loudness")
        and "silence" not in row["path"]
    ]
    readable = {".wav", ".flac", ".mp3", ".ogg", ".aiff", ".opus"}
    return [folder / name for name in named if Path(name).suffix in readable]


def test_no_valid_speech_is_refused(shared_audio: Path) -> None:
    refused = {}
    files = speech_files(shared_audio)
    assert len(files) >= 15
    for path in files:
        samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
        evidence = evidence_of(samples, sample_rate=sample_rate)
        errors = [
            finding.message
            for spec in specs()
            for finding in spec.factory().validate(evidence, ValidationContext())
            if finding.severity == "error"
        ]
        if errors:
            refused[path.name] = errors
    assert refused == {}


def test_the_silent_file_is_refused(shared_audio: Path) -> None:
    samples, sample_rate = soundfile.read(
        shared_audio / "made" / "tricky" / "silence.wav", dtype="float32", always_2d=True
    )
    evidence = evidence_of(samples, sample_rate=sample_rate)
    found = [
        finding.code
        for spec in specs()
        for finding in spec.factory().validate(evidence, ValidationContext())
        if finding.severity == "error"
    ]
    assert found == ["silence"]


@pytest.mark.parametrize("spec", specs(), ids=lambda spec: str(spec.name))
def test_each_has_a_line_for_listings(spec: ValidatorSpec) -> None:
    assert spec.summary.endswith(".")
    assert len(spec.summary) < 60
