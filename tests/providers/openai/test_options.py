from collections.abc import Mapping
from typing import Any

import pytest

from ossicle import rest
from ossicle.errors import ConfigurationError
from ossicle_openai.options import PROVIDER, CallOptions


def call_options(options: Mapping[str, Any]) -> CallOptions:
    return rest.call_options(CallOptions, options, provider=PROVIDER)


def test_options_with_and_without_the_providers_name() -> None:
    assert call_options({"openai": {"speed": 2}}) == call_options({"speed": 2})
    assert call_options({}).verbatim_tolerance == 0.1


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"bogus": "hidden"}, "bogus"),
        ({"speed": 5}, "speed"),
        ({"top_p": "hidden"}, "top_p"),
        ({"openai": {"store": "hidden"}}, "store"),
        ({"known_speakers": {str(n): "hidden" for n in range(5)}}, "known_speakers"),
    ],
)
def test_wrong_options_are_named_and_their_values_are_not(
    options: dict[str, object], name: str
) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        call_options(options)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "hidden"}, {"host": "hidden"}, {"x y": "hidden"}, {"x": "hid\r\nden: 1"}],
)
def test_headers_that_are_not_a_calls_to_set_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="headers") as caught:
        call_options({"headers": headers})
    assert "hid" not in str(caught.value)
