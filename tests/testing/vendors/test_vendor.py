from __future__ import annotations

import http.client
from contextlib import closing

import pytest

from ossicle.errors import ConfigurationError
from ossicle_testing.vendors import (
    FakeVendor,
    RefusedError,
    Request,
    Response,
    SpeechModels,
    json_response,
)


def route(request: Request) -> Response:
    if request.body == b"no":
        raise RefusedError(json_response({"why": "no"}, status=409))
    if request.body == b"break":
        raise KeyError("a mistake in the script")
    return Response(body=b"yes", executed=True)


def post(vendor: FakeVendor, body: bytes) -> tuple[int, bytes]:
    server = vendor
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=10)) as client:
        client.request("POST", "/v1/ask", body=body)
        answer = client.getresponse()
        return answer.status, answer.read()


def made() -> FakeVendor:
    return FakeVendor({("POST", "/v1/ask"): route}, prefix="/v1")


def test_a_route_answers_or_refuses() -> None:
    with made() as vendor:
        assert vendor.base_url == f"{vendor.url}/v1"
        assert post(vendor, b"x") == (200, b"yes")
        assert post(vendor, b"no")[0] == 409
        assert [entry.executed for entry in vendor.ledger.entries] == [True, False]
        assert not vendor.failures
    vendor.close()
    with pytest.raises(ConfigurationError, match="started before"):
        vendor.start()


def test_a_broken_script_is_no_passing_test() -> None:
    with pytest.raises(KeyError, match="a mistake"), made() as vendor:
        assert post(vendor, b"break")[0] == 500


def test_what_came_can_be_watched_by_several() -> None:
    with made() as vendor:
        post(vendor, b"before")
        with vendor.watching() as all_of_it:
            with vendor.watching() as first:
                post(vendor, b"one")
            post(vendor, b"two")
        post(vendor, b"after")
    assert [one.body for one in first] == [b"one"]
    assert [one.body for one in all_of_it] == [b"one", b"two"]


def test_a_studio_is_repeatable() -> None:
    one, other = SpeechModels(seed=4), SpeechModels(seed=4)
    assert one.hear(one.say("Grüß Gott"), 24_000) == "Grüß Gott"
    assert [one.new_id("r_", digits=8) for _ in range(3)] == [
        other.new_id("r_", digits=8) for _ in range(3)
    ]
    assert one.draw().random() == other.draw().random()
