from __future__ import annotations

from ossicle.rest import language_code, language_tag


def test_languages_between_two_standards() -> None:
    assert [language_tag(code) for code in ("eng", "zho", "en", "yue", "ENG")] == [
        "en", "zh", "en", "yue", "en",
    ]  # fmt: skip
    tags = ("en", "de-AT", "zh_Hant", "yue")
    assert [language_code(tag) for tag in tags] == ["en", "de", "zh", "yue"]
