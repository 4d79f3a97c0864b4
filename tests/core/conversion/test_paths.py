"""The cheapest way over what is installed, or the name of what to install."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.abc import CodecRule, ConverterSpec, FormatConverter, Requirement
from ossicle.audio import AudioFormat
from ossicle.conversion.encoding import find_path, find_reader, find_writer, nearest_rate
from ossicle.errors import UnsupportedFormatError

HERE = Requirement(package="json")
NOT_HERE = Requirement(package="no_such_package_for_ossicle", extra="av", brings="AAC")
WAV = AudioFormat.named("wav")
MP3 = AudioFormat.named("mp3")
AAC = AudioFormat.named("aac")


def no_factory() -> FormatConverter:
    raise AssertionError("planning builds nothing")


def spec(
    name: str,
    *,
    reads: tuple[CodecRule, ...] = (),
    writes: tuple[CodecRule, ...] = (),
    requires: tuple[Requirement, ...] = (HERE,),
) -> ConverterSpec:
    return ConverterSpec(
        name=name, summary="", factory=no_factory, reads=reads, writes=writes, requires=requires
    )


def rule(form: AudioFormat, cost: float, **more: object) -> CodecRule:
    return CodecRule(
        container=form.container,
        encodings=(form.encoding,),
        cost=cost,
        **more,  # type: ignore[arg-type]
    )


def test_the_cheapest_reader_and_writer_are_taken() -> None:
    converters = [
        spec("dear", reads=(rule(MP3, 90),), writes=(rule(WAV, 1),)),
        spec("cheap", reads=(rule(MP3, 40),), writes=(rule(WAV, 5),)),
    ]
    path = find_path(MP3, WAV, converters)
    assert (path.decoder.name, path.encoder.name, path.cost) == ("cheap", "dear", 41)


@given(order=st.permutations(["b", "a", "c"]))
def test_equals_are_decided_by_name_whatever_the_order(order: list[str]) -> None:
    converters = [spec(name, reads=(rule(MP3, 7),)) for name in order]
    assert find_reader(MP3, converters).name == "a"


def test_what_misses_a_package_is_not_taken_however_cheap() -> None:
    converters = [
        spec("absent", reads=(rule(MP3, 1),), requires=(HERE, NOT_HERE)),
        spec("there", reads=(rule(MP3, 100),)),
    ]
    assert find_reader(MP3, converters).name == "there"


def test_the_extra_that_would_help_is_named() -> None:
    converters = [
        spec("absent", reads=(rule(AAC, 1),), writes=(rule(AAC, 1),), requires=(NOT_HERE,))
    ]
    with pytest.raises(UnsupportedFormatError) as caught:
        find_reader(AAC, converters)
    assert caught.value.extra == "av"
    assert 'pip install "ossicle[av]"' in str(caught.value)
    assert "reads adts/aac" in str(caught.value)
    with pytest.raises(UnsupportedFormatError, match="writes adts/aac"):
        find_writer(AAC, converters)


def test_what_nobody_knows_names_no_extra() -> None:
    with pytest.raises(UnsupportedFormatError) as caught:
        find_reader(AAC, [spec("other", reads=(rule(MP3, 1),))])
    assert caught.value.extra is None


def test_an_incremental_writer_is_preferred_when_asked_for_and_only_then() -> None:
    converters = [
        spec("whole", writes=(rule(MP3, 1),)),
        spec("flowing", writes=(rule(MP3, 9, is_incremental=True),)),
    ]
    assert find_writer(MP3, converters).name == "whole"
    assert find_writer(MP3, converters, incremental=True).name == "flowing"
    assert find_writer(MP3, converters[:1], incremental=True).name == "whole"


def test_a_writer_of_too_few_channels_is_passed_over() -> None:
    converters = [
        spec("stereo", writes=(rule(MP3, 1, max_channels=2),)),
        spec("any", writes=(rule(MP3, 9),)),
    ]
    assert find_writer(MP3.at(channels=2), converters).name == "stereo"
    assert find_writer(MP3.at(channels=6), converters).name == "any"


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        (8000, 8000),
        (11_025, 12_000),
        (22_050, 24_000),
        (44_100, 48_000),
        (96_000, 48_000),
        (1, 8000),
    ],
)
def test_the_nearest_rate_loses_no_treble_where_it_can(wish: int, found: int) -> None:
    opus = CodecRule(container="ogg", sample_rates=(48_000, 24_000, 16_000, 12_000, 8000))
    assert nearest_rate(opus, wish) == found


def test_any_rate_is_kept_where_all_are_taken() -> None:
    assert nearest_rate(CodecRule(container="wav"), 12_345) == 12_345
