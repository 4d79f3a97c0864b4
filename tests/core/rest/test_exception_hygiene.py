"""Exceptions lead neither to requests, whose headers hold the key, nor to replies."""

from __future__ import annotations

import json

import anyio
import httpx2
import openai
import pytest

from ossicle.errors import ConfigurationError, OssicleError
from ossicle.rest import (
    Endpoint,
    EndpointClient,
    Failures,
    Outgoing,
    RestOptions,
    json_body,
    stripped,
)
from ossicle.rest.settings import checked_options
from ossicle_testing.conformance.provider.reachable_objects import causes_of, place_of
from ossicle_testing.vendors.dead_endpoints import refusing_url

KEY = "canary-0123456789"
REQUEST = httpx2.Request("POST", "http://127.0.0.1/", headers={"xi-api-key": KEY})


def places(error: BaseException) -> list[str]:
    return [place for one in causes_of(error) if (place := place_of(KEY, one)) is not None]


def json_error() -> ValueError:
    return json.JSONDecodeError("no JSON", f"<p>{KEY}</p>", 0)


def unicode_error() -> UnicodeError:
    return UnicodeDecodeError("utf-8", b"\xff" + KEY.encode(), 0, 1, "invalid start byte")


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ConnectError("refused", request=REQUEST),
        httpx2.HTTPStatusError("500", request=REQUEST, response=httpx2.Response(500)),
        openai.APIConnectionError(request=REQUEST),
        openai.APIStatusError(
            "no", response=httpx2.Response(400, request=REQUEST), body={"said": KEY}
        ),
        json_error(),
        unicode_error(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_nothing_that_was_sent_or_came_is_reached_from_a_stripped_exception(
    error: Exception,
) -> None:
    said = str(error)
    assert places(error), "the test has nothing to find"
    assert stripped(error) is error
    assert not places(error)
    assert repr(error)
    assert isinstance(error, UnicodeError) or str(error) == said


def test_causes_contexts_and_groups_are_stripped_too() -> None:
    cause, context = httpx2.ReadError("a", request=REQUEST), httpx2.ReadError("b", request=REQUEST)
    member = httpx2.ReadError("c", request=REQUEST)
    group = ExceptionGroup("several", [member])
    group.__cause__, group.__context__ = cause, context
    cause.__context__ = group  # a circle ends too
    stripped(group)
    for one in (cause, context, member):
        assert place_of(KEY, one) is None


def test_a_failed_connection_does_not_lead_to_the_key() -> None:
    async def main(url: str) -> OssicleError:
        endpoint = Endpoint(
            provider="acme", base_url=url, options=RestOptions(), key=KEY, key_header="xi-api-key"
        )
        link = EndpointClient(endpoint, failures=Failures(provider="acme"))
        outgoing = Outgoing(path="/speak", accept="*/*", body=json_body({}))
        try:
            await link.send(outgoing, lambda refusal: OssicleError("refused"))
        except OssicleError as error:
            return error
        finally:
            await link.aclose()
        raise AssertionError("somebody answered")

    with refusing_url() as url:
        error = anyio.run(main, url)
    assert isinstance(error.__cause__, httpx2.ConnectError)
    assert not places(error)


def test_a_wrong_option_does_not_lead_to_the_others() -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked_options(
            RestOptions,
            {"headers": {"key": KEY}, "no_such_option": KEY},
            where="options", provider="acme",
        )  # fmt: skip
    assert list(causes_of(caught.value)) == [caught.value]
    assert not places(caught.value)
