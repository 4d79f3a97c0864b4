import pytest

from ossicle.rest import http_date_s
from ossicle.rest.retry_after import LONGEST_S
from ossicle_openai.retry_after import retry_after_s

NOW = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:47 GMT"}, 10.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:27 GMT"}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "1" + "0" * 35}, LONGEST_S),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "121"}, 121.0),
        ({"retry-after": "next tuesday"}, None),
        ({"retry-after": "9" * 500}, None),
        ({"retry-after": "Sun, 06 Nov 99999 08:49:47 GMT"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, LONGEST_S),
    ],
)
def test_every_form(headers: dict[str, str], wait: float | None) -> None:
    assert retry_after_s(headers, now_s=NOW) == wait


def test_dates() -> None:
    assert http_date_s("Sun, 06 Nov 1994 08:49:37 GMT") == NOW
    for text in ("", "x", "Sun, 99 Nov 1994 08:49:37 GMT", "x" * 1000):
        assert http_date_s(text) is None
