"""Names in a path stay names: they choose no other endpoint."""

from __future__ import annotations

from urllib.parse import unquote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import ConfigurationError
from ossicle.rest import Outgoing, json_body, path_segment

NAMES = st.text(max_size=12) | st.text(st.sampled_from("./%2eE\\?#"), max_size=6)


@given(NAMES)
def test_a_name_is_one_segment_wherever_it_goes(name: str) -> None:
    try:
        segment = path_segment(name, what="voice")
    except ConfigurationError:
        assert not name or unquote(name) in (".", "..") or not name.isprintable()
        return
    path = httpx2.URL(f"http://127.0.0.1/v1/voices/{segment}/stream?x=1").raw_path
    assert path.startswith(b"/v1/voices/")
    assert path.endswith(b"/stream?x=1")
    assert path.count(b"/") == 4
    assert unquote(segment) == name


@pytest.mark.parametrize("path", ["/a/../b", "/a/./b", "/..", "/a/%2E%2e/b", "/a/.?x=1", "/.%2e/b"])
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match="segment of dots"):
        Outgoing(path=path, accept="*/*", body=json_body({}))


@pytest.mark.parametrize("path", ["/a/..:b", "/a/...", "/a.b/c..", "/a?x=../b", "/a/%2f"])
def test_dots_within_a_name_are_taken(path: str) -> None:
    assert Outgoing(path=path, accept="*/*", body=json_body({})).path == path
