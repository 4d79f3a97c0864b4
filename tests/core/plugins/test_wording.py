"""Reasons and fixes are one line each, whatever the plugin raised."""

from __future__ import annotations

import pytest

from ossicle.abc import Capabilities
from ossicle.errors import PluginLoadError
from ossicle.plugins.wording import fix_for, in_words


class MuteError(Exception):
    """An exception that cannot be put into words."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("first line\nsecond line"), "ValueError: first line"),
        (SystemExit(), "SystemExit"),
        (MuteError(), "MuteError"),
        (PluginLoadError("it is slow", plugin="a", fix="Wait."), "it is slow"),
    ],
)
def test_an_error_in_one_line(error: BaseException, words: str) -> None:
    assert in_words(error) == words


def test_long_words_are_cut() -> None:
    assert len(in_words(ValueError("x" * 5000))) < 250


def test_a_malformed_record_names_its_field() -> None:
    with pytest.raises(ValueError) as caught:
        Capabilities.model_validate({"provider": "a", "model": "b", "rows": {}, "source": "c"})
    assert in_words(caught.value) == "a malformed Capabilities: as_of: Field required"


def test_the_fix_names_a_package_that_is_missing_but_not_the_plugin_itself() -> None:
    missing = ModuleNotFoundError("no", name="torch.nn")
    assert "Install torch" in fix_for(missing, "acme.plugin")
    own = ModuleNotFoundError("no", name="acme.plugin")
    assert "report this" in fix_for(own, "acme.plugin:hooks")
    assert fix_for(PluginLoadError("a", plugin="a", fix="Wait."), "acme") == "Wait."
